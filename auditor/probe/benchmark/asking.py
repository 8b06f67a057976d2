"""What is asked about the answers to a benchmark's items, and which of the answers are right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import ClassVar

from pydantic import Field

from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.item import BenchmarkItem, BenchmarkQuestion
from auditor.probe.benchmark.quantity import Quantity
from auditor.probe.benchmark.wording import WordedParameters
from auditor.record.finding import Fact
from auditor.record.request import Choose, Generate, Request
from auditor.record.subject import Access, Role, Subject
from auditor.stats.difference_in_differences import DifferenceInDifferences

METHOD = "benchmark_twins"
#: Standard deviation of an item's gap that is planned for: right on one side only for one item in four.
_SPREAD = 50.0
#: Points above guessing that a suspect must reach on items or twins, for nothing found to clear it.
_ROOM = 10.0


class BenchmarkTwinsParameters(WordedParameters):
    """Parameters of the comparison of right answers.

    Attributes:
        option: Layout of the letter of an option; ``{letter}`` is replaced.
        max_tokens: Longest written answer.
        margin_points: Difference in points that the interval's lower end must exceed.
        material_points: Difference in points that a clean bill must have been able to find.
    """

    option: str = " {letter}"
    max_tokens: int = Field(default=64, ge=1)
    margin_points: float = 2.0
    material_points: float = 10.0


class BenchmarkAsking(ContrastReading[BenchmarkTwinsParameters]):
    """Right answers, in points."""

    clears: ClassVar[bool] = True

    @property
    def quantity(self) -> Quantity:
        """What is measured, in words."""
        return Quantity(
            method=METHOD,
            unit="points",
            digits=1,
            seen="the suspect is {gap} better on items as published than on their twins, {beyond} more than "
            "references are ({low} to {high})",
            statistic="accuracy on items as published minus twins",
            table="Accuracy by benchmark, in points",
            forest="Better on items as published than references are",
            source="difference in differences",
            limits=(
                "Reshuffled options show whether the published order of options is known. Who learned the "
                "right answers in their own words is not hurt by reshuffling and shows nothing here.",
            ),
            margin=self.parameters.margin_points,
            material=self.parameters.material_points,
            spread=_SPREAD,
        )

    @property
    def models(self) -> tuple[Subject, ...]:
        """Suspect, references, and teachers, whose answers are kept beside theirs."""
        return (*super().models, *self.seen.of_role(Role.TEACHER, self.access))

    def requests_about(self, model: Subject, item: BenchmarkItem, place: int) -> Sequence[Request]:
        """The question as this model is asked it."""
        return (self.request(model, item.forms[place]),)

    def request(self, model: Subject, question: BenchmarkQuestion) -> Request:
        """A question as this model is asked it."""
        prompt = self.parameters.prompt(question)
        if question.continuations:
            return Choose(prompt=prompt, options=question.continuations)
        if question.options and not question.context and model.access >= Access.LOGPROBS:
            letters = (self.parameters.option.replace("{letter}", one) for one in question.letters)
            return Choose(prompt=prompt, options=tuple(letters))
        return Generate(prompt=prompt, max_tokens=self.parameters.max_tokens)

    def value(self, model: Subject, item: BenchmarkItem, place: int) -> float:
        """100 where the model is right, 0 where it is wrong, NaN where it did not answer."""
        question = item.forms[place]
        said = question.said(self.seen.answer(model, self.request(model, question)))
        return math.nan if said is None else 100.0 * question.is_right(said)

    def unmoved(self, benchmark: str, own: tuple[float, float]) -> str:
        """Who is hardly ever right shows nothing, be it for want of learning or because of the words."""
        options = [len(one.published.options) for one in self.items if one.benchmark == benchmark]
        chance = 100.0 * fmean(1 / number if number else 0.0 for number in options)
        if max(own) >= chance + _ROOM:
            return ""
        return (
            f"the suspect is right on {own[0]:.0f} % of items as published and {own[1]:.0f} % of twins, "
            f"where guessing gives {chance:.0f} %, so that these words may not reach what it has learned"
        )

    def facts(
        self, own: tuple[float, float], found: DifferenceInDifferences, detectable: float
    ) -> tuple[Fact, ...]:
        """Facts in points and in shares of the items."""
        found_usually = Fact(
            name="smallest_detectable_points",
            value=detectable,
            unit="points",
            meaning="smallest difference found in 80 % of cases",
        )
        return (
            Fact(name="gap_points", value=found.value, unit="points", meaning="gap beyond the references'"),
            Fact(name="gap_low", value=found.low, unit="points", meaning="lower end of its interval"),
            Fact(name="gap_high", value=found.high, unit="points", meaning="upper end of its interval"),
            Fact(
                name="public_accuracy", value=own[0] / 100, meaning="share of published items answered right"
            ),
            Fact(name="fresh_accuracy", value=own[1] / 100, meaning="share of twins answered right"),
            *([found_usually] if math.isfinite(detectable) else []),
        )
