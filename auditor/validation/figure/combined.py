"""All methods about distillation in one likelihood ratio, beside each of them alone.

Only methods of the claim that a suspect learned from a candidate's outputs take part: ancestry is another
claim. Every suspect is judged by weights and a calibration that have seen nobody who shares with it a base, a
teacher or a teacher's family, or data.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.array import NDArray
from auditor.record.subject import Kind
from auditor.stats.score_fusion import Fusion
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import Truth
from auditor.validation.figure.compared import Compared, alone, compared
from auditor.validation.figure.detection import ALL, area, exceeding
from auditor.validation.figure.fused import FUSED, Evidence, FusedRows, evidence_of, fused_rows
from auditor.validation.figure.picture import Curve, Strip, curves, strips
from auditor.validation.figure.share import Area, Share
from auditor.validation.figure.strength import Strength, strength_of
from auditor.validation.figure.unit import Test, Unit, guilt_of, scores_of, units

#: Scans in which ratios are calibrated; the auditor's controls differ, and with them the scores.
SCENARIOS = (Scenario.CLOSED, Scenario.NO_SAME_DATA)
ANY = "any stratum"
#: Log ratio from which on words of support are used.
_SUPPORT = math.log(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What one method counts.

    Attributes:
        test: The method.
        weight: Of its standardised score, with all suspects taken together.
        low: The smallest weight in any of the fits that leave relatives out.
        high: The largest.
        guilty: Guilty suspects of whom it gave a score.
        innocent: Innocent ones.
    """

    test: Test
    weight: float
    low: float
    high: float
    guilty: int
    innocent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """How the combination ranks the suspects of one mechanism.

    Attributes:
        mechanism: What they learned from.
        at_rate: Those above 99 % of the innocents who share nothing with them.
        area: Area under the ROC curve against all innocents.
        right: Those for whom one of their own teachers has the highest ratio of all candidates.
    """

    mechanism: str
    at_rate: Share
    area: Area
    right: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """Innocents of one stratum above the bar that is meant to let 1 % of innocents pass."""

    stratum: str
    suspects: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """Students against candidates that are not their teachers, by how they relate to them.

    A student of a sibling is like a student; a ratio over innocent models cannot tell the two.

    Attributes:
        stratum: How the student relates to the candidate; or any.
        pairs: Pairs of student and such a candidate, and those whose ratio is at least 2.
    """

    stratum: str
    pairs: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """The combination for one kind of model in one kind of scan.

    Attributes:
        kind: Kind of the suspects.
        scenario: What the auditor had at hand.
        candidates: The most candidates that a suspect was tried against.
        guilty: Guilty suspects of whom some method gave a score: those that the fit on all rests on.
        innocent: Innocent ones.
        fusion: That fit; None where there are too few of them.
        weights: By method.
        ranked: By mechanism; all of them first.
        passing: By stratum of innocents; all of them last.
        astray: By stratum of students; all of them last.
        strength: Cross-fitted likelihood ratios.
        compared: The combination first, then each method alone.
        curves: ROC curves by group of mechanisms.
        strips: Unclamped log ratios by group.
    """

    kind: str
    scenario: Scenario
    candidates: int
    guilty: int
    innocent: int
    fusion: Fusion | None
    weights: tuple[Weight, ...]
    ranked: tuple[Ranked, ...]
    passing: tuple[Passing, ...]
    astray: tuple[Astray, ...]
    strength: Strength
    compared: tuple[Compared, ...]
    curves: tuple[Curve, ...]
    strips: tuple[Strip, ...]


def combined(rows: Sequence[Row], reference: Sequence[Row] | None = None) -> tuple[Combined, ...]:
    """One combination for each kind and scenario with at least one method, guilty and innocent suspects.

    Args:
        rows: What was said of a population, beside the truth.
        reference: Rows of another population, whose weights, calibration and bars are used as they are.
    """
    found = []
    for kind in dict.fromkeys(row.kind for row in rows):
        for scenario in SCENARIOS:
            evidence = evidence_of(rows, kind, scenario)
            if evidence is not None and evidence.known.guilty.any() and not evidence.known.guilty.all():
                found.append(_combined(rows, evidence, reference, kind))
    return tuple(found)


def _combined(
    rows: Sequence[Row], evidence: Evidence, reference: Sequence[Row] | None, kind: Kind
) -> Combined:
    scenario = evidence.scenario
    theirs = None if reference is None else evidence_of(reference, kind, scenario)
    judged = fused_rows(evidence, None if reference is None else (theirs, evidence.tests))
    everybody = units(judged.rows, FUSED, scenario)
    # Whom no fit can judge without seeing relatives is no miss of the combination; it is counted as left.
    unjudged = {name for name, fold in zip(evidence.names, judged.folds, strict=True) if fold is None}
    tried = tuple(one for one in everybody if one.name not in unjudged)
    bars = tried
    if reference is not None:
        bars = () if theirs is None else units(fused_rows(theirs).rows, FUSED, scenario)
    told = _strength(tried, judged, len(everybody))
    heard = evidence.heard
    return Combined(
        kind=kind.value,
        scenario=scenario,
        candidates=evidence.candidates,
        guilty=int(heard.sum()),
        innocent=int((~heard).sum()),
        fusion=judged.whole,
        weights=_weights(evidence, judged),
        ranked=_ranked(tried, bars, judged.rows),
        passing=_passing(tried, bars),
        astray=_astray(tried, judged),
        strength=told,
        compared=(
            compared("all combined", tried, bars, told),
            *(
                alone(test, rows, reference, kind, scenario)
                for test in evidence.tests
            ),
        ),
        curves=curves(tried),
        strips=strips(tried),
    )  # fmt: skip


def _strength(tried: Sequence[Unit], judged: FusedRows, everybody: int) -> Strength:
    ratios = np.array([judged.ratios.get(_key(one, judged), math.nan) for one in tried])
    return strength_of(ratios, scores_of(tried), guilt_of(tried), everybody)


def _key(one: Unit, judged: FusedRows) -> tuple[str, str]:
    """The pair whose score is the suspect's."""
    own = [row for row in judged.rows if row.suspect == one.name and row.statistic == one.score]
    telling = [row for row in own if row.truth is Truth.GUILTY] if one.guilty else own
    return (one.name, telling[0].candidate or "") if telling else (one.name, "")


def _weights(evidence: Evidence, judged: FusedRows) -> tuple[Weight, ...]:
    folds: NDArray[np.float64] = np.array([one.weights for one in judged.folds if one is not None])
    known = evidence.known
    found = []
    for place, test in enumerate(evidence.tests):
        heard = np.unique(known.suspects[np.isfinite(known.scores[:, place])])
        column = folds[:, place] if len(folds) else np.zeros(1)
        found.append(
            Weight(
                test=test,
                weight=judged.whole.weights[place] if judged.whole is not None else 0.0,
                low=float(column.min()),
                high=float(column.max()),
                guilty=int(known.guilty[heard].sum()),
                innocent=int((~known.guilty[heard]).sum()),
            )
        )
    return tuple(found)


def _ranked(tried: Sequence[Unit], bars: Sequence[Unit], rows: Sequence[Row]) -> tuple[Ranked, ...]:
    right = _right(rows)
    innocent = [one for one in tried if not one.guilty]
    guilty = [one for one in tried if one.guilty]
    groups: dict[str, list[Unit]] = {ALL: guilty} if guilty else {}
    for one in sorted(guilty, key=lambda unit: unit.mechanism):
        groups.setdefault(one.mechanism, []).append(one)
    return tuple(
        Ranked(
            mechanism=mechanism,
            at_rate=Share.of(exceeding(members, bars)),
            area=area(members, innocent),
            right=Share.of(one.name in right for one in members if math.isfinite(one.score)),
        )
        for mechanism, members in groups.items()
    )


def _right(rows: Sequence[Row]) -> frozenset[str]:
    """Suspects for whom their own teachers alone have the highest score."""
    highest: dict[str, float] = {}
    for row in rows:
        if row.statistic is not None:
            highest[row.suspect] = max(highest.get(row.suspect, -math.inf), row.statistic)
    first = [row for row in rows if row.statistic is not None and row.statistic == highest[row.suspect]]
    wrong = {row.suspect for row in first if row.truth is not Truth.GUILTY}
    return frozenset(row.suspect for row in first) - wrong


def _passing(tried: Sequence[Unit], bars: Sequence[Unit]) -> tuple[Passing, ...]:
    innocent = [one for one in tried if not one.guilty]
    strata = [stratum for stratum, _ in sorted(Counter(one.stratum for one in innocent).items())]
    return tuple(
        Passing(
            stratum=stratum,
            suspects=Share.of(
                exceeding([one for one in innocent if stratum in (one.stratum, ANY)], bars)
            ),
        )
        for stratum in (*strata, ANY)
    )  # fmt: skip


def _astray(tried: Sequence[Unit], judged: FusedRows) -> tuple[Astray, ...]:
    students = {one.name for one in tried if one.guilty}
    others = [
        (row.stratum, judged.ratios[row.suspect, row.candidate or ""])
        for row in judged.rows
        if row.suspect in students and row.truth is Truth.INNOCENT and row.statistic is not None
    ]
    strata = sorted({stratum for stratum, _ in others})
    return tuple(
        Astray(
            stratum=stratum,
            pairs=Share.of(ratio >= _SUPPORT for own, ratio in others if stratum in (own, ANY)),
        )
        for stratum in (*strata, ANY)
    )
