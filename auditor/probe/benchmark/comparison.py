"""Each benchmark: the suspect's gap between published items and twins among the gaps of references."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.benchmark.contrast import ContrastReading
from auditor.record.subject import Subject
from auditor.stats.difference_in_differences import (
    FEWEST_REFERENCES,
    DifferenceInDifferences,
    difference_in_differences,
    planned_difference,
)

#: Fewest items of a benchmark that the suspect and all references answered.
FEWEST_ITEMS = 20
#: Share of the items that a reference must have answered to be one.
_SHARE_ANSWERED = 0.9
Scores = Float[NDArray[np.float64], "items 2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One benchmark.

    Attributes:
        name: Its name.
        items: Items that suspect and references all answered.
        own: The suspect's mean on published items and on twins.
        usual: The references' mean on both.
        gaps: Gap of each reference.
        found: The difference in differences.
    """

    name: str
    items: int
    own: tuple[float, float]
    usual: tuple[float, float]
    gaps: tuple[float, ...]
    found: DifferenceInDifferences

    @property
    def gap(self) -> float:
        """The suspect's own gap."""
        return self.own[0] - self.own[1]


@dataclass(frozen=True)
class Comparison:
    """All benchmarks.

    Attributes:
        reading: The questions, with the answers.
    """

    reading: ContrastReading[Any]

    @cached_property
    def _scores(self) -> dict[str, Scores]:
        models = (self.reading.seen.suspect, *self.reading.references)
        return {one.digest: self.reading.scores(one) for one in models}

    @cached_property
    def references(self) -> tuple[Subject, ...]:
        """References that answered nearly everything."""
        enough = _SHARE_ANSWERED * max(len(self.reading.items), 1)
        return tuple(one for one in self.reading.references if self.answered(one).sum() >= enough)

    def answered(self, model: Subject) -> Bool[NDArray[np.bool_], " items"]:
        """Items that the suspect or a reference answered, with all their twins."""
        scores = self._scores[model.digest]
        return ~(np.isnan(scores[:, 0]) | np.isnan(scores[:, 1]))

    @cached_property
    def compared(self) -> tuple[Compared, ...]:
        """Benchmarks of which enough items were answered by everybody."""
        models = (self.reading.seen.suspect, *self.references)
        if len(self.references) < FEWEST_REFERENCES:
            return ()
        everybody = np.all([self.answered(one) for one in models], axis=0)
        names = np.array([one.benchmark for one in self.reading.items])
        found = []
        for name in dict.fromkeys(names.tolist()):
            chosen = everybody & (names == name)
            if chosen.sum() < FEWEST_ITEMS:
                continue
            scores = np.stack([self._scores[one.digest][chosen] for one in models])
            gaps = scores[:, :, 0] - scores[:, :, 1]
            found.append(
                Compared(
                    name=name,
                    items=int(chosen.sum()),
                    own=_pair(scores[0].mean(axis=0)),
                    usual=_pair(scores[1:].mean(axis=(0, 1))),
                    gaps=tuple(float(one) for one in gaps[1:].mean(axis=1)),
                    found=difference_in_differences(gaps[0], gaps[1:]),
                )
            )
        return tuple(found)

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """Benchmarks that were given and could not be compared: nothing found on others clears these."""
        compared = {one.name for one in self.compared}
        given = dict.fromkeys(str(one["benchmark"]) for one in self.reading.spec.items)
        return tuple(name for name in given if name not in compared)

    def detectable(self, one: Compared) -> float:
        """Smallest difference that is usually found on a benchmark, all of them held to one level."""
        return one.found.smallest_detectable(self.reading.parameters.alpha / len(self.compared))


def forecast(reading: ContrastReading[Any]) -> tuple[str, ...]:
    """What so many items and references can find, in sentences for the user."""
    names = [one.benchmark for one in reading.items]
    sizes = {name: names.count(name) for name in dict.fromkeys(names)}
    references, quantity = len(reading.references), reading.quantity
    if not any(size >= FEWEST_ITEMS for size in sizes.values()):
        return ()
    if references < FEWEST_REFERENCES:
        return (
            f"{references} references are named, and with fewer than {FEWEST_REFERENCES} nothing is found",
        )
    size = max(sizes.values())
    smallest = planned_difference(references, size, quantity.spread, reading.parameters.alpha / len(sizes))
    return (
        f"with {references} references and {size} items, {quantity.amount(smallest)} beyond the references' "
        f"gap are found with probability 0.8 where only chance among items sets models apart (planned "
        f"standard deviation of an item's gap: {quantity.plain(quantity.spread)}); the more references' gaps "
        "differ, the more it takes",
    )


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])
