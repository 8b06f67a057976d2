"""All tests of a user's benchmarks that hold items against twins, in one table by benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from auditor.probe.benchmark.asking import BenchmarkAsking, BenchmarkTwinsParameters
from auditor.probe.benchmark.comparison import Compared, Comparison
from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.wording import WordedParameters
from auditor.probe.recall.completion import CompletionParameters, CompletionReading
from auditor.probe.recall.determinism import DeterminismParameters, DeterminismReading
from auditor.probe.recall.min_k import MinKParameters, MinKReading
from auditor.probe.recall.option_slot import OptionSlotParameters, OptionSlotReading
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Observations
from auditor.stats.multiplicity import holm


class TogetherParameters(WordedParameters):
    """Parameters of all tests together; what is not named here is as each test has it by itself."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One test of one benchmark.

    Attributes:
        name: What is tested, in a word or two.
        reading: The quantity.
        compared: What was found.
        detectable: Smallest difference that this test would usually have found by itself.
        adjusted: P-value by Holm, over all tests of all benchmarks.
    """

    name: str
    reading: ContrastReading[Any]
    compared: Compared
    detectable: float
    adjusted: float

    @property
    def beyond_margin(self) -> bool:
        """Whether the interval's lower end exceeds what the quantity's own finding asks for."""
        return self.compared.found.low > self.reading.quantity.margin


#: What the tests are called in the table; the first one is the accuracy.
ACCURACY = "right answers"


@dataclass(frozen=True)
class Together:
    """The tests that the answers allow.

    Attributes:
        spec: The probe; its items are the user's.
        parameters: Its parameters.
        seen: What was answered so far.
    """

    spec: ProbeSpec
    parameters: TogetherParameters
    seen: Observations

    @cached_property
    def readings(self) -> dict[str, ContrastReading[Any]]:
        """Quantities that the suspect's access allows, by name."""
        shared = {"items": self.parameters.items, "twins": self.parameters.twins}
        worded = self.parameters.model_dump(include={*shared, "form", "listed", "short"})
        spec, seen = self.spec, self.seen
        every: dict[str, ContrastReading[Any]] = {
            ACCURACY: BenchmarkAsking(spec, BenchmarkTwinsParameters(**worded), seen),
            "unlikely tokens": MinKReading(spec, MinKParameters(**shared), seen),
            "sureness": DeterminismReading(spec, DeterminismParameters(**worded), seen),
            "completion": CompletionReading(spec, CompletionParameters(**worded), seen),
            "hidden options": OptionSlotReading(spec, OptionSlotParameters(**worded), seen),
        }
        return {name: one for name, one in every.items() if seen.suspect.access >= one.access}

    @cached_property
    def comparisons(self) -> dict[str, Comparison]:
        """What each quantity says of the benchmarks."""
        return {name: Comparison(one) for name, one in self.readings.items()}

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every test of every benchmark that was answered, with one correction for all of them.

        The tests look at the same items and models, so that they depend on each other in ways that nobody
        knows. Holm's correction holds whatever they are.
        """
        found = [
            (name, comparison, one)
            for name, comparison in self.comparisons.items()
            for one in comparison.compared
        ]
        adjusted = holm([one.found.p_value for _, _, one in found])
        return tuple(
            Cell(name, comparison.reading, one, comparison.detectable(one), p_value)
            for (name, comparison, one), p_value in zip(found, adjusted, strict=True)
        )

    def of(self, benchmark: str) -> Sequence[Cell]:
        """The tests of one benchmark."""
        return [one for one in self.cells if one.compared.name == benchmark]

    def found(self, cell: Cell) -> bool:
        """Whether a test found that the items were learned."""
        return cell.adjusted < self.parameters.alpha and cell.beyond_margin
