"""The methods there are, as an explicit tuple, and the probes found in folders of content."""

from __future__ import annotations

from pathlib import Path

from auditor.error import ContentError
from auditor.probe.method.benchmark_evidence import BenchmarkEvidence
from auditor.probe.method.benchmark_twins import BenchmarkTwins
from auditor.probe.method.calibration_loss import CalibrationLoss
from auditor.probe.method.completion_recall import CompletionRecall
from auditor.probe.method.identity_claims import IdentityClaims
from auditor.probe.method.min_k_plus_plus import MinKPlusPlus
from auditor.probe.method.monoculture import Monoculture
from auditor.probe.method.noise_floor import NoiseFloor
from auditor.probe.method.option_slot_guess import OptionSlotGuess
from auditor.probe.method.order_test import OrderTest
from auditor.probe.method.output_agreement import OutputAgreement
from auditor.probe.method.pressure_retention import PressureRetention
from auditor.probe.method.reference_likelihood import ReferenceLikelihood
from auditor.probe.method.refusal_retention import RefusalRetention
from auditor.probe.method.served_outputs import ServedOutputs
from auditor.probe.method.shared_errors import SharedErrors
from auditor.probe.method.sibling_contrast import SiblingContrast
from auditor.probe.method.similarity_structure import SimilarityStructure
from auditor.probe.method.style_attribution import StyleAttribution
from auditor.probe.method.surprisal_residuals import SurprisalResiduals
from auditor.probe.method.tail_loss import TailLoss
from auditor.probe.method.text_likeness import TextLikeness
from auditor.probe.method.token_agreement import TokenAgreement
from auditor.probe.method.token_determinism import TokenDeterminism
from auditor.probe.method.trace_contamination import TraceContamination
from auditor.probe.method.twin_contrast import TwinContrast
from auditor.probe.method.twin_gap import TwinGap
from auditor.probe.method.weight_alignment import WeightAlignment
from auditor.probe.protocol import Method, parameters_of
from auditor.probe.spec import ProbeSpec, load_probe

METHODS: tuple[Method, ...] = (
    WeightAlignment(),
    ReferenceLikelihood(),
    SurprisalResiduals(),
    SiblingContrast(),
    TokenAgreement(),
    SharedErrors(),
    ServedOutputs(),
    TwinContrast(),
    TextLikeness(),
    StyleAttribution(),
    IdentityClaims(),
    NoiseFloor(),
    OutputAgreement(),
    SimilarityStructure(),
    RefusalRetention(),
    PressureRetention(),
    TwinGap(),
    BenchmarkTwins(),
    OrderTest(),
    Monoculture(),
    CalibrationLoss(),
    TailLoss(),
    MinKPlusPlus(),
    TokenDeterminism(),
    CompletionRecall(),
    OptionSlotGuess(),
    BenchmarkEvidence(),
    TraceContamination(),
)


def method(name: str) -> Method:
    """The method of this name.

    Raises:
        ContentError: If there is none.
    """
    for one in METHODS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in METHODS)
    raise ContentError(f"there is no method '{name}'", fix=f"use one of: {known}")


def suites(folders: tuple[Path, ...]) -> dict[str, tuple[str, ...]]:
    """Suites and their probes (``suite/probe-id``) in folders of content, in alphabetical order."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in folder.glob("*/*/probe.yaml"):
            found.setdefault(path.parts[-3], set()).add("/".join(path.parts[-3:-1]))
    return {suite: tuple(sorted(found[suite])) for suite in sorted(found)}


def load_suites(names: tuple[str, ...], folders: tuple[Path, ...]) -> tuple[ProbeSpec, ...]:
    """The probes of suites (``refusal``) or single probes (``refusal/refusal-retention``), validated.

    Later folders win over earlier ones, so that a user's own probe can replace a shipped one.

    Raises:
        ContentError: If a suite or probe is unknown or malformed, or names an unknown method.
    """
    known = suites(folders)
    probes: dict[str, None] = {}
    for name in names:
        wanted = known.get(name, tuple(probe for probe in known.get(name.split("/")[0], ()) if probe == name))
        if not wanted:
            raise ContentError(
                f"there is no suite or probe '{name}'",
                fix=f"use one of: {', '.join(known)} (see `auditor probes list`)",
            )
        probes.update(dict.fromkeys(wanted))
    return tuple(_validated(load_probe(_folder_of(probe, folders))) for probe in probes)


def _folder_of(probe: str, folders: tuple[Path, ...]) -> Path:
    return next(folder / probe for folder in reversed(folders) if (folder / probe / "probe.yaml").is_file())


def _validated(spec: ProbeSpec) -> ProbeSpec:
    chosen = method(spec.file.method)
    parameters_of(spec, chosen.parameters)
    if chosen.claim is not spec.file.claim:
        raise ContentError(
            f"method '{chosen.name}' speaks to the claim '{chosen.claim}', not '{spec.file.claim}'",
            where=f"{spec.id}/probe.yaml",
        )
    return spec
