"""Rows whose score is the fused log likelihood ratio of all methods about distillation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor.array import NDArray
from auditor.record.finding import Claim, Outcome
from auditor.record.subject import Kind
from auditor.stats.likelihood_ratio import shares_any
from auditor.stats.score_fusion import Fusion, Known, cross_fitted_fusions, fuse
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import Truth
from auditor.validation.figure.unit import Test, units

#: The combination in the place of a test.
FUSED = Test("all combined", Claim.DISTILLED_FROM, "score_fusion")


@dataclass(frozen=True)
class Evidence:
    """What every method said of every pair of suspect and candidate, in one kind of scan.

    Attributes:
        scenario: What the auditor had at hand.
        tests: The methods, in the order of columns.
        pairs: One row for each pair; the first that a method left.
        scores: Of each pair by each method; NaN where there is none.
        names: The suspects of known truth.
        known: Their scores.
        ties: What each of them shares with relatives.
        candidates: The most candidates that a suspect was tried against.
    """

    scenario: Scenario
    tests: tuple[Test, ...]
    pairs: tuple[Row, ...]
    scores: NDArray[np.float64]
    names: tuple[str, ...]
    known: Known
    ties: tuple[frozenset[str], ...]
    candidates: int

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Which of those of whom some method gave a score are guilty."""
        spoken = np.isfinite(self.known.scores).any(axis=1)
        told: NDArray[np.bool_] = self.known.guilty[np.unique(self.known.suspects[spoken])]
        return told


@dataclass(frozen=True)
class FusedRows:
    """Pairs with their fused scores.

    Attributes:
        rows: One for each pair; ``statistic`` is the log ratio before it is clamped, by which suspects are
            ranked, or None where there is none.
        ratios: Suspect and candidate -> clamped log ratio.
        whole: The fit on all suspects, or that of the other population.
        folds: The fit that each suspect of known truth was judged by.
    """

    rows: tuple[Row, ...]
    ratios: Mapping[tuple[str, str], float]
    whole: Fusion | None
    folds: tuple[Fusion | None, ...]


def evidence_of(rows: Sequence[Row], kind: Kind, scenario: Scenario) -> Evidence | None:
    """Gather the scores of one kind in one kind of scan; None where no method speaks of candidates."""
    own = [
        row
        for row in rows
        if row.kind is kind
        and row.scenario is scenario
        and row.claim is Claim.DISTILLED_FROM
        and row.candidate is not None
    ]
    tests = tuple(sorted({Test.of(row) for row in own}))
    if not tests:
        return None
    pairs: dict[tuple[str, str], Row] = {}
    for row in own:
        pairs.setdefault(
            (row.suspect, row.candidate or ""), replace(row, probe=FUSED.probe, method=FUSED.method)
        )
    places = {pair: place for place, pair in enumerate(pairs)}
    scores = np.full((len(pairs), len(tests)), np.nan)
    for row in own:
        if row.statistic is not None and math.isfinite(row.statistic):
            scores[places[row.suspect, row.candidate or ""], tests.index(Test.of(row))] = row.statistic
    merged = tuple(pairs.values())
    tried = units(merged, FUSED, scenario)
    index = {one.name: place for place, one in enumerate(tried)}
    guilty = np.array([one.guilty for one in tried], dtype=np.bool_)
    telling = [
        place
        for place, row in enumerate(merged)
        if row.suspect in index and (row.truth is Truth.GUILTY or not guilty[index[row.suspect]])
    ]
    suspects = np.array([index[merged[place].suspect] for place in telling], dtype=np.int64)
    asked = [sum(row.suspect == name for row in merged) for name in {row.suspect for row in merged}]
    return Evidence(
        scenario=scenario,
        tests=tests,
        pairs=merged,
        scores=scores,
        names=tuple(index),
        known=Known(scores[telling], suspects, guilty),
        ties=tuple(one.ties for one in tried),
        candidates=max(asked),
    )


def fused_rows(
    evidence: Evidence, other: tuple[Evidence | None, tuple[Test, ...]] | None = None
) -> FusedRows:
    """Judge every pair of a suspect of known truth.

    Args:
        evidence: What was said of a population.
        other: What was said of another one, whose fit is used as it is, and the methods of this one; without
            it every suspect is judged by a fit that has seen none of its relatives.
    """
    if other is None:
        whole = fuse(evidence.known)
        folds = cross_fitted_fusions(evidence.known, shares_any(evidence.ties))
    else:
        whole = None if other[0] is None else fuse(_aligned(other[0], other[1]))
        folds = (whole,) * len(evidence.names)
    by_name = dict(zip(evidence.names, folds, strict=True))
    rows, ratios = [], {}
    for row, scores in zip(evidence.pairs, evidence.scores, strict=True):
        fusion = by_name.get(row.suspect)
        statistic = None
        if fusion is not None and not math.isnan(total := float(fusion.sums(scores[None])[0])):
            statistic = float(fusion.calibration.unclamped(np.array([total]))[0])
            ratios[row.suspect, row.candidate or ""] = float(fusion.log_ratios(scores[None])[0])
        rows.append(_row(row, statistic))
    return FusedRows(tuple(rows), ratios, whole, folds)


def _aligned(evidence: Evidence, tests: Sequence[Test]) -> Known:
    """Known scores in the columns of other methods; a method that was not tried has none."""
    columns = [
        evidence.known.scores[:, evidence.tests.index(one)]
        if one in evidence.tests
        else np.full(len(evidence.known.scores), np.nan)
        for one in tests
    ]
    return replace(evidence.known, scores=np.column_stack(columns))


def _row(row: Row, statistic: float | None) -> Row:
    """No level belongs to a ratio, so that nobody is named by it."""
    return replace(
        row,
        statistic=statistic,
        outcome=Outcome.INCONCLUSIVE,
        answer="",
        untrue=False,
        named=None,
        p_value=None,
        smallest_p=None,
        e_value=None,
        effect=None,
    )
