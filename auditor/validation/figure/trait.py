"""Whether the auditor finds what was built into a model besides its lineage, and where it sees it wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from auditor.record.finding import Claim
from auditor.stats.roc import auroc, auroc_interval
from auditor.validation.experiment.lineup import INNOCENTS, Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import TRAITS, Truth
from auditor.validation.figure.share import Area, Share, finite
from auditor.validation.figure.unit import Test
from auditor.zoo.recipe import Part

_GROUPS: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    ("innocents", lambda row: row.part in INNOCENTS),
    ("students", lambda row: row.part is Part.STUDENT),
    ("derived", lambda row: row.part is Part.DERIVED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Suspects with a trait, and those in whom it was found; no trait where it was seen in conduct alone."""

    trait: str | None
    suspects: Share
    area: Area


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Suspects without the trait in whom it was seen all the same.

    Attributes:
        group: Who they are. Students are compared with their own teachers, innocents with every candidate.
        pairs: Comparisons, and those that alarmed.
        suspects: Suspects, and those that any comparison alarmed about.
    """

    group: str
    pairs: Share
    suspects: Share


def found_traits(rows: Iterable[Row], test: Test) -> tuple[Found, ...]:
    """Detection of each trait that makes the test's claim true; larger effects rank higher."""
    own = [row for row in rows if Test.of(row) == test and row.scenario is Scenario.CLOSED]
    without = _by_suspect(row for row in own if row.truth is Truth.INNOCENT)
    having = _by_suspect(row for row in own if row.truth is Truth.GUILTY)
    groups: dict[str | None, dict[str, list[Row]]] = {}
    for name, its in having.items():
        for trait in _built_into(its[0], test.claim) or (None,):
            groups.setdefault(trait, {})[name] = its
    found = []
    for trait, chosen in sorted(groups.items(), key=lambda one: (one[0] is None, one[0])):
        found.append(
            Found(
                trait=trait,
                suspects=Share.of(any(row.supported for row in its) for its in chosen.values()),
                area=_area(chosen.values(), without.values()),
            )
        )
    return tuple(found)


def alarms(rows: Iterable[Row], test: Test) -> tuple[Alarm, ...]:
    """False alarms by group."""
    own = [
        row
        for row in rows
        if Test.of(row) == test and row.scenario is Scenario.CLOSED and row.truth is Truth.INNOCENT
    ]
    found = []
    for group, belongs in _GROUPS:
        chosen = [row for row in own if belongs(row)]
        if chosen:
            found.append(
                Alarm(
                    group=group,
                    pairs=Share.of(row.supported for row in chosen),
                    suspects=Share.of(
                        any(row.supported for row in its) for its in _by_suspect(chosen).values()
                    ),
                )
            )
    return tuple(found)


def _built_into(row: Row, claim: Claim) -> tuple[str, ...]:
    return tuple(one for one in row.traits if one.startswith(TRAITS[claim]))


def _by_suspect(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.suspect, []).append(row)
    return found


def _area(having: Iterable[Sequence[Row]], without: Iterable[Sequence[Row]]) -> Area:
    positives = np.array([_largest(rows) for rows in having])
    negatives = np.array([_largest(rows) for rows in without])
    low, high = auroc_interval(positives, negatives, np.random.default_rng([len(positives), len(negatives)]))
    return Area(
        value=finite(auroc(positives, negatives)),
        low=low,
        high=high,
        positives=len(positives),
        negatives=len(negatives),
    )


def _largest(rows: Sequence[Row]) -> float:
    return max(-math.inf if row.effect is None else row.effect for row in rows)
