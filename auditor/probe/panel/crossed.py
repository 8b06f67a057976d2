"""What a rank in a table of controls and twins allows to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.panel.controls import (
    FROM_SHARED_DATA,
    FROM_SIBLING,
    LEFT_OPEN,
    NO_EVIDENCE,
    RELATED,
    UNDECIDED,
    Judgement,
    strongest_answer,
)
from auditor.record.finding import Outcome
from auditor.record.subject import Stratum
from auditor.stats.agreement import CrossedRank, crossed_rank, others_of
from auditor.stats.conformal import critical_value, prediction_bound, prediction_p

#: The table that has nobody but the suspect in the suspect's place.
TWINS_ALONE = "twins alone"
_EXACT = 1e-12


@dataclass(frozen=True, slots=True)
class _Standing:
    """The suspect's rank in one table, and the parametric companion of that rank."""

    name: str
    rank: CrossedRank
    companion: float | None
    least: float

    def passes(self, alpha: float, companion_alpha: float) -> bool:
        """Whether the rank is significant, and the score as far out as the companion demands."""
        significant = self.rank.p_value <= alpha * (1 + _EXACT)
        return significant and self.companion is not None and self.companion <= companion_alpha

    def adequate(self, alpha: float) -> bool:
        """Whether the table is large enough to be significant."""
        return self.rank.smallest <= alpha * (1 + _EXACT)


def judge_crossed(
    tables: Mapping[str, Float[NDArray[np.float64], "rows columns"]],
    alpha: float,
    companion_alpha: float,
) -> Judgement:
    """Turn ranks in tables into an outcome.

    As with ranks among controls alone, a table is adequate if it is large enough to give p <= alpha, the
    p-value is the largest over the adequate ones, and a table that is too small can only speak against the
    claim. On top of that, the score must lie outside of what normal scores would reach: the companion can
    only turn a supported claim into one that is not, so that the rank's guarantee stands. It is there since
    everybody who is compared with one teacher is compared with one run of its training. In one of k+1
    families the highest cell of the innocents is in the teacher's own column, and whoever it belongs to
    would be accused on its rank alone.

    Args:
        tables: Scores by stratum of the controls, and under ``TWINS_ALONE`` those of the suspect alone; the
            suspect is the first row and the teacher the first column.
        alpha: Level of the rank.
        companion_alpha: Level of the companion.
    """
    standings = [_standing(name, table, alpha, companion_alpha) for name, table in tables.items()]
    adequate = [one for one in standings if one.adequate(alpha)]
    thin = [one for one in standings if not one.adequate(alpha) and one.name != TWINS_ALONE]
    limits = _limits(standings, alpha)
    if not adequate:
        return _unattainable(standings, alpha, limits)
    failed = [one for one in adequate if not one.passes(alpha, companion_alpha)]
    blocking = [one for one in thin if one.rank.reached]
    clean = [one for one in adequate if one.name not in (*RELATED, TWINS_ALONE)]
    decisive = ""
    if failed and (not clean or any(one in clean for one in failed)):
        outcome, answer = Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE
    elif failed:
        outcome = Outcome.INCONCLUSIVE
        sibling = all(one.name == Stratum.SIBLING_STUDENT for one in failed)
        answer = FROM_SIBLING if sibling else FROM_SHARED_DATA
        decisive = "more twins of the teacher tell it from what it shares data with"
    elif blocking:
        outcome, answer = Outcome.INCONCLUSIVE, UNDECIDED
        decisive = "; ".join(_more(one, alpha) for one in blocking)
    else:
        outcome = Outcome.SUPPORTS
        excluded = {one.name for one in adequate}
        excluded |= {Stratum.SAME_DATA.value} if TWINS_ALONE in excluded else set()
        answer = strongest_answer(excluded, against_twins=all(one.rank.columns > 1 for one in adequate))
    companions = [one.companion for one in adequate if one.companion is not None]
    return Judgement(
        outcome=outcome,
        answer=answer,
        p_value=max(one.rank.p_value for one in (*adequate, *blocking)),
        smallest=max(one.rank.smallest for one in adequate),
        why=_ranks(standings),
        decisive=decisive,
        threshold=max(one.least for one in adequate),
        parametric_p=max(companions, default=None),
        limits=limits,
    )


def _standing(name: str, table: NDArray[np.float64], alpha: float, companion_alpha: float) -> _Standing:
    others = [float(one) for one in others_of(table)]
    least = max(critical_value(others, alpha), prediction_bound(others, companion_alpha))
    return _Standing(name, crossed_rank(table), prediction_p(float(table[0, 0]), others), least)


def _unattainable(standings: Sequence[_Standing], alpha: float, limits: tuple[str, ...]) -> Judgement:
    """Too few controls and twins: inconclusive, and not clean."""
    largest = min(standings, key=lambda one: one.rank.smallest, default=None)
    nobody = largest is None or largest.rank.smallest == 1
    return Judgement(
        outcome=Outcome.INCONCLUSIVE,
        answer=UNDECIDED,
        p_value=None if nobody else max(one.rank.p_value for one in standings),
        smallest=None if largest is None or nobody else largest.rank.smallest,
        why="there is neither a control nor a twin of the teacher, and without them agreement has no null"
        if largest is None or nobody
        else f"p <= {alpha:g} is not attainable: {_ranks(standings)}",
        decisive=f"controls and twins of the teacher, until (controls + 1) x (twins + 1) is {_cells(alpha)}"
        if largest is None or nobody
        else _more(largest, alpha),
        threshold=float("inf"),
        parametric_p=None if largest is None else largest.companion,
        limits=limits,
    )


def _cells(alpha: float) -> int:
    """Cells that a table needs for p <= alpha."""
    return int(np.ceil(1 / alpha * (1 - _EXACT)))


def _more(standing: _Standing, alpha: float) -> str:
    rank, cells = standing.rank, _cells(alpha)
    twins = -(-cells // rank.rows) - rank.columns
    more = f"{twins} more twin{'s' if twins != 1 else ''} of the teacher"
    if standing.name == TWINS_ALONE:
        return more
    controls = -(-cells // rank.columns) - rank.rows
    return f"{controls} more control{'s' if controls != 1 else ''} in stratum {standing.name}, or {more}"


def _ranks(standings: Sequence[_Standing]) -> str:
    lines = []
    for one in standings:
        rows, columns = one.rank.rows - 1, one.rank.columns - 1
        who = [f"{rows} {one.name} control{'s' if rows != 1 else ''}"] if rows else []
        who += [f"{columns} twin{'s' if columns != 1 else ''} of the teacher"] if columns else []
        pairs = one.rank.rows * one.rank.columns - 1
        lines.append(
            f"{one.rank.reached or 'none'} of {pairs} pair{'s' if pairs != 1 else ''} with "
            f"{' and '.join(who)} reach{'es' if one.rank.reached == 1 else ''} it"
        )
    return ", ".join(lines)


def _limits(standings: Sequence[_Standing], alpha: float) -> tuple[str, ...]:
    """One sentence for every stratum that is empty or whose table is too small."""
    known = {one.name: one for one in standings}
    alone = known.get(TWINS_ALONE)
    lines = []
    for stratum, left_open in LEFT_OPEN.items():
        one = known.get(stratum.value)
        if stratum is Stratum.SAME_DATA and alone is not None and alone.adequate(alpha):
            continue
        if one is None:
            lines.append(f"No control is in stratum {stratum.value}: {left_open}.")
        elif not one.adequate(alpha):
            lines.append(
                f"{one.rank.rows - 1} controls in stratum {stratum.value} and {one.rank.columns - 1} twins "
                f"are too few for p <= {alpha:g}: {left_open}."
            )
    return tuple(lines)
