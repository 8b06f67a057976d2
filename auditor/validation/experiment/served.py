"""Scans of served logs: every log with the student that learned from it, and with others that did not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from auditor.error import UsageError
from auditor.probe.spec import ProbeSpec
from auditor.record.subject import Kind, Stratum
from auditor.validation.experiment.lineup import INNOCENTS, Lineup, Scenario
from auditor.zoo.recipe import Part
from auditor.zoo.register import Member, Register

#: Innocents of each stratum that are tried on each log, and that serve as references.
_TRIED, _REFERENCES = 2, 2
#: One log of each mechanism is tried for so many members of the population.
_MEMBERS_PER_LOG = 100


def served_lineups(register: Register, kind: Kind, least: int) -> tuple[Lineup, ...]:
    """Every scan of a served log that a validation makes.

    Each log is tried on the student that it was served for, on another student of the same teacher, and on
    innocents of every stratum. The references are the same for all suspects of a log, none of which is
    among them.

    Args:
        register: The population.
        kind: Kind of the models.
        least: Shorter logs are left out.
    """
    teachers = {one.name: one for one in register.of_part(Part.TEACHER, kind=kind)}
    most = max(1, round(len(register.members) / _MEMBERS_PER_LOG))
    taken: dict[str, int] = {}
    found: list[Lineup] = []
    for student in register.of_part(Part.STUDENT, kind=kind):
        if student.served is None or student.traits:
            continue
        teacher = next((teachers[name] for name in student.taught_by if name in teachers), None)
        if teacher is None or taken.get(student.mechanism, 0) >= most:
            continue
        if len(log_rows(register.root / student.served, teacher.name)) < least:
            continue
        taken[student.mechanism] = taken.get(student.mechanism, 0) + 1
        found += _of_log(register, student, teacher, len(found))
    return tuple(found)


def with_log(spec: ProbeSpec, lineup: Lineup, register: Register) -> ProbeSpec:
    """The probe about the log of a lineup; any other as it is."""
    if lineup.log is None or lineup.log.served is None:
        return spec
    return spec.with_items(log_rows(register.root / lineup.log.served, lineup.candidates[0].name))


@lru_cache(maxsize=64)
def log_rows(path: Path, teacher: str) -> tuple[dict[str, Any], ...]:
    """The rows of a log that one teacher served; its name and the account are nothing a scan would know.

    Raises:
        UsageError: If the log is malformed.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(f"line {number} is not JSON: {error.msg}", where=str(path)) from error
        if row.get("teacher", teacher) == teacher:
            rows.append({key: value for key, value in row.items() if key not in ("teacher", "account")})
    return tuple(rows)


def _of_log(register: Register, student: Member, teacher: Member, turn: int) -> Iterator[Lineup]:
    strata = _by_stratum(register, teacher, student)
    references: list[tuple[Member, Stratum]] = []
    suspects = [student, *_classmates(register, student, teacher)[:1]]
    for stratum, members in strata.items():
        # Logs take turns, so that not always the same innocents are tried.
        turned = [*members[turn % len(members) :], *members[: turn % len(members)]]
        references += [(one, stratum) for one in turned[:_REFERENCES]]
        suspects += turned[_REFERENCES : _REFERENCES + _TRIED]
    for suspect in suspects:
        yield Lineup(
            scenario=Scenario.SERVED,
            suspect=suspect,
            candidates=(teacher,),
            controls=tuple(references),
            log=student,
        )


def _by_stratum(register: Register, teacher: Member, student: Member) -> dict[Stratum, list[Member]]:
    strata: dict[Stratum, list[Member]] = {}
    for one in register.of_part(*INNOCENTS, kind=student.kind):
        stratum = register.relation(one, teacher.name, student.base)
        if stratum is not None:
            strata.setdefault(stratum, []).append(one)
    return {stratum: strata[stratum] for stratum in Stratum if stratum in strata}


def _classmates(register: Register, student: Member, teacher: Member) -> Sequence[Member]:
    """Other students of the same teacher, who learned from other answers of it."""
    return [
        one
        for one in register.of_part(Part.STUDENT, kind=student.kind)
        if one.name != student.name and one.taught_by == (teacher.name,) and one.served is not None
    ]
