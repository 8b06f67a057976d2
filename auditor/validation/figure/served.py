"""How often served logs are recognised in those who learned from them, and in nobody else."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import Truth
from auditor.validation.figure.accusation import ANY, Null, null_of
from auditor.validation.figure.share import Share
from auditor.validation.figure.unit import Test

ALL = "all mechanisms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """Students of one mechanism before the logs that they learned from.

    Attributes:
        mechanism: How they learned.
        found: Those of whom it was found, at the probe's own level.
        at_twenty: Those for whom the e-value reached 20 by the end.
        median_p: Median p-value; None of nobody.
        median_advantage: Median advantage of logged answers, in within-prompt standard deviations.
        prompts: Median number of logged prompts.
    """

    mechanism: str
    found: Share
    at_twenty: Share
    median_p: float | None
    median_advantage: float | None
    prompts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistaken:
    """Suspects before logs that they never saw, by how they relate to the teacher that served it."""

    stratum: str
    accused: Share
    undecided: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTest:
    """Everything about a test of served logs.

    Attributes:
        name: What tells it apart from the other tests.
        test: Probe, claim and method.
        kind: Kind of the suspects.
        logs: Logs that were tried.
        recognised: By mechanism; all of them first.
        mistaken: By stratum; all of them last.
        nulls: P-values and e-values of those who never saw the log.
    """

    name: str
    test: Test
    kind: str
    logs: int
    recognised: tuple[Recognised, ...]
    mistaken: tuple[Mistaken, ...]
    nulls: tuple[Null, ...]


def served_test(rows: Sequence[Row], test: Test, name: str) -> ServedTest:
    """Count what was said of logs."""
    own = [row for row in rows if Test.of(row) == test and row.scenario is Scenario.SERVED]
    guilty = [row for row in own if row.truth is Truth.GUILTY]
    innocent = [row for row in own if row.truth is Truth.INNOCENT]
    mechanisms = sorted({row.mechanism for row in guilty})
    strata = sorted({row.stratum for row in innocent})
    return ServedTest(
        name=name,
        test=test,
        kind=own[0].kind.value if own else "",
        logs=len({row.log for row in own}),
        recognised=tuple(
            _recognised(one, [row for row in guilty if one in (row.mechanism, ALL)])
            for one in ([ALL, *mechanisms] if guilty else [])
        ),
        mistaken=tuple(
            _mistaken(one, [row for row in innocent if one in (row.stratum, ANY)])
            for one in ([*strata, ANY] if innocent else [])
        ),
        # One p-value for every suspect and log: redraws of different logs have nothing in common.
        nulls=tuple(
            null_of(Scenario.SERVED, one, [[row] for row in innocent if one in (row.stratum, ANY)])
            for one in ([*strata, ANY] if innocent else [])
        ),
    )


def _recognised(mechanism: str, rows: Sequence[Row]) -> Recognised:
    p_values = [row.p_value for row in rows if row.p_value is not None]
    effects = [row.effect for row in rows if row.effect is not None]
    return Recognised(
        mechanism=mechanism,
        found=Share.of(row.supported for row in rows),
        at_twenty=Share.of((row.e_value or 0.0) >= 20 for row in rows),
        median_p=statistics.median(p_values) if p_values else None,
        median_advantage=statistics.median(effects) if effects else None,
        prompts=int(statistics.median(row.prompts for row in rows)) if rows else 0,
    )


def _mistaken(stratum: str, rows: Sequence[Row]) -> Mistaken:
    return Mistaken(
        stratum=stratum,
        accused=Share.of(row.supported for row in rows),
        undecided=Share.of(row.outcome.value == "inconclusive" for row in rows),
    )
