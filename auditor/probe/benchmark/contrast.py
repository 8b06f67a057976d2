"""A quantity of a model's dealing with each item, as published and in twins: what every such probe shares."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Generic, TypeVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from auditor.array import NDArray
from auditor.probe.benchmark.item import BenchmarkItem, items_of, with_reshuffled_options
from auditor.probe.benchmark.quantity import Quantity
from auditor.probe.protocol import Parameters
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Fact
from auditor.record.observation import Observations
from auditor.record.request import Request
from auditor.record.subject import Access, Role, Subject
from auditor.stats.difference_in_differences import DifferenceInDifferences


class ContrastParameters(Parameters):
    """Parameters of every comparison of items with their twins.

    Attributes:
        items: Most items of a benchmark.
        twins: Reshuffled twins of an item with options.
        alpha: Level of all benchmarks together.
    """

    items: int = Field(default=400, ge=20)
    twins: int = Field(default=2, ge=1, le=8)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)


P = TypeVar("P", bound=ContrastParameters)


@dataclass(frozen=True)
class ContrastReading(ABC, Generic[P]):
    """The questions of one scan about benchmarks, who answers them, and the quantity read off the answers.

    Attributes:
        spec: The probe; its items are the user's.
        parameters: Its parameters.
        seen: What was answered so far.
    """

    spec: ProbeSpec
    parameters: P
    seen: Observations

    #: What a reader calls the twins that an item may have where it has none.
    lacking: ClassVar[tuple[str, str]] = (
        "no item has a twin: there are no options to reshuffle, and no twin_question beside them",
        "multiple choice, or a column twin_question with items of the same making",
    )

    @property
    @abstractmethod
    def quantity(self) -> Quantity:
        """What is measured, in words."""

    @abstractmethod
    def requests_about(self, model: Subject, item: BenchmarkItem, place: int) -> Sequence[Request]:
        """What a model is asked about one of an item's forms, as far as earlier answers tell."""

    @abstractmethod
    def value(self, model: Subject, item: BenchmarkItem, place: int) -> float:
        """The quantity for one of an item's forms; NaN where answers are missing."""

    #: Whether nothing found, by a design that was sharp enough, says that nothing was learned. Traces beside
    #: the answers do not: models of the zoo that were trained on items' answers leave hardly any.
    clears: ClassVar[bool] = False

    def unmoved(self, benchmark: str, own: tuple[float, float]) -> str:  # noqa: ARG002 - for who needs it
        """Why nothing found on a benchmark clears nobody with these means on items and twins, or nothing."""
        return ""

    @property
    def access(self) -> Access:
        """The access that the suspect and its references must allow."""
        return Access.TEXT

    def facts(
        self, own: tuple[float, float], found: DifferenceInDifferences, detectable: float
    ) -> tuple[Fact, ...]:
        """Facts for policies and reports, of the benchmark with the smallest p-value.

        Args:
            own: The suspect's mean on published items and on twins.
            found: The difference in differences.
            detectable: Smallest difference that would usually have been found; infinite where none would.
        """
        unit = self.quantity.unit
        found_usually = Fact(
            name="smallest_detectable_contrast",
            value=detectable,
            unit=unit,
            meaning="smallest difference found in 80 % of cases",
        )
        return (
            Fact(name="contrast", value=found.value, unit=unit, meaning="gap beyond the references'"),
            Fact(name="contrast_low", value=found.low, unit=unit, meaning="lower end of its interval"),
            Fact(name="contrast_high", value=found.high, unit=unit, meaning="upper end of its interval"),
            Fact(name="public_value", value=own[0], unit=unit, meaning="mean over items as published"),
            Fact(name="fresh_value", value=own[1], unit=unit, meaning="mean over their twins"),
            *([found_usually] if math.isfinite(detectable) else []),
        )

    def serves(self, item: BenchmarkItem) -> bool:
        """Whether the quantity can tell an item from its twins."""
        return bool(item.twins)

    @cached_property
    def items(self) -> tuple[BenchmarkItem, ...]:
        """Items that have a twin."""

        def made() -> tuple[BenchmarkItem, ...]:
            chosen = items_of(self.spec.items, self.parameters.items, self.spec.id)
            return with_reshuffled_options(chosen, self.parameters.twins, self.seen.seed)

        known = self.seen.remembered(("benchmark items", self.spec.digest, self.seen.seed), made)
        return tuple(one for one in known if self.serves(one))

    @property
    def references(self) -> tuple[Subject, ...]:
        """Models whose gaps show what is usual: controls, and the base."""
        roles = (Role.CONTROL, Role.BASE)
        return tuple(one for role in roles for one in self.seen.of_role(role, self.access))

    @property
    def models(self) -> tuple[Subject, ...]:
        """Who is asked: the suspect and the references."""
        return (self.seen.suspect, *self.references)

    def requests(self, model: Subject) -> list[Request]:
        """Every item as published and every twin."""
        return [
            request
            for item in self.items
            for place in range(len(item.forms))
            for request in self.requests_about(model, item, place)
        ]

    def scores(self, model: Subject) -> Float[NDArray[np.float64], "items 2"]:
        """Value of each item as published, and mean over its twins; NaN where an answer is missing."""
        rows = []
        for item in self.items:
            published, *twins = (self.value(model, item, place) for place in range(len(item.forms)))
            rows.append((published, np.mean(twins)))
        return np.array(rows, dtype=float).reshape(len(rows), 2)
