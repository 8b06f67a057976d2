"""How sure a model is of the words that it writes itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field

from auditor.probe.benchmark.item import BenchmarkItem
from auditor.probe.benchmark.quantity import Quantity
from auditor.probe.recall.plain_words import plain_words
from auditor.probe.recall.way import TwoWayParameters, TwoWayReading
from auditor.record.observation import Likelihood, Text
from auditor.record.request import Generate, Request, Score
from auditor.record.subject import Subject
from auditor.stats.repetition import share_of_equal_pairs

METHOD = "token_determinism"
#: Standard deviation of an item's gap that is planned for, in points.
_SPREAD = 25.0


class DeterminismParameters(TwoWayParameters):
    """Parameters of the sureness of written answers.

    Attributes:
        max_tokens: Longest answer.
        samples: Answers drawn to each question where only texts are shown.
        temperature: Temperature that they are drawn at.
    """

    max_tokens: int = Field(default=16, ge=1)
    samples: int = Field(default=5, ge=2, le=50)
    temperature: float = Field(default=1.0, gt=0)
    margin: float = 2.0


class DeterminismReading(TwoWayReading[DeterminismParameters]):
    """Mean probability of a greedy answer's tokens, or how often drawn answers coincide, in points."""

    @property
    def quantity(self) -> Quantity:
        """What is measured, in words."""
        told = (
            "probability of the tokens of greedy answers (geometric mean)"
            if self.by_likelihood
            else f"equal pairs among {self.parameters.samples} drawn answers"
        )
        return Quantity(
            method=METHOD,
            unit="points",
            digits=1,
            seen="the suspect is {gap} surer of its own answers to items as published than to twins, "
            "{beyond} more than references are ({low} to {high})",
            statistic=f"{told} to items as published minus twins",
            table=f"Sureness of answers by benchmark, in points: {told}",
            forest="Surer of answers to items as published than references are",
            source="Dong et al. (2024), arXiv:2402.15938",
            limits=(
                "A model that was made sure of everything shows nothing here, whatever it has read.",
                "Answers are cut off after a few tokens: who recites further on is not seen.",
            ),
            margin=self.parameters.margin if self.by_likelihood else self.parameters.margin_points,
            material=self.parameters.material if self.by_likelihood else self.parameters.material_points,
            spread=_SPREAD,
        )

    def requests_about(self, model: Subject, item: BenchmarkItem, place: int) -> Sequence[Request]:
        """The greedy answer and then its own likelihood, or several drawn answers."""
        if model.access < self.access:
            return ()
        drawn = self._drawn(item, place)
        own = self._own(model, item, place) if self.by_likelihood else None
        return drawn if own is None else (*drawn, own)

    def value(self, model: Subject, item: BenchmarkItem, place: int) -> float:
        """Points; NaN where the model wrote nothing."""
        if self.by_likelihood:
            own = self._own(model, item, place)
            scored = None if own is None else self.seen.answer(model, own)
            if not isinstance(scored, Likelihood) or not scored.tokens:
                return math.nan
            return 100.0 * math.exp(min(scored.log_likelihood / scored.tokens, 0.0))
        answers = [self.seen.answer(model, one) for one in self._drawn(item, place)]
        texts = [plain_words(one.text) for one in answers if isinstance(one, Text)]
        return 100.0 * share_of_equal_pairs(texts) if len(texts) == len(answers) else math.nan

    def _drawn(self, item: BenchmarkItem, place: int) -> tuple[Generate, ...]:
        prompt, most = self.parameters.prompt(item.forms[place]), self.parameters.max_tokens
        if self.by_likelihood:
            return (Generate(prompt=prompt, max_tokens=most),)
        heat = self.parameters.temperature
        return tuple(
            Generate(prompt=prompt, max_tokens=most, temperature=heat, seed=seed)
            for seed in range(self.parameters.samples)
        )

    def _own(self, model: Subject, item: BenchmarkItem, place: int) -> Score | None:
        """The likelihood of the model's own greedy answer; None as long as there is none."""
        (asked,) = self._drawn(item, place)
        answer = self.seen.answer(model, asked)
        if not isinstance(answer, Text) or not answer.text.strip():
            return None
        return Score(prompt=asked.prompt, continuation=answer.text)
