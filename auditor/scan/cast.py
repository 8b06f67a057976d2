"""Who takes part in a scan: models opened by their locators, recorded panels, models the ledger knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from auditor.error import TargetError, UsageError
from auditor.ledger import Ledger
from auditor.ledger.panel import Panel
from auditor.record.subject import CLOSEST_FIRST, OF_A_TEACHER, Role, Stratum, Subject
from auditor.scan.judge.open import RULES, open_judge
from auditor.scan.listener import Listener
from auditor.scan.plan_file import ControlEntry, PlanFile, TwinEntry
from auditor.scan.population import admit_population
from auditor.scan.population_file import read_population
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions, Target

#: Roles that models known from the ledger may fill where the user names nobody for them.
_FROM_LEDGER = (Role.TEACHER, Role.CONTROL)


@dataclass(frozen=True)
class Cast:
    """Everyone in a scan.

    Attributes:
        subjects: In order: suspect, teachers, base, twins, controls, judge.
        targets: How to ask each of them, by digest; a subject without one speaks only through answers
            that the ledger already holds.
    """

    subjects: tuple[Subject, ...]
    targets: dict[str, Target]


def assemble(
    plan: PlanFile, panels: Iterable[Panel], ledger: Ledger, listener: Listener, *, judged: bool = False
) -> Cast:
    """Open everyone named in the plan, then add recorded controls and models known from the ledger.

    Args:
        plan: Whom the user named.
        panels: Recorded controls.
        ledger: Knows further models.
        listener: Who follows.
        judged: Whether a probe of the plan leaves the labels of answers to a judge.

    Raises:
        UsageError: If no suspect is named, or a teacher is the very same model as the suspect.
        TargetError: If a named model cannot be opened.
    """
    if not plan.suspect:
        raise UsageError("no suspect is named", fix="give MODEL-ID, or `suspect:` in the plan file")
    options = plan.access.options()
    subjects: dict[str, Subject] = {}
    targets: dict[str, Target] = {}

    def enter(
        role: Role,
        locator: str,
        stratum: Stratum | None = None,
        twin_of: tuple[str, ...] = (),
        related_to: tuple[tuple[str, Stratum], ...] = (),
    ) -> None:
        listener.stage(f"Opening {locator}")
        target = open_target(locator, options)
        subject = replace(_subject(target, role, locator, stratum), twin_of=twin_of, related_to=related_to)
        known = subjects.get(subject.digest)
        if known is not None and known.role is role and (twin_of or related_to):
            # One recipe can have made several of the candidates, and one model can relate to several.
            subjects[subject.digest] = replace(
                known,
                twin_of=(*known.twin_of, *twin_of),
                related_to=(*known.related_to, *related_to),
                stratum=_closer(known.stratum, stratum),
            )
            return
        if known is not None:
            _refuse_double(known, subject, listener)
            return
        subjects[subject.digest] = subject
        targets[subject.digest] = target

    enter(Role.SUSPECT, plan.suspect)
    for locator in plan.teachers:
        enter(Role.TEACHER, locator)
    if plan.base:
        enter(Role.BASE, plan.base)
    for twin in plan.twins:
        enter(Role.TWIN, twin.model, twin_of=(_original(twin, subjects.values()),))
    for control in plan.controls:
        enter(Role.CONTROL, control.model, control.stratum, related_to=_relation(control, subjects.values()))
    for panel in panels:
        for subject in panel.subjects:
            if subject.role is Role.CONTROL and subject.digest not in subjects:
                subjects[subject.digest] = subject
    if plan.population:
        admit_population(read_population(plan.population), options, subjects, targets, listener)
    if plan.from_ledger:
        _recall(ledger, options, subjects, targets, listener)
    if judged and plan.judge != RULES:
        listener.stage(f"Opening the judge {plan.judge}")
        judge = open_judge(plan.judge, replace(options, system_prompt=None))
        subject = _subject(judge, Role.JUDGE, plan.judge, None)
        subjects[subject.digest], targets[subject.digest] = subject, judge
    return Cast(_with_unique_names(subjects.values()), targets)


def _original(twin: TwinEntry, known: Iterable[Subject]) -> str:
    """Digest of the teacher that a twin belongs to.

    Raises:
        UsageError: If no such teacher takes part.
    """
    found = _teacher(twin.teacher, known)
    if found is None:
        raise UsageError(
            "a twin belongs to no candidate teacher",
            where=f"{twin.teacher}={twin.model}" if twin.teacher else twin.model,
            fix="name the teacher with --teacher, or write --twin TEACHER=MODEL with its locator",
        )
    return found.digest


def _relation(control: ControlEntry, known: Iterable[Subject]) -> tuple[tuple[str, Stratum], ...]:
    """With which teacher a control shares data or a family, and how; nothing where that is not known.

    Raises:
        UsageError: If it is said to share them with a teacher that takes no part.
    """
    teachers = [one for one in known if one.role is Role.TEACHER]
    if control.stratum not in OF_A_TEACHER or (control.teacher is None and len(teachers) != 1):
        return ()
    found = _teacher(control.teacher, teachers)
    if found is None:
        raise UsageError(
            "a control relates to no candidate teacher",
            where=f"{control.stratum}:{control.teacher}={control.model}",
            fix=f"name the teacher with --teacher, or write --control {control.stratum}=MODEL",
        )
    return ((found.digest, control.stratum),)


def _teacher(named: str | None, known: Iterable[Subject]) -> Subject | None:
    """The candidate with this locator or name; the first where none is named."""
    teachers = (one for one in known if one.role is Role.TEACHER)
    return next((one for one in teachers if named in (None, one.locator, one.name)), None)


def _closer(first: Stratum | None, second: Stratum | None) -> Stratum | None:
    """The stratum of the two that is closer to guilt."""
    return min((one for one in (first, second) if one is not None), key=CLOSEST_FIRST.index, default=None)


def _subject(target: Target, role: Role, locator: str, stratum: Stratum | None) -> Subject:
    known = target.description
    return Subject(
        role=role,
        name=known.name,
        locator=locator,
        digest=known.digest,
        access=known.access,
        kind=known.kind,
        revision=known.revision,
        tokenizer_digest=known.tokenizer_digest,
        stratum=stratum,
        details=known.details,
    )


def _refuse_double(first: Subject, second: Subject, listener: Listener) -> None:
    """One model can play one part: being both suspect and anything else would decide the outcome."""
    if Role.SUSPECT in (first.role, second.role):
        raise UsageError(
            f"the {second.role} is the very same model as the {first.role}: all digests agree",
            where=second.locator,
            fix="name another model; identical files need no audit to tell their ancestry",
        )
    listener.note(f"{second.locator} is the same model as {first.name} and takes part once, as {first.role}")


def _recall(
    ledger: Ledger,
    options: OpenOptions,
    subjects: dict[str, Subject],
    targets: dict[str, Target],
    listener: Listener,
) -> None:
    """Fill roles that nobody was named for with models that earlier scans have asked."""
    vacant = [role for role in _FROM_LEDGER if not any(one.role is role for one in subjects.values())]
    for known in ledger.known_subjects():
        if known.role not in vacant or known.digest in subjects:
            continue
        subjects[known.digest] = known
        listener.note(f"{known.name} takes part as {known.role}: the ledger knows it")
        try:
            target = open_target(known.locator, options)
            if target.description.digest == known.digest:
                targets[known.digest] = target
                continue
            reason = "other weights or settings are at its place now"
        except TargetError as error:
            reason = error.what
        listener.note(f"{known.name} speaks only through its recorded answers: {reason}")


def _with_unique_names(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    everyone = tuple(subjects)
    names = [one.name for one in everyone]
    return tuple(
        replace(one, name=f"{one.name} ({one.digest.removeprefix('sha256:')[:6]})")
        if names.count(one.name) > 1
        else one
        for one in everyone
    )
