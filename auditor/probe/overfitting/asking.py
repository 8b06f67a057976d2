"""What the twin gap asks, and which answer a reply amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from auditor.probe.errors.items import ErrorItem
from auditor.probe.generator.item import GeneratedItem
from auditor.probe.generator.twins import Benchmark, Twin, option_named
from auditor.probe.overfitting.counts import ScoredTwin
from auditor.probe.protocol import Parameters
from auditor.record.observation import Answer, Choice, Observations, Text
from auditor.record.request import Choose, Generate, Prompt, Request, user
from auditor.record.subject import Access, Role, Subject

#: Ways of asking: options are scored, or an answer is written.
Way = Literal["choose", "generate"]


class TwinGapParameters(Parameters):
    """Parameters of the twin gap.

    Attributes:
        generators: Names of the item generators.
        levels: Difficulty levels drawn from each generator.
        items: Items drawn on each side in all, spread evenly over generators and levels.
        public_seed: Seed of the published items.
        form: Whether the question is put as a conversation or as text to continue.
        question: Layout of the question; ``{question}`` is replaced.
        option: Layout of an answer to be scored; ``{answer}`` is replaced.
        ask: Score the options, generate an answer, or choose by the suspect's access.
        teachers: Whether a teacher's own answer is the option that it was asked for like everybody, or what
            it writes, which may be none of the options.
        max_tokens: Longest generated answer.
        alpha: Level of each claim's exact tests together.
        margin_points: Gap in points that the interval's lower end must exceed.
        material_points: Gap in points that a clean bill must have been able to find.
    """

    generators: tuple[str, ...] = Field(min_length=1)
    levels: tuple[Literal[1, 2, 3], ...] = (1, 2, 3)
    items: int = Field(default=288, ge=20)
    public_seed: int
    form: Literal["chat", "text"] = "text"
    question: str = "Question: {question}\nAnswer:"
    option: str = " {answer}"
    ask: Literal["auto", "choose", "generate"] = "auto"
    teachers: Literal["as-asked", "write"] = "as-asked"
    max_tokens: int = 48
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    margin_points: float = 2.0
    material_points: float = 15.0

    def twins(self, fresh_seed: int) -> tuple[Twin, ...]:
        """Published and fresh items."""
        made = Benchmark(generators=self.generators, levels=self.levels, items=self.items)
        return made.twins(self.public_seed, fresh_seed)


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions of one scan.

    Attributes:
        parameters: The probe's parameters.
        seen: What was answered so far.
    """

    parameters: TwinGapParameters
    seen: Observations

    @property
    def items(self) -> tuple[Twin, ...]:
        """Published and fresh items."""
        return self.parameters.twins(self.seen.seed)

    @property
    def models(self) -> tuple[Subject, ...]:
        """Who is asked every item: the suspect, and for comparison teachers and base."""
        roles = (Role.SUSPECT, Role.TEACHER, Role.BASE)
        return tuple(one for role in roles for one in self.seen.of_role(role))

    def way(self, model: Subject) -> Way:
        """How a model is asked."""
        if self.parameters.ask == "auto":
            return "choose" if model.access >= Access.LOGPROBS else "generate"
        return self.parameters.ask

    def request(self, one: Twin, way: Way) -> Request:
        """An item as a question."""
        if way == "generate":
            return Generate(prompt=self._prompt(one.item), max_tokens=self.parameters.max_tokens)
        return self.among(one, one.item.options)

    def among(self, one: Twin, answers: Sequence[str]) -> Choose:
        """A choice among given answers to an item."""
        options = tuple(self.parameters.option.replace("{answer}", answer) for answer in answers)
        return Choose(prompt=self._prompt(one.item), options=options)

    def said(self, model: Subject, one: Twin) -> str | None:
        """The option that a model settles on, ``""`` where it names none; None where it did not answer."""
        answer = self.seen.answer(model, self.request(one, self.way(model)))
        if isinstance(answer, Choice):
            return one.item.options[int(np.argmax(per_byte(answer)))]
        return option_named(answer.text, one.item.options) if isinstance(answer, Text) else None

    def scored(self, model: Subject) -> tuple[ScoredTwin, ...]:
        """The items that a model answered, with whether it was right; many scans have the same teachers."""

        def work_out() -> tuple[ScoredTwin, ...]:
            said = ((one, self.said(model, one)) for one in self.items)
            return tuple(
                ScoredTwin(one, word == one.item.answer, word) for one, word in said if word is not None
            )

        return self.seen.remembered(("scored twins", self.parameters, model.digest), work_out)

    def _prompt(self, item: GeneratedItem) -> Prompt:
        text = self.parameters.question.replace("{question}", item.question)
        return user(text) if self.parameters.form == "chat" else text


def per_byte(choice: Choice) -> list[float]:
    """Log-likelihood of each option, in nats per byte of it."""
    return [value / max(size, 1) for value, size in zip(choice.log_likelihoods, choice.bytes, strict=True)]


def written(answer: Answer | None, item: GeneratedItem) -> str:
    """The answer that a text ends with: a number where the right one is a number, else an option."""
    if not isinstance(answer, Text):
        return ""
    number = item.answer.lstrip("-").isdigit()
    options = () if number else item.options
    return ErrorItem(id="", kind="", prompt="", answer=item.answer, options=options).final(answer.text)
