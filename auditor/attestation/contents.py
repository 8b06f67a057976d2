"""What a run was asked and judged by, found again by the digests in its plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from auditor import content
from auditor.attestation.bundle import CALIBRATION, POLICY, WAIVERS, probe_members
from auditor.error import UsageError
from auditor.policy.spec import PolicyPack, load_policy
from auditor.probe.benchmark.file import read_benchmarks
from auditor.probe.method.served_outputs import ServedOutputs
from auditor.probe.prompts.file import read_prompts
from auditor.probe.registry import load_suites, suites
from auditor.probe.served.file import read_rows
from auditor.probe.spec import ProbeSpec
from auditor.record.scan import Plan
from auditor.scan.agenda import about_benchmarks, about_prompts, probes_of
from auditor.scan.plan_file import PlanFile
from auditor.scan.weighing import METHOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the contents of a run lie, beside those that come with the tool.

    Attributes:
        plan: The plan file that it was scanned with.
        served: The log of served answers.
        benchmarks: The files of test items, in the order in which they were given.
        prompts: The sets of prompts, likewise.
        policy: Its policy pack, by name or file.
        waivers: The file of its waivers.
        calibration: The calibration of its likelihood ratios.
    """

    plan: PlanFile | None = None
    served: Path | None = None
    benchmarks: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    policy: str | None = None
    waivers: Path | None = None
    calibration: Path | None = None


def members_of(plan: Plan, sources: Sources) -> dict[str, bytes]:
    """Members of a bundle: probes, policy, and where the run had them waivers and calibration.

    Raises:
        UsageError: If something with the digest that the plan names is not at hand.
    """
    members = probe_members(probes_asked(plan, sources))
    members[POLICY] = policy_of(plan, sources).path.read_bytes()
    weighed = any(one.method == METHOD for one in plan.probes)
    calibration = sources.calibration or (sources.plan.calibration if sources.plan else None)
    if weighed and calibration is None:
        raise UsageError(
            "the run states likelihood ratios, and its calibration is not named", fix="--calibration FILE"
        )
    for name, path in ((WAIVERS, waivers_of(sources)), (CALIBRATION, calibration if weighed else None)):
        if path is not None:
            members[name] = _read(path)
    return members


def probes_asked(plan: Plan, sources: Sources) -> tuple[ProbeSpec, ...]:
    """The probes of a plan as they were asked, in its order.

    Raises:
        UsageError: If one with the digest that the plan names is not at hand.
    """
    known = {spec.digest: spec for spec in _candidates(sources)}
    probes: list[ProbeSpec] = []
    for planned in plan.probes:
        if planned.method == METHOD:
            continue
        if planned.digest not in known:
            raise UsageError(
                f"the content of probe {planned.probe} as it was asked is not at hand",
                where=planned.digest,
                fix="name what it was scanned with: --plan FILE, --served LOG, --benchmark FILE or "
                "--prompts FILE",
            )
        probes.append(known[planned.digest])
    return tuple(probes)


def waivers_of(sources: Sources) -> Path | None:
    """The file of waivers that the run was judged with, where one is named."""
    return sources.waivers or (sources.plan.waivers if sources.plan else None)


def _candidates(sources: Sources) -> Iterable[ProbeSpec]:
    folders = (content.probes(),)
    yield from (shipped := load_suites(tuple(suites(folders)), folders))
    if sources.plan is not None:
        yield from probes_of(sources.plan)
    if sources.served is not None:
        rows = read_rows(sources.served)
        yield from (spec.with_items(rows) for spec in shipped if spec.file.method == ServedOutputs.name)
    if sources.benchmarks:
        items = read_benchmarks(sources.benchmarks)
        yield from (spec.with_items(items) for spec in shipped if about_benchmarks(spec))
    if sources.prompts:
        items = read_prompts(sources.prompts)
        yield from (spec.with_items(items) for spec in shipped if about_prompts(spec))


def policy_of(plan: Plan, sources: Sources) -> PolicyPack:
    """The policy pack that a plan names.

    Raises:
        UsageError: If the pack of that name is another one now.
    """
    named = sources.policy or (sources.plan.policy if sources.plan else plan.policy)
    pack = load_policy(named)
    if pack.digest != plan.policy_digest:
        raise UsageError(
            f"the policy pack {pack.name} is not the one that the run was judged by",
            where=str(pack.path),
            fix="name the file of that pack with --policy",
        )
    return pack


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}", where=str(path)) from error
