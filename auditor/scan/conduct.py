"""One scan from its plan to its verdict; the order here is what makes the evidence worth something."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata

from auditor import __version__
from auditor.error import AuditorError
from auditor.ledger import Ledger
from auditor.ledger.panel import read_panel
from auditor.policy.evaluate import evaluate
from auditor.policy.spec import PolicyPack, load_policy
from auditor.policy.waiver import Waiver, load_waivers
from auditor.probe.protocol import Forecasting, Method
from auditor.probe.registry import method
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.scan import Environment, Plan, PlannedProbe, Scan
from auditor.record.subject import Role
from auditor.scan.advice import advise
from auditor.scan.agenda import leaves_labels, probes_of
from auditor.scan.calibration_file import read_calibration
from auditor.scan.cast import Cast, assemble
from auditor.scan.inquiry import Inquiry
from auditor.scan.listener import Listener, Silent
from auditor.scan.plan_file import PlanFile
from auditor.scan.ratio_findings import weighed
from auditor.scan.weighing import Weighing, weighing_for
from auditor.target.protocol import Target

_PACKAGES = ("torch", "transformers", "numpy", "scipy", "pydantic", "sqlite-utils", "cel-expr-python")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """A plan with all that is needed to carry it out.

    Attributes:
        plan: What will be sealed before the first question.
        probes: The probes of the plan, in its order.
        targets: How to ask the plan's subjects, by digest; one without speaks through recorded answers only.
        policy: What the findings are judged by.
        waivers: What is waived.
        weighing: How all methods are weighed together; None where they are not.
        device: Where models run, for the record.
    """

    plan: Plan
    probes: Sequence[ProbeSpec]
    targets: Mapping[str, Target]
    policy: PolicyPack
    waivers: Sequence[Waiver]
    weighing: Weighing | None
    device: str


def conduct(wanted: PlanFile, ledger: Ledger, listener: Listener | None = None) -> Scan:
    """Open who takes part, then ask, measure and judge as the user wants it.

    Raises:
        UsageError: If the plan cannot be carried out as written.
        TargetError: If a model cannot be asked; everything answered so far is kept.
        LedgerError: If evidence cannot be written.
    """
    follower = listener or Silent()
    specs = probes_of(wanted)
    pack = load_policy(wanted.policy)
    waivers = load_waivers(wanted.waivers) if wanted.waivers else ()
    calibration = read_calibration(wanted.calibration) if wanted.calibration else None
    panels = [read_panel(path) for path in wanted.panels]
    cast = assemble(wanted, panels, ledger, follower, judged=any(leaves_labels(spec) for spec in specs))
    weighing = weighing_for(calibration, cast.subjects, specs) if calibration else None
    for panel in panels:
        ledger.import_observations(panel.path.name, panel.digest, panel.subjects, panel.observations)
    commission = Commission(
        plan=_plan(wanted, cast, specs, pack, weighing),
        probes=specs,
        targets=cast.targets,
        policy=pack,
        waivers=waivers,
        weighing=weighing,
        device=wanted.access.device,
    )
    return carry_out(commission, ledger, follower)


def carry_out(commission: Commission, ledger: Ledger, follower: Listener) -> Scan:
    """Seal the plan, ask, append, measure and judge; then read the scan back from the ledger alone.

    Raises:
        TargetError: If a model cannot be asked; everything answered so far is kept.
        LedgerError: If evidence cannot be written.
    """
    probes = [(spec, method(spec.file.method)) for spec in commission.probes]
    handle = ledger.begin(commission.plan, environment(commission.device))
    if handle.resumed:
        follower.note(f"run {handle.run} goes on where it stood")
    plan = handle.plan
    inquiry = Inquiry(handle.run, ledger, plan.subjects, commission.targets, plan.seed, follower)
    applicable = [
        (spec, chosen)
        for spec, chosen in probes
        if serves(spec, inquiry.seen) and not unmet_needs(chosen, inquiry.seen)
    ]
    for spec, chosen in applicable:
        if isinstance(chosen, Forecasting):
            for sentence in chosen.forecast(spec, inquiry.seen):
                follower.note(f"{spec.id}: {sentence}")
    failed = inquiry.converse(applicable)
    follower.stage("Measuring")
    findings = [one for spec, chosen in probes for one in measured(spec, chosen, inquiry.seen, failed)]
    if commission.weighing is not None:
        findings += weighed(commission.weighing, plan, findings)
    today = datetime.now(UTC).date()
    verdict = evaluate(commission.policy, plan, findings, waivers=commission.waivers, today=today)
    for one in verdict.waivers:
        follower.note(f"waiver of {one.rule}: {one.status}, {one.note or one.summary}")
    ledger.conclude(
        handle.run,
        findings,
        verdict,
        advise(plan),
        asked=inquiry.asked,
        reused=inquiry.reused,
    )
    return ledger.scan(handle.run)


def _plan(
    wanted: PlanFile, cast: Cast, specs: Sequence[ProbeSpec], pack: PolicyPack, weighing: Weighing | None
) -> Plan:
    return Plan(
        subjects=cast.subjects,
        probes=(
            *(
                PlannedProbe(
                    probe=spec.id,
                    title=spec.file.title,
                    method=spec.file.method,
                    digest=spec.digest,
                    items=len(spec.items),
                )
                for spec in specs
            ),
            *(() if weighing is None else (weighing.planned,)),
        ),
        seed=secrets.randbits(32) if wanted.seed is None else wanted.seed,
        seed_origin="drawn" if wanted.seed is None else "given",
        policy=pack.name,
        policy_digest=pack.digest,
        declared_teachers=wanted.declared.teachers,
        declared_licence=wanted.declared.licence,
        tool_version=__version__,
    )


def environment(device: str) -> Environment:
    """Where this process runs, with the versions of what it computes with."""
    versions: list[tuple[str, str]] = []
    for package in _PACKAGES:
        try:
            versions.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            versions.append((package, "not installed"))
    return Environment(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        device=device,
        packages=tuple(versions),
    )


def serves(spec: ProbeSpec, seen: Observations) -> bool:
    """Whether a probe is made for the suspect's kind of model."""
    return seen.suspect.kind in spec.file.kinds


def unmet_needs(chosen: Method, seen: Observations) -> str:
    """Why a method cannot run on these subjects, or an empty string."""
    for role, access in chosen.needs.items():
        if seen.of_role(role, access):
            continue
        present = seen.of_role(role)
        if not present:
            return f"it needs a {role}, and none is named"
        deepest = max(present, key=lambda one: one.access)
        return f"it needs {access.label} of the {role}, and {deepest.name} gives {deepest.access.label}"
    return ""


def measured(
    spec: ProbeSpec, chosen: Method, seen: Observations, failed: dict[str, AuditorError]
) -> Sequence[Finding]:
    """Findings of one probe; whatever goes wrong in it becomes a finding and not a lost scan."""
    if not serves(spec, seen):
        reason = f"the suspect is of kind {seen.suspect.kind}, which this probe does not serve"
        return (_empty(spec, seen, Outcome.NOT_APPLICABLE, reason, "a suite made for this kind of model"),)
    missing = unmet_needs(chosen, seen)
    if missing:
        role = next(role for role, access in chosen.needs.items() if not seen.of_role(role, access))
        remedy = f"--{role} MODEL" if role is not Role.SUSPECT else "a deeper access to the suspect"
        return (_empty(spec, seen, Outcome.NOT_APPLICABLE, missing, remedy),)
    if spec.id in failed:
        return (_empty(spec, seen, Outcome.FAILED, str(failed[spec.id]), "mend the cause and scan again"),)
    try:
        return chosen.measure(spec, seen)
    except Exception as error:  # noqa: BLE001 - a crash in one method is evidence about that method only
        reason = f"{type(error).__name__}: {error}"
        return (_empty(spec, seen, Outcome.FAILED, reason, "report this as a defect of the method"),)


def _empty(spec: ProbeSpec, seen: Observations, outcome: Outcome, reason: str, decisive: str) -> Finding:
    return Finding(
        claim=spec.file.claim,
        probe=spec.id,
        method=spec.file.method,
        suspect=seen.suspect.digest,
        outcome=outcome,
        reason=" ".join(reason.split()),
        decisive=decisive,
    )
