"""Answers of several models to the same prompts, drawn a few times each, recorded or live."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from auditor.probe.words.table import Item, Writing
from auditor.record.observation import Observations, Text, Transcript
from auditor.record.request import Generate, Question, Recall, ask_all, request_digest, user
from auditor.record.subject import Subject

#: Share of the prompts that a model must have answered to take part.
SHARE_ANSWERED = 0.9


@dataclass(frozen=True)
class TextTable:
    """What everybody writes to each prompt.

    Where the suspect or a candidate is known by a recording alone, the prompts are those that were recorded
    of all of them, and the probe's own otherwise.

    Attributes:
        seen: The answers so far.
        items: Prompts of the probe, for models that can be asked anything.
        most: Most prompts.
        writing: How everybody answers; the seed is that of the first answer.
        draws: Answers of everybody to each prompt.
        examined: The suspect and the candidates.
        controls: Who may stand in the suspect's place.
    """

    seen: Observations
    items: tuple[Item, ...]
    most: int
    writing: Writing
    draws: int
    examined: tuple[Subject, ...]
    controls: tuple[Subject, ...]

    def questions(self) -> tuple[Question, ...]:
        """First what is recorded of suspect and candidates, then the prompts to everybody."""
        recalls = [
            Question(subject_digest=one.digest, request=Recall())
            for one in self.examined
            if self.seen.answer(one, Recall()) is None
        ]
        if recalls:
            return tuple(recalls)
        return tuple(
            question
            for one in (*self.examined, *self.controls)
            for question in ask_all(one.digest, self._open(one))
        )

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """The prompts, in an order that nobody chose where they come from recordings."""
        recorded = [
            set(answer.prompts)
            for one in self.examined
            if isinstance(answer := self.seen.answer(one, Recall()), Transcript)
        ]
        if not recorded:
            return tuple(dict.fromkeys(one.text for one in self.items))
        common = sorted(set.intersection(*recorded), key=lambda one: hashlib.sha256(one.encode()).digest())
        return tuple(common[: self.most])

    @cached_property
    def key(self) -> tuple[Hashable, ...]:
        """What the answers that are compared depend on, beside the answers themselves."""
        return (self.seen.handle(("texts", self.prompts, self.writing, self.draws)),)

    def request(self, prompt: str, draw: int) -> Generate:
        """The request for one answer."""
        return Generate(
            prompt=user(prompt),
            max_tokens=self.writing.max_tokens,
            temperature=self.writing.temperature,
            seed=self.writing.seed + draw,
        )

    @cached_property
    def _requests(self) -> tuple[tuple[Generate, ...], ...]:
        return self.seen.remembered(
            ("text requests", *self.key),
            lambda: tuple(
                tuple(self.request(prompt, draw) for draw in range(self.draws)) for prompt in self.prompts
            ),
        )

    def _open(self, subject: Subject) -> tuple[Generate, ...]:
        """What a model has not been asked; many scans of one population have the same models in common."""
        return self.seen.remembered(
            ("open texts", subject.digest, *self.key),
            lambda: tuple(
                one
                for requests in self._requests
                for one in requests
                if self.seen.answer(subject, one) is None
            ),
        )

    def texts(self, subject: Subject) -> tuple[tuple[str, ...], ...]:
        """Usable answers to each prompt; none where it did not answer or its provider refused for it."""

        def work_out() -> tuple[tuple[str, ...], ...]:
            found = []
            for requests in self._requests:
                answers = [self.seen.answer(subject, one) for one in requests]
                found.append(
                    tuple(one.text for one in answers if isinstance(one, Text) and one.finish != "filtered")
                )
            return tuple(found)

        return self.seen.remembered(("texts", subject.digest, *self.key), work_out)

    def answered(self, subject: Subject) -> bool:
        """Whether a model answered enough of the prompts to take part."""
        return sum(map(bool, self.texts(subject))) >= SHARE_ANSWERED * max(len(self.prompts), 1)

    @cached_property
    def ranked(self) -> tuple[Subject, ...]:
        """Controls that answered enough of the prompts."""
        return tuple(one for one in self.controls if self.answered(one))

    @cached_property
    def common(self) -> tuple[int, ...]:
        """Places of the prompts that suspect, candidates and ranked controls all answered.

        A prompt that two models leave out alike would make them look alike.
        """
        everybody = [self.texts(one) for one in (*self.examined, *self.ranked)]
        return tuple(place for place in range(len(self.prompts)) if all(texts[place] for texts in everybody))

    def observation_keys(self, subject: Subject) -> tuple[tuple[str, str], ...]:
        """The answers of one model that were compared."""
        return tuple(
            (subject.digest, request_digest(one)) for place in self.common for one in self._requests[place]
        )
