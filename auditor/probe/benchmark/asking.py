"""What is asked about a benchmark, of whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field

from auditor.array import NDArray
from auditor.probe.benchmark.item import BenchmarkItem, BenchmarkQuestion, items_of, with_reshuffled_options
from auditor.probe.protocol import Parameters
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Observations
from auditor.record.request import Choose, Generate, Request, user
from auditor.record.subject import Access, Role, Subject


class BenchmarkTwinsParameters(Parameters):
    """Parameters of the comparison with twins.

    Attributes:
        form: Whether a question is put as a conversation or as text to continue.
        listed: Layout of a question with options; ``{question}`` and ``{options}`` are replaced.
        short: Layout of a question without options.
        option: Layout of the letter of an option; ``{letter}`` is replaced.
        items: Most items of a benchmark.
        twins: Reshuffled twins of an item with options.
        max_tokens: Longest written answer.
        alpha: Level of all benchmarks together.
        margin_points: Difference in points that the interval's lower end must exceed.
        material_points: Difference in points that a clean bill must have been able to find.
    """

    form: Literal["chat", "text"] = "text"
    listed: str = "Question: {question}\n{options}\nAnswer:"
    short: str = "Question: {question}\nAnswer:"
    option: str = " {letter}"
    items: int = Field(default=400, ge=20)
    twins: int = Field(default=2, ge=1, le=8)
    max_tokens: int = Field(default=64, ge=1)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    margin_points: float = 2.0
    material_points: float = 10.0


@dataclass(frozen=True)
class BenchmarkAsking:
    """The questions of one scan about benchmarks, and who answers them.

    Attributes:
        spec: The probe; its items are the user's.
        parameters: Its parameters.
        seen: What was answered so far.
    """

    spec: ProbeSpec
    parameters: BenchmarkTwinsParameters
    seen: Observations

    @cached_property
    def items(self) -> tuple[BenchmarkItem, ...]:
        """Items that have a twin."""

        def made() -> tuple[BenchmarkItem, ...]:
            chosen = items_of(self.spec.items, self.parameters.items, self.spec.id)
            return with_reshuffled_options(chosen, self.parameters.twins, self.seen.seed)

        known = self.seen.remembered(("benchmark items", self.spec.digest, self.seen.seed), made)
        return tuple(one for one in known if one.twins)

    @property
    def references(self) -> tuple[Subject, ...]:
        """Models whose gaps show what is usual: controls, and the base."""
        return (*self.seen.of_role(Role.CONTROL), *self.seen.of_role(Role.BASE))

    @property
    def models(self) -> tuple[Subject, ...]:
        """Suspect, references, and teachers, whose gaps are shown beside them."""
        return (self.seen.suspect, *self.references, *self.seen.of_role(Role.TEACHER))

    def requests(self, model: Subject) -> list[Request]:
        """Every item as published and every twin."""
        return [
            self.request(model, question) for item in self.items for question in (item.published, *item.twins)
        ]

    def request(self, model: Subject, question: BenchmarkQuestion) -> Request:
        """A question as this model is asked it."""
        if question.context:
            if question.options:
                return Choose(prompt=question.context, options=question.continuations)
            return Generate(prompt=question.context, max_tokens=self.parameters.max_tokens)
        layout = self.parameters.listed if question.options else self.parameters.short
        text = layout.replace("{options}", question.listed).replace("{question}", question.question)
        prompt = user(text) if self.parameters.form == "chat" else text
        if question.options and model.access >= Access.LOGPROBS:
            letters = (self.parameters.option.replace("{letter}", one) for one in question.letters)
            return Choose(prompt=prompt, options=tuple(letters))
        return Generate(prompt=prompt, max_tokens=self.parameters.max_tokens)

    def _right(self, model: Subject, question: BenchmarkQuestion) -> float:
        """1 where the model is right, 0 where it is wrong, NaN where it did not answer."""
        said = question.said(self.seen.answer(model, self.request(model, question)))
        return float("nan") if said is None else float(question.is_right(said))

    def scores(self, model: Subject) -> Float[NDArray[np.float64], "items 2"]:
        """Score on each item as published, and mean score on its twins; NaN where an answer is missing."""
        rows = [
            (self._right(model, one.published), np.mean([self._right(model, twin) for twin in one.twins]))
            for one in self.items
        ]
        return np.array(rows, dtype=float).reshape(len(rows), 2)
