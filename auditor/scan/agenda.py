"""What a plan asks: its probes, with the plan's own parameters, its log, and its rule for stopping."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditor import content
from auditor.error import ContentError, UsageError
from auditor.probe.benchmark.file import read_benchmarks
from auditor.probe.method.benchmark_evidence import BenchmarkEvidence
from auditor.probe.method.benchmark_twins import BenchmarkTwins
from auditor.probe.method.calibration_loss import CalibrationLoss
from auditor.probe.method.completion_recall import CompletionRecall
from auditor.probe.method.min_k_plus_plus import MinKPlusPlus
from auditor.probe.method.monoculture import Monoculture
from auditor.probe.method.option_slot_guess import OptionSlotGuess
from auditor.probe.method.order_test import OrderTest
from auditor.probe.method.pressure_retention import PressureRetention
from auditor.probe.method.refusal_retention import RefusalRetention
from auditor.probe.method.served_outputs import ServedOutputs
from auditor.probe.method.tail_loss import TailLoss
from auditor.probe.method.token_determinism import TokenDeterminism
from auditor.probe.prompts.file import read_prompts
from auditor.probe.protocol import parameters_of
from auditor.probe.registry import load_suites, method
from auditor.probe.served.file import read_rows
from auditor.probe.spec import ProbeSpec
from auditor.scan.plan_file import BENCHMARK_SUITE, PROMPTS_SUITE, PlanFile

#: Parameter of the methods that can stop as soon as the evidence suffices.
_STOP_AT = "stop_at"
#: Parameter of the methods that count kinds of answers.
_JUDGED_BY = "judged_by"
#: Methods that are about benchmarks of the user's own.
_ABOUT_BENCHMARKS = (
    BenchmarkTwins.name,
    OrderTest.name,
    MinKPlusPlus.name,
    TokenDeterminism.name,
    CompletionRecall.name,
    OptionSlotGuess.name,
    BenchmarkEvidence.name,
    Monoculture.name,
    CalibrationLoss.name,
    TailLoss.name,
)


def probes_of(wanted: PlanFile) -> tuple[ProbeSpec, ...]:
    """The probes of a plan, with the plan's own parameters in place of those of the files.

    Raises:
        ContentError: If a suite, probe or parameter is unknown or malformed.
        UsageError: If the log of served answers, a benchmark or a set of prompts cannot be read, or no probe
            is about one; if the plan is to stop early and no probe can.
    """
    specs = load_suites(wanted.asked_suites, (content.probes(), *wanted.probe_folders))
    known = {spec.id for spec in specs}
    stray = next((name for name in wanted.parameters if name not in known), None)
    if stray is not None:
        raise ContentError(f"parameters are given for '{stray}', which is not among the probes of this plan")
    if wanted.stop_at is not None and not any(_can_stop(spec) for spec in specs):
        raise UsageError(
            "the plan is to stop as soon as the evidence suffices, and none of its probes can",
            fix="add --suite lineage/served-outputs, or leave --stop-at away",
        )
    if wanted.served is not None:
        specs = _with_log(specs, wanted.served)
    if wanted.prompts:
        specs = _with_prompts(specs, wanted.prompts)
    if wanted.benchmarks:
        specs = _with_benchmarks(specs, wanted.benchmarks)
    return tuple(_adjusted(spec, wanted) for spec in specs)


def _with_log(specs: Sequence[ProbeSpec], path: Path) -> tuple[ProbeSpec, ...]:
    if not any(_about_log(spec) for spec in specs):
        raise UsageError(
            "a log of served answers is given, and no probe of this plan is about one",
            where=str(path),
            fix="add --suite lineage/served-outputs",
        )
    rows = read_rows(path)
    return tuple(spec.with_items(rows) if _about_log(spec) else spec for spec in specs)


def _with_benchmarks(specs: Sequence[ProbeSpec], locators: tuple[str, ...]) -> tuple[ProbeSpec, ...]:
    if not any(about_benchmarks(spec) for spec in specs):
        raise UsageError(
            "benchmarks are given, and no probe of this plan is about them",
            where=locators[0],
            fix=f"add --suite {BENCHMARK_SUITE}",
        )
    items = read_benchmarks(locators)
    return tuple(spec.with_items(items) if about_benchmarks(spec) else spec for spec in specs)


def _with_prompts(specs: Sequence[ProbeSpec], locators: tuple[str, ...]) -> tuple[ProbeSpec, ...]:
    if not any(about_prompts(spec) for spec in specs):
        raise UsageError(
            "sets of prompts are given, and no probe of this plan is about them",
            where=locators[0],
            fix=f"add --suite {PROMPTS_SUITE}",
        )
    items = read_prompts(locators)
    return tuple(spec.with_items(items) if about_prompts(spec) else spec for spec in specs)


def about_prompts(spec: ProbeSpec) -> bool:
    """Whether a probe is about prompts of the user's own: one of refusals that brings none."""
    return spec.file.method in (RefusalRetention.name, PressureRetention.name) and not spec.items


def about_benchmarks(spec: ProbeSpec) -> bool:
    """Whether a probe is about benchmarks of the user's own: one of these methods that brings no items."""
    return spec.file.method in _ABOUT_BENCHMARKS and not spec.items


def leaves_labels(spec: ProbeSpec) -> bool:
    """Whether a probe leaves it to the scan's judge what kind of answer a model gave."""
    parameters = parameters_of(spec, method(spec.file.method).parameters)
    return getattr(parameters, _JUDGED_BY, None) == "judge"


def _about_log(spec: ProbeSpec) -> bool:
    return spec.file.method == ServedOutputs.name


def _can_stop(spec: ProbeSpec) -> bool:
    return _STOP_AT in method(spec.file.method).parameters.model_fields


def _adjusted(spec: ProbeSpec, wanted: PlanFile) -> ProbeSpec:
    changes: dict[str, Any] = dict(wanted.parameters.get(spec.id, {}))
    if wanted.stop_at is not None and _can_stop(spec):
        changes.setdefault(_STOP_AT, wanted.stop_at)
    if not changes:
        return spec
    adjusted = spec.with_file(
        spec.file.model_copy(update={"parameters": {**spec.file.parameters, **changes}})
    )
    parameters_of(adjusted, method(spec.file.method).parameters)
    return adjusted
