"""How often innocent models are accused, in each stratum, and whether p-values keep their promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scipy import stats

from auditor.validation.experiment.lineup import INNOCENTS, Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import Truth, in_stratum
from auditor.validation.figure.share import Share
from auditor.validation.figure.unit import Test
from auditor.zoo.recipe import Part

ANY = "any stratum"
#: Who can be accused wrongly. A student is innocent of everybody but its teachers.
_GROUPS: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    ("innocents", lambda row: row.part in INNOCENTS),
    ("students", lambda row: row.part is Part.STUDENT),
    ("derived", lambda row: row.part is Part.DERIVED),
)
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accusation:
    """False accusations among the innocent pairs of one stratum.

    Attributes:
        scenario: What the auditor had at hand.
        group: ``innocents``, or ``students`` and ``derived`` models against candidates that are not theirs.
        stratum: How the suspect is related to the candidate; or any.
        pairs: Pairs of suspect and candidate, and those where the claim was supported.
        suspects: Suspects with such a pair, and those of whom it was supported in one of them.
        pointed: Suspects of whom it was said at least that they come from a candidate or from something that
            shares its data.
        untrue: Suspects of whom it was supported in words that are not true of them.
    """

    scenario: Scenario
    group: str
    stratum: str
    pairs: Share
    suspects: Share
    pointed: Share
    untrue: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How many p-values are at or below a level.

    Attributes:
        level: The level.
        count: P-values at or below it.
        most: The most that uniform p-values would have in 97.5 % of cases.
        held: Whether ``count`` is within ``most``.
    """

    level: float
    count: int
    most: int
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """P-values of innocent suspects, which must be uniform or larger.

    One p-value per suspect: that of the candidate that the method names where the choice is inside the
    null, else the smallest times the number of candidates.

    Attributes:
        scenario: What the auditor had at hand.
        stratum: Stratum of the suspects that is closest to guilt; or any.
        n: Suspects with a p-value.
        smallest: The smallest p-value that any of them could have had.
        levels: Counts.
        mean_e: Mean e-value, where the method makes them; at most 1 is promised.
    """

    scenario: Scenario
    stratum: str
    n: int
    smallest: float | None
    levels: tuple[Level, ...]
    mean_e: float | None


def accusations(rows: Iterable[Row], test: Test) -> tuple[Accusation, ...]:
    """False accusations by scenario, group and stratum."""
    innocent = [row for row in rows if Test.of(row) == test and row.truth is Truth.INNOCENT]
    found: list[Accusation] = []
    for scenario in (Scenario.CLOSED, Scenario.OPEN, Scenario.NO_SAME_DATA):
        for group, belongs in _GROUPS:
            chosen = [row for row in innocent if row.scenario is scenario and belongs(row)]
            strata = sorted({row.stratum for row in chosen})
            for stratum in (*strata, ANY) if len(strata) > 1 else strata:
                within = [row for row in chosen if stratum in (row.stratum, ANY)]
                found.append(_accusation(scenario, group, stratum, within))
    return tuple(found)


def nulls(rows: Iterable[Row], test: Test) -> tuple[Null, ...]:
    """P-values of the innocents, by scenario and stratum."""
    found: list[Null] = []
    own = [row for row in rows if Test.of(row) == test and row.part in INNOCENTS]
    for scenario in (Scenario.CLOSED, Scenario.SHUFFLED, Scenario.NO_SAME_DATA):
        by_suspect: dict[str, list[Row]] = {}
        for row in own:
            if row.scenario is scenario:
                by_suspect.setdefault(row.suspect, []).append(row)
        suspects = {
            name: its for name, its in by_suspect.items() if all(row.truth is Truth.INNOCENT for row in its)
        }
        closest = {name: in_stratum([row.stratum for row in its]) for name, its in suspects.items()}
        strata = sorted(set(closest.values()))
        for stratum in (*strata, ANY) if len(strata) > 1 else strata:
            chosen = [its for name, its in suspects.items() if stratum in (closest[name], ANY)]
            if any(p_value(its) is not None for its in chosen):
                found.append(null_of(scenario, stratum, chosen))
    return tuple(found)


def p_value(rows: Sequence[Row]) -> float | None:
    """One p-value for a suspect, of those against its candidates."""
    named = [row for row in rows if row.named and row.choice_inside and row.p_value is not None]
    if named:
        return named[0].p_value
    values = [row.p_value for row in rows if row.p_value is not None]
    return min(1.0, min(values) * len(values)) if values else None


def _accusation(scenario: Scenario, group: str, stratum: str, rows: Sequence[Row]) -> Accusation:
    suspects = {row.suspect: False for row in rows}
    pointed, untrue = dict(suspects), dict(suspects)
    for row in rows:
        suspects[row.suspect] |= row.supported
        pointed[row.suspect] |= row.pointed
        untrue[row.suspect] |= row.untrue
    return Accusation(
        scenario=scenario,
        group=group,
        stratum=stratum,
        pairs=Share.of(row.supported for row in rows),
        suspects=Share.of(suspects.values()),
        pointed=Share.of(pointed.values()),
        untrue=Share.of(untrue.values()),
    )


def null_of(scenario: Scenario, stratum: str, suspects: Sequence[Sequence[Row]]) -> Null:
    """What the p-values and e-values of innocent suspects look like; each has rows of its own."""
    values = [one for one in map(p_value, suspects) if one is not None]
    attainable = [row.smallest_p for rows in suspects for row in rows if row.smallest_p is not None]
    e_values = [row.e_value for rows in suspects for row in rows if row.e_value is not None]
    levels = []
    for level in LEVELS:
        count = sum(value <= level * (1 + 1e-12) for value in values)
        most = int(stats.binom.ppf(0.975, len(values), level))
        levels.append(Level(level=level, count=count, most=most, held=count <= most))
    return Null(
        scenario=scenario,
        stratum=stratum,
        n=len(values),
        smallest=min(attainable, default=None),
        levels=tuple(levels),
        mean_e=sum(e_values) / len(e_values) if e_values else None,
    )
