"""Lineups: one suspect of a population with the candidates, base, twins and controls of one scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim
from auditor.record.subject import CLOSEST_FIRST, OF_A_TEACHER, Kind, Role, Stratum, Subject
from auditor.validation.experiment.truth import TRAITS
from auditor.zoo.recipe import Part
from auditor.zoo.register import Member, Register

#: Parts whose members can be suspects, and those whose members are innocent.
SUSPECTS = (Part.STUDENT, Part.DERIVED, Part.INNOCENT, Part.CONTROL)
INNOCENTS = (Part.INNOCENT, Part.CONTROL)


class Scenario(StrEnum):
    """What the auditor has at hand.

    ``closed``: every teacher is a candidate, every innocent of all of them a control. ``open``: the
    suspect's teachers, and what is theirs, are not among the candidates, so that to name anybody is
    wrong. ``no-same-data``: as closed, but no control shares data with a candidate. ``shuffled``: an
    innocent suspect, with a random half of the other innocents as controls. ``served``: the log of what a
    teacher served for one student, and a suspect that may be that student or not.
    """

    CLOSED = "closed"
    OPEN = "open"
    NO_SAME_DATA = "no-same-data"
    SHUFFLED = "shuffled"
    SERVED = "served"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """Who takes part in one scan.

    Attributes:
        scenario: What the auditor has at hand.
        suspect: The model under suspicion.
        candidates: Candidate teachers.
        base: The suspect's base, where it has one.
        twins: Models of a candidate's own recipe and data that are no candidates.
        controls: Innocents of every candidate, each with the stratum that is closest to guilt.
        related: Which of the controls share something with a candidate: control, candidate and stratum.
        log: The member for whom the log was served that is in question, where one is.
    """

    scenario: Scenario
    suspect: Member
    candidates: tuple[Member, ...]
    base: Member | None = None
    twins: tuple[Member, ...] = ()
    controls: tuple[tuple[Member, Stratum], ...] = ()
    related: tuple[tuple[str, str, Stratum], ...] = ()
    log: Member | None = None

    @property
    def members(self) -> tuple[Member, ...]:
        """Everyone, in the order in which a scan has them."""
        bases = () if self.base is None else (self.base,)
        return (self.suspect, *self.candidates, *bases, *self.twins, *(one for one, _ in self.controls))

    def subjects(self, known: Mapping[str, Subject]) -> tuple[Subject, ...]:
        """The same as subjects of a scan.

        Args:
            known: What was found out about each member on opening it, by name.
        """
        roles: list[tuple[Member, Role, Stratum | None]] = [(self.suspect, Role.SUSPECT, None)]
        roles += [(one, Role.TEACHER, None) for one in self.candidates]
        roles += [(self.base, Role.BASE, None)] if self.base else []
        roles += [(one, Role.TWIN, None) for one in self.twins]
        roles += [(one, Role.CONTROL, stratum) for one, stratum in self.controls]
        return tuple(
            replace(
                known[one.name],
                role=role,
                stratum=stratum,
                # Teachers of one family are of one make, as a table of recorded models would say.
                organisation=one.family if role is Role.TEACHER else None,
                twin_of=tuple(
                    known[other.name].digest
                    for other in self.candidates
                    if role is Role.TWIN and other.family == one.family
                ),
                related_to=tuple(
                    (known[teacher].digest, relation)
                    for control, teacher, relation in self.related
                    if role is Role.CONTROL and control == one.name
                ),
            )
            for one, role, stratum in roles
        )


def concerns(lineup: Lineup, spec: ProbeSpec, method: Method) -> bool:
    """Whether a probe is tried in a lineup: it serves the kind, and what it says depends on the scenario.

    What was built into a suspect does not depend on who the controls are.
    """
    if lineup.suspect.kind not in spec.file.kinds:
        return False
    if lineup.scenario is Scenario.SERVED or method.claim is Claim.TRAINED_ON_SERVED:
        return lineup.scenario is Scenario.SERVED and method.claim is Claim.TRAINED_ON_SERVED
    return lineup.scenario is Scenario.CLOSED or method.claim not in TRAITS


def suspects_of(register: Register, kind: Kind) -> tuple[Member, ...]:
    """Everybody of a kind who can be suspected."""
    return register.of_part(*SUSPECTS, kind=kind)


def solo(register: Register, kind: Kind) -> Iterator[Lineup]:
    """Suspects and bases, each against all teachers and without controls: most of what scans ask of them."""
    teachers = register.of_part(Part.TEACHER, kind=kind)
    for member in register.of_part(*SUSPECTS, Part.BASE, kind=kind):
        if teachers:
            yield Lineup(
                scenario=Scenario.CLOSED,
                suspect=member,
                candidates=teachers,
                base=_base_of(register, member),
            )


def lineups(register: Register, kind: Kind, seed: int) -> tuple[Lineup, ...]:
    """Every scan that a validation makes of the models of a kind.

    Args:
        register: The population.
        kind: Kind of the suspects and of everybody else.
        seed: Of the halves in ``shuffled``.
    """
    teachers = register.of_part(Part.TEACHER, kind=kind)
    if not teachers:
        return ()
    first_half = _half(register.of_part(*INNOCENTS, kind=kind), seed)
    found: list[Lineup] = []
    for suspect in suspects_of(register, kind):
        closed = _lineup(register, Scenario.CLOSED, suspect, teachers)
        found.append(closed)
        apart = tuple(one for one in closed.controls if one[1] is not Stratum.SAME_DATA)
        if len(apart) < len(closed.controls):
            found.append(replace(closed, scenario=Scenario.NO_SAME_DATA, controls=apart))
        others = tuple(one for one in teachers if not _theirs(register, suspect, one.name))
        if others and len(others) < len(teachers):
            found.append(_lineup(register, Scenario.OPEN, suspect, others))
        if suspect.part in INNOCENTS:
            side = suspect.name in first_half
            other_side = tuple(one for one in closed.controls if (one[0].name in first_half) is not side)
            found.append(replace(closed, scenario=Scenario.SHUFFLED, controls=other_side))
    return tuple(found)


def covering(found: Sequence[Lineup]) -> tuple[Lineup, ...]:
    """The few lineups in which every control of all lineups stands before every set of candidates.

    Who is a control is asked much and by itself; that hundreds of lineups want the same of it need not be
    found out hundreds of times before it is asked.
    """
    covered: dict[tuple[str, ...], set[str]] = {}
    chosen: list[Lineup] = []
    for one in found:
        others = (*one.candidates, *one.twins, *((one.log,) if one.log else ()))
        before = covered.setdefault(tuple(other.name for other in others), set())
        controls = {control.name for control, _ in one.controls}
        if controls - before:
            before |= controls
            chosen.append(one)
    return tuple(chosen)


def closest(strata: Sequence[Stratum]) -> Stratum:
    """The stratum that is closest to guilt."""
    return min(strata, key=CLOSEST_FIRST.index)


def _lineup(
    register: Register, scenario: Scenario, suspect: Member, candidates: tuple[Member, ...]
) -> Lineup:
    controls = _controls(register, suspect, candidates)
    return Lineup(
        scenario=scenario,
        suspect=suspect,
        candidates=candidates,
        base=_base_of(register, suspect),
        twins=tuple(
            one
            for one in register.of_part(Part.TWIN, kind=suspect.kind)
            if one.family is not None and one.family in {other.family for other in candidates}
        ),
        controls=controls,
        related=tuple(
            (one.name, teacher.name, relation)
            for one, _ in controls
            for teacher in candidates
            if (relation := register.relation(one, teacher.name, suspect.base)) in OF_A_TEACHER
        ),
    )


def _controls(
    register: Register, suspect: Member, candidates: Sequence[Member]
) -> tuple[tuple[Member, Stratum], ...]:
    found: list[tuple[Member, Stratum]] = []
    for one in register.of_part(*INNOCENTS, kind=suspect.kind):
        if one.name == suspect.name:
            continue
        strata = [register.relation(one, teacher.name, suspect.base) for teacher in candidates]
        known = [stratum for stratum in strata if stratum is not None]
        if len(known) == len(strata):
            found.append((one, closest(known)))
    return tuple(found)


def _base_of(register: Register, member: Member) -> Member | None:
    return register.members.get(member.base) if member.base is not None else None


def _theirs(register: Register, suspect: Member, teacher: str) -> bool:
    return register.learned_from(suspect, teacher) or register.descends_from(suspect, teacher)


def _half(innocents: Sequence[Member], seed: int) -> frozenset[str]:
    order = np.random.default_rng([seed, len(innocents)]).permutation(len(innocents))
    return frozenset(innocents[int(place)].name for place in order[: len(innocents) // 2])
