"""Asking the models of a bundle again, by the very plan that was sealed.

Verifying a bundle shows that its conclusions follow from the answers in it. It cannot show that the models
gave these answers. For that somebody who holds the models puts the same questions to them again, on a
machine of their own, into a ledger of their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor import __version__
from auditor.attestation.bundle import CALIBRATION, SEAL, Bundle, unpack
from auditor.attestation.envelope import opened
from auditor.attestation.redaction import read_redaction
from auditor.attestation.statement import read_statement
from auditor.attestation.verify import sealed_evidence, sealed_rules
from auditor.digest import digest_bytes
from auditor.error import EvidenceIntegrityError, TargetError, UsageError
from auditor.ledger import Ledger
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Observation
from auditor.record.scan import Plan, Scan
from auditor.record.subject import Role, Subject
from auditor.scan.agreement import Agreement, agreement
from auditor.scan.calibration_file import read_calibration
from auditor.scan.conduct import Commission, carry_out
from auditor.scan.judge.open import open_judge
from auditor.scan.listener import Listener, Silent
from auditor.scan.weighing import METHOD, Weighing, weighing_for
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions, Target
from auditor.target.recorded import RecordedTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where the models of a bundle lie now; those that are not named are looked for where they lay.

    Attributes:
        locators: In any order. A model is recognised by its digest, not by its name or place.
        options: How to open them.
    """

    locators: tuple[str, ...] = ()
    options: OpenOptions = field(default_factory=OpenOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """A run, the run that repeats it, and what they have in common.

    Attributes:
        sealed: The run in the bundle.
        scan: The run that put the questions again.
        taken_over: Names of the subjects that are not at hand, whose answers were taken from the bundle.
        recordings: Names of those that were read again from their recordings, which shows nothing of a model.
        agreement: The two side by side, of the answers of live models.
    """

    sealed: Scan
    scan: Scan
    taken_over: tuple[str, ...]
    recordings: tuple[str, ...]
    agreement: Agreement


def replicate(
    path: Path,
    key: Path,
    where: Whereabouts,
    ledger: Ledger,
    *,
    seed: int | None = None,
    listener: Listener | None = None,
) -> Replication:
    """Put the questions of a bundle again and compare.

    Args:
        path: The bundle.
        key: Public key of who sealed it.
        where: Where its models lie.
        ledger: Where the new answers go; it must hold none of these models, or they would not be asked.
        seed: Seed of other items and draws than those that were sealed; the same ones without it.
        listener: Who follows.

    Raises:
        EvidenceIntegrityError: If the bundle is not as it was sealed.
        UsageError: If the suspect is not at hand, a model that is named belongs to nobody in the bundle, what
            was asked is withheld, or the ledger holds answers already.
        TargetError: If a model cannot be asked; everything answered so far is kept.
    """
    follower = listener or Silent()
    bundle = unpack(path)
    sealed = read_statement(opened(bundle[SEAL], key))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as afterwards:
        room = Path(folder)
        before, _ = sealed_evidence(bundle, sealed, read_redaction(bundle), room)
        pack, waivers = sealed_rules(bundle, sealed, before, room)
        specs = _specs(bundle, before.plan)
        targets = _opened(before.plan.subjects, where, follower, afterwards)
        subjects = tuple(_found_at(one, targets) for one in before.plan.subjects)
        plan = replace(
            before.plan,
            subjects=subjects,
            seed=before.plan.seed if seed is None else seed,
            seed_origin="given",
            tool_version=__version__,
        )
        absent = [one for one in subjects if one.digest not in targets]
        _refuse_known(ledger, plan, targets)
        taken = _answers_of(before, absent)
        ledger.import_observations(path.name, digest_bytes(path.read_bytes()), absent, taken)
        commission = Commission(
            plan=plan,
            probes=specs,
            targets={digest: target for digest, (_, target) in targets.items()},
            policy=pack,
            waivers=waivers,
            weighing=_weighing(bundle, plan, specs, room),
            device=where.options.device,
        )
        after = carry_out(commission, ledger, follower)
    live = frozenset(key for key, (_, target) in targets.items() if not isinstance(target, RecordedTarget))
    return Replication(
        sealed=before,
        scan=after,
        taken_over=tuple(one.name for one in absent),
        recordings=tuple(one.name for one in subjects if one.digest in targets.keys() - live),
        agreement=agreement(before, after, live),
    )


def _specs(bundle: Bundle, plan: Plan) -> tuple[ProbeSpec, ...]:
    known = bundle.probes()
    planned = [one for one in plan.probes if one.method != METHOD]
    for one in planned:
        if one.digest not in known:
            raise UsageError(
                f"the content of probe {one.probe} is not in the bundle, so it cannot be asked again",
                where=one.digest,
                fix="ask for the bundle with nothing withheld",
            )
    return tuple(known[one.digest] for one in planned)


def _weighing(bundle: Bundle, plan: Plan, specs: Sequence[ProbeSpec], room: Path) -> Weighing | None:
    if not any(one.method == METHOD for one in plan.probes):
        return None
    (room / CALIBRATION).write_bytes(bundle[CALIBRATION])
    weighing = weighing_for(read_calibration(room / CALIBRATION), plan.subjects, specs)
    if weighing.planned not in plan.probes:
        raise EvidenceIntegrityError("the calibration is not the one that the plan names", where=CALIBRATION)
    return weighing


def _opened(
    subjects: Sequence[Subject], where: Whereabouts, follower: Listener, afterwards: ExitStack
) -> dict[str, tuple[str, Target]]:
    """Locator and target of every subject that is at hand, by digest; ``afterwards`` closes what was opened.

    Raises:
        UsageError: If a named model is none of the subjects, or the suspect is not at hand.
    """
    by_digest = {one.digest: one for one in subjects}
    found: dict[str, tuple[str, Target]] = {}
    for locator in where.locators:
        follower.stage(f"Opening {locator}")
        target = open_target(locator, where.options)
        afterwards.callback(target.close)
        digest = target.description.digest
        if digest not in by_digest:
            raise UsageError(
                f"this is none of the models that were asked: its digest is {digest}",
                where=locator,
                fix=f"the bundle is about {_named(subjects)}; mind --dtype and --system-prompt as well",
            )
        found[digest] = locator, target
    for one in subjects:
        if one.digest in found:
            continue
        follower.stage(f"Opening {one.locator}")
        lies, reason = _tried(one, where.options, afterwards)
        if lies is not None:
            found[one.digest] = one.locator, lies
        elif one.role is Role.SUSPECT:
            raise UsageError(
                f"the suspect {one.name} is not at hand: {reason}",
                where=one.locator,
                fix=f"name where it lies now; its digest is {one.digest}",
            )
        else:
            follower.note(f"{one.name} speaks only through its answers in the bundle: {reason}")
    return found


def _tried(subject: Subject, options: OpenOptions, afterwards: ExitStack) -> tuple[Target | None, str]:
    """What lies where a subject lay, or why it is not that subject."""
    try:
        if subject.role is Role.JUDGE:
            target = open_judge(subject.locator, replace(options, system_prompt=None))
        else:
            target = open_target(subject.locator, options)
        afterwards.callback(target.close)
        if target.description.digest == subject.digest:
            return target, ""
    except (TargetError, UsageError) as error:
        return None, error.what
    return None, "other weights or settings are at its place now"


def _named(subjects: Iterable[Subject]) -> str:
    return ", ".join(
        f"{one.name} ({one.role}, {one.digest})" for one in subjects if one.role is not Role.JUDGE
    )


def _found_at(subject: Subject, targets: dict[str, tuple[str, Target]]) -> Subject:
    if subject.digest not in targets:
        return subject
    return replace(subject, locator=targets[subject.digest][0])


def _answers_of(scan: Scan, subjects: Sequence[Subject]) -> list[Observation]:
    absent = {one.digest for one in subjects}
    return [
        Observation(
            subject_digest=subject, request_digest=request, request=scan.requests[request], answer=answer
        )
        for (subject, request), answer in scan.observations.answers.items()
        if subject in absent
    ]


def _refuse_known(ledger: Ledger, plan: Plan, targets: dict[str, tuple[str, Target]]) -> None:
    """A model whose answers the ledger holds would not be asked, and its old answers agree with themselves.

    Answers of an unfinished run of the same replication are those of this very run, which goes on.
    """
    if any(ledger.holds(digest) for digest in targets) and not ledger.goes_on(plan):
        raise UsageError(
            "the ledger holds answers of these models already, which would not be asked again",
            where=str(ledger.path),
            fix="write to another with --ledger FILE",
        )
