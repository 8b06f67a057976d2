"""Two ways to one quantity: by log-probabilities where the suspect shows them, else by what it writes."""

from __future__ import annotations

from typing import Literal, TypeVar

from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.wording import WordedParameters
from auditor.record.subject import Access


class TwoWayParameters(WordedParameters):
    """Parameters of a quantity that can be read off log-probabilities or off texts.

    Attributes:
        ask: Which of both, or by the suspect's access. References are asked in the same way.
        margin: Difference that the interval's lower end must exceed, in the quantity's unit.
        material: Difference that a clean bill must have been able to find.
        margin_points: The same where texts are compared, in points.
        material_points: The same where texts are compared, in points.
    """

    ask: Literal["auto", "likelihood", "text"] = "auto"
    margin: float = 0.0
    material: float = 10.0
    margin_points: float = 2.0
    material_points: float = 10.0


W = TypeVar("W", bound=TwoWayParameters)


class TwoWayReading(ContrastReading[W]):
    """A quantity that can be read off log-probabilities or off texts."""

    @property
    def by_likelihood(self) -> bool:
        """Whether log-probabilities are asked for."""
        if self.parameters.ask == "auto":
            return self.seen.suspect.access >= Access.LOGPROBS
        return self.parameters.ask == "likelihood"

    @property
    def access(self) -> Access:
        """The same for the suspect and its references: two ways are not to be compared."""
        return Access.LOGPROBS if self.by_likelihood else Access.TEXT
