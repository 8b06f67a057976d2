"""Items as they were published, put to suspect, teachers and references in the very words of other probes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import Field

from auditor.probe.benchmark.asking import BenchmarkAsking, BenchmarkTwinsParameters
from auditor.probe.benchmark.item import BenchmarkItem, items_of
from auditor.probe.protocol import Parameters
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Answer, Observations, observation_id
from auditor.record.request import Choose, Generate, Question, Request, ask_all, request_digest
from auditor.record.subject import Access, Role, Subject

#: Fewest items that anything is said about.
FEWEST_ITEMS = 50


class KeyedParameters(Parameters):
    """Parameters of every comparison on items with known answers; the words are those of `benchmark_twins`.

    Attributes:
        form: Whether a question is put as a conversation or as text to continue.
        listed: Layout of a question with options; ``{question}`` and ``{options}`` are replaced.
        short: Layout of a question without options.
        choices: Whether a model chooses among the letters of listed options, or among the options themselves,
            which are then not listed; small models know no letters.
        option: Layout of the letter of an option; ``{letter}`` is replaced.
        items: Most items of a benchmark.
        max_tokens: Longest written answer.
        alpha: Level over all candidate teachers together.
    """

    form: Literal["chat", "text"] = "text"
    listed: str = "Question: {question}\n{options}\nAnswer:"
    short: str = "Question: {question}\nAnswer:"
    choices: Literal["letters", "options"] = "letters"
    option: str = " {letter}"
    items: int = Field(default=400, ge=20)
    max_tokens: int = Field(default=64, ge=1)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)

    @property
    def wording(self) -> BenchmarkTwinsParameters:
        """The same, as the parameters of the comparison with twins."""
        return BenchmarkTwinsParameters(
            form=self.form,
            listed=self.listed,
            short=self.short,
            option=self.option,
            items=self.items,
            max_tokens=self.max_tokens,
        )


@dataclass(frozen=True)
class KeyedAsking:
    """The questions of one scan about items as published, who answers them, and what was answered.

    Attributes:
        spec: The probe; its items are the user's.
        parameters: Its parameters.
        seen: What was answered so far.
    """

    spec: ProbeSpec
    parameters: KeyedParameters
    seen: Observations

    @cached_property
    def items(self) -> tuple[BenchmarkItem, ...]:
        """The items, the same ones as of other probes about this benchmark."""
        key = ("published items", self.spec.digest, self.parameters.items)
        return self.seen.remembered(
            key, lambda: items_of(self.spec.items, self.parameters.items, self.spec.id)
        )

    @cached_property
    def teachers(self) -> tuple[Subject, ...]:
        """Candidates other than the suspect itself."""
        return tuple(one for one in self.seen.of_role(Role.TEACHER) if one.digest != self.seen.suspect.digest)

    @cached_property
    def references(self) -> tuple[Subject, ...]:
        """Controls and the base, each once; never the suspect or a candidate."""
        taken = {self.seen.suspect.digest, *(one.digest for one in self.teachers)}
        found = [one for role in (Role.CONTROL, Role.BASE) for one in self.seen.of_role(role)]
        unique = {one.digest: one for one in reversed(found) if one.digest not in taken}
        return tuple(reversed(unique.values()))

    @property
    def models(self) -> tuple[Subject, ...]:
        """Everybody who is asked."""
        return (self.seen.suspect, *self.teachers, *self.references)

    @cached_property
    def _twins(self) -> BenchmarkAsking:
        return BenchmarkAsking(self.spec, self.parameters.wording, self.seen)

    def request(self, model: Subject, item: BenchmarkItem) -> Request:
        """An item as this model is asked it: what the comparison with twins asks as well."""
        question = item.published
        if self.parameters.choices == "options" and question.options and not question.context:
            prompt = self.parameters.wording.laid_out(
                self.parameters.short.replace("{question}", question.question)
            )
            if model.access >= Access.LOGPROBS:
                return Choose(prompt=prompt, options=question.options)
            return Generate(prompt=prompt, max_tokens=self.parameters.max_tokens)
        return self._twins.request(model, question)

    def answer(self, model: Subject, item: BenchmarkItem) -> Answer | None:
        """What the model said to an item."""
        return self.seen.answer(model, self.request(model, item))

    def questions(self) -> list[Question]:
        """Every item to everybody."""
        return [
            question
            for model in self.models
            for question in ask_all(model.digest, [self.request(model, item) for item in self.items])
        ]

    def observation_ids(self, models: tuple[Subject, ...]) -> tuple[str, ...]:
        """Identities of the answers of these models."""
        return tuple(
            observation_id(model.digest, request_digest(self.request(model, item)))
            for model in models
            for item in self.items
            if self.answer(model, item) is not None
        )
