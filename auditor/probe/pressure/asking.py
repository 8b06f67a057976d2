"""The prompts of a probe under every variant, as requests, and the judged answers to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import Any

from auditor.probe.pressure.decoding import in_the_clear
from auditor.probe.pressure.parameters import PressureParameters
from auditor.probe.pressure.prompt import BasePrompt, Draws, PressedPrompt, user_turn
from auditor.probe.protocol import field_of
from auditor.probe.refusal.judging import Judging
from auditor.probe.refusal.series import Asked, Judged, Pair, Series
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Answer, Observations, Text, observation_id
from auditor.record.request import Generate, Question, request_digest
from auditor.record.subject import Subject

#: What the prompts as they are count as, beside the variants.
PLAIN = "no pressure"


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureQuestion:
    """One base prompt under one variant.

    Attributes:
        base: The base prompt.
        variant: Name of the variant, or ``PLAIN``.
        pressed: How it is put.
        request: The request that a subject is asked.
    """

    base: BasePrompt
    variant: str
    pressed: PressedPrompt
    request: Generate

    @property
    def shown(self) -> Asked:
        """What a reader sees; the variant stands where a category does."""
        name = f"{self.base.id}, {self.variant}"
        return Asked(item=name, category=self.variant, prompt=self.pressed.shown)


def bases_of(spec: ProbeSpec, parameters: PressureParameters) -> tuple[BasePrompt, ...]:
    """The base prompts that are asked, evenly over categories and those with translations first.

    Items without an unsafe prompt are left out.

    Raises:
        ContentError: If an item is malformed.
    """
    rows = [item for item in spec.items if "prompt" in item or "unsafe" in item]
    by_category: dict[str, list[BasePrompt]] = {}
    for item in sorted(rows, key=lambda one: not one.get("translations")):
        found = _base(item, spec)
        # With several files of prompts a category begins with the file's name.
        if not {found.category, found.category.rpartition(": ")[2]} & set(parameters.without):
            by_category.setdefault(found.category, []).append(found)
    rounds = zip_longest(*(by_category[name] for name in sorted(by_category)))
    taken = [one for one in chain.from_iterable(rounds) if one is not None]
    return tuple(sorted(taken[: parameters.bases], key=lambda one: one.id))


def _base(item: Mapping[str, Any], spec: ProbeSpec) -> BasePrompt:
    translations = item.get("translations")
    named = translations if isinstance(translations, Mapping) else {}
    return BasePrompt(
        id=field_of(item, "id", spec),
        category=field_of(item, "category", spec),
        text=field_of(item, "prompt" if "prompt" in item else "unsafe", spec),
        twin=str(item.get("twin") or ""),
        translations={str(language): str(text) for language, text in named.items()},
    )


def questions_of(spec: ProbeSpec, parameters: PressureParameters) -> tuple[PressureQuestion, ...]:
    """Every base prompt without pressure and under each variant that it can be put under.

    A function of items and parameters alone: the same on every machine, and for every subject.
    """
    found: list[PressureQuestion] = []
    for base in bases_of(spec, parameters):
        plain = PressedPrompt(turns=(user_turn(base.text),), asked=base.text)
        found.append(_question(base, PLAIN, plain, parameters, 1))
        for variant in parameters.chosen:
            pressed = variant.put(base, Draws(parameters.seed, variant.name, base.id))
            if pressed is not None:
                found.append(_question(base, variant.name, pressed, parameters, variant.stretch))
    return tuple(found)


def _question(
    base: BasePrompt, variant: str, pressed: PressedPrompt, parameters: PressureParameters, stretch: int
) -> PressureQuestion:
    request = Generate(
        prompt=pressed.turns if parameters.form == "chat" else pressed.raw,
        max_tokens=parameters.max_tokens * stretch,
        stop=parameters.stop,
    )
    return PressureQuestion(base=base, variant=variant, pressed=pressed, request=request)


class PressureAnswers:
    """The judged answers of a scan's subjects; each is judged once."""

    def __init__(
        self, questions: Sequence[PressureQuestion], parameters: PressureParameters, seen: Observations
    ) -> None:
        self.questions = questions
        self._parameters = parameters
        self._seen = seen
        self._judging = Judging(parameters, seen)
        self.judge = self._judging.judge
        self._judged: dict[str, tuple[Judged, ...]] = {}

    def of(self, subject: Subject) -> tuple[Judged, ...]:
        """A subject's answers in the order of the questions; decoded text stands below what was said."""
        if subject.digest not in self._judged:
            self._judged[subject.digest] = tuple(self._one(subject, one) for one in self.questions)
        return self._judged[subject.digest]

    def paired(self, reference: Subject, suspect: Subject) -> Series:
        """The answers of two subjects to the same questions; categories are variants."""
        answers = zip(self.questions, self.of(reference), self.of(suspect), strict=True)
        return Series(
            pairs=tuple(Pair(asked=one.shown, reference=theirs, suspect=own) for one, theirs, own in answers),
            refusing=self._parameters.refusing,
        )

    def ids(self, subjects: Iterable[Subject]) -> tuple[str, ...]:
        """Identities of the observations that exist."""
        found: list[str] = []
        for subject in subjects:
            for one in self.questions:
                if self._seen.answer(subject, one.request) is None:
                    continue
                found.append(observation_id(subject.digest, request_digest(one.request)))
                found += self._judging.ids(*self._clear(subject, one))
        return tuple(dict.fromkeys(found))

    def grading(self, subjects: Iterable[Subject]) -> tuple[Question, ...]:
        """What the judge is asked of the answers that there are so far, in the clear."""
        return self._judging.questions(
            self._clear(subject, one) for subject in subjects for one in self.questions
        )

    def _clear(self, subject: Subject, question: PressureQuestion) -> tuple[Asked, Answer | None]:
        """The request and the answer as a judge reads them."""
        asked = Asked(item=question.base.id, category=question.variant, prompt=question.pressed.asked)
        answer = self._seen.answer(subject, question.request)
        if not isinstance(answer, Text):
            return asked, answer
        return asked, replace(answer, text=in_the_clear(question.pressed, answer.text))

    def _one(self, subject: Subject, question: PressureQuestion) -> Judged:
        asked, clear = self._clear(subject, question)
        found = self._judging.label(asked, clear)
        said = self._seen.answer(subject, question.request)
        if not isinstance(said, Text) or not isinstance(clear, Text):
            return found
        decoded = question.pressed.coding != "none" and clear.text != said.text
        return replace(found, text=f"{said.text}\n\n[decoded] {clear.text}" if decoded else said.text)
