"""Scores of suspects, one per model: the unit in which detection and strength are counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.record.finding import Claim
from auditor.validation.experiment.lineup import INNOCENTS, Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import Truth, in_stratum


@dataclass(frozen=True, slots=True, order=True)
class Test:
    """A probe and one of the claims that it speaks to."""

    __test__ = False  # pytest collects classes named Test*

    probe: str
    claim: Claim
    method: str

    @staticmethod
    def of(row: Row) -> Test:
        """The test that a row belongs to."""
        return Test(row.probe, row.claim, row.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One suspect before one test.

    Attributes:
        name: The suspect.
        mechanism: What it learned from.
        access: Access that was made use of.
        guilty: Whether the claim is true of it and some candidate.
        teachers: Candidates of which it is true, joined by a plus.
        stratum: Where it is not: the stratum closest to guilt.
        score: Guilty: the statistic for its own teacher, of several the largest. Innocent: the largest over
            the candidates, so that the auditor's choice of whom to accuse is part of it. Minus infinity
            where the method gave none.
        found: Guilty: whether its own teacher was named. Innocent: whether anybody was.
        pointed: The same with weaker words counted too: that it comes from the teacher or from something
            that shares its data, be it supported or not decided between the two.
        accused: How many candidates were named, and how many of them rightly.
        ties: What it shares with relatives.
        answers: The graded answers for its own teacher (guilty) or for every candidate (innocent).
        questions: Questions put to it.
    """

    name: str
    mechanism: str
    access: str
    guilty: bool
    teachers: str
    stratum: str
    score: float
    found: bool
    pointed: bool
    accused: tuple[int, int]
    ties: frozenset[str]
    answers: tuple[str, ...]
    questions: int


def units(rows: Iterable[Row], test: Test, scenario: Scenario = Scenario.CLOSED) -> tuple[Unit, ...]:
    """The guilty and the innocent suspects of a test about lineage.

    Students that are innocent of a claim, as those in fresh weights are of a common ancestry, are neither:
    only members that are innocent on every count set thresholds.
    """
    by_suspect: dict[str, list[Row]] = {}
    for row in rows:
        if row.scenario is scenario and Test.of(row) == test:
            by_suspect.setdefault(row.suspect, []).append(row)
    found = (_unit(own) for own in by_suspect.values())
    return tuple(one for one in found if one is not None)


def _unit(rows: Sequence[Row]) -> Unit | None:
    own = [row for row in rows if row.truth is Truth.GUILTY]
    innocent = [row for row in rows if row.truth is Truth.INNOCENT]
    first = rows[0]
    if not own and (first.part not in INNOCENTS or len(innocent) < len(rows)):
        return None
    telling = own or innocent
    named = [row for row in rows if row.supported]
    return Unit(
        name=first.suspect,
        mechanism=first.mechanism,
        access=first.access,
        guilty=bool(own),
        teachers=" + ".join(sorted(row.candidate or "" for row in own)),
        stratum="" if own else in_stratum([row.stratum for row in innocent]),
        score=max(-math.inf if row.statistic is None else row.statistic for row in telling),
        found=any(row.supported for row in telling),
        pointed=any(row.pointed for row in telling),
        accused=(len(named), sum(row.truth is Truth.GUILTY for row in named)),
        ties=frozenset(first.ties),
        answers=tuple(row.answer or row.outcome.value for row in telling),
        questions=first.questions,
    )


def scores_of(chosen: Iterable[Unit]) -> Float[NDArray[np.float64], " units"]:
    """Their scores."""
    return np.array([one.score for one in chosen], dtype=np.float64)


def guilt_of(chosen: Iterable[Unit]) -> Bool[NDArray[np.bool_], " units"]:
    """Which of them are guilty."""
    return np.array([one.guilty for one in chosen], dtype=np.bool_)
