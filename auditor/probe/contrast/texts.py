"""Whose answers to the neutral prompts are compared, and how likely every model finds them."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.error import ContentError
from auditor.probe.protocol import field_of
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Likelihood, Observations, Text
from auditor.record.request import Generate, Prompt, Question, Score, ask_all, request_digest, user
from auditor.record.subject import Access, Role, Subject

#: Share of questions that a model must have answered to take part.
SHARE_ANSWERED = 0.8


@dataclass(frozen=True, slots=True)
class NeutralPrompt:
    """A prompt that no candidate teacher owns, and the set it belongs to."""

    id: str
    second_set: bool
    category: str
    text: str


@dataclass(frozen=True, slots=True)
class Asking:
    """How answers are asked for and scored.

    Attributes:
        form: A conversation in the model's own template, or text to continue.
        layout: Layout of the text form; ``{prompt}`` is replaced.
        max_tokens: Longest answer.
        temperature: Of the answers; 0 is greedy.
        seed: Of the answers. Fixed by the probe, so that answers serve later scans too.
        min_bytes: Shorter answers are left out: their log-likelihood per byte is mostly their first word.
        contrasts: Sources of rival texts where there is one candidate only.
    """

    form: Literal["chat", "text"]
    layout: str
    max_tokens: int
    temperature: float
    seed: int
    min_bytes: int
    contrasts: int

    def prompt(self, item: NeutralPrompt) -> Prompt:
        """What is put to a model."""
        return user(item.text) if self.form == "chat" else self.layout.replace("{prompt}", item.text)

    def generate(self, item: NeutralPrompt) -> Generate:
        """The request for an answer."""
        return Generate(
            prompt=self.prompt(item),
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=self.seed,
        )


def neutral_prompts(spec: ProbeSpec, per_set: int) -> tuple[NeutralPrompt, ...]:
    """At most ``per_set`` prompts of each set, in an order fixed by their names alone.

    Raises:
        ContentError: If an item lacks a field, or a set is not A or B, or one of them is empty.
    """
    found = []
    for item in spec.items:
        chosen = field_of(item, "set", spec)
        if chosen not in ("A", "B"):
            raise ContentError(
                f"prompt set '{chosen}' is neither A nor B",
                where=f"{spec.id}/items.jsonl",
                fix="set it to A or B",
            )
        found.append(
            NeutralPrompt(
                id=field_of(item, "id", spec),
                second_set=chosen == "B",
                category=str(item.get("category", "")),
                text=field_of(item, "prompt", spec),
            )
        )
    found.sort(key=lambda one: hashlib.sha256(one.id.encode()).digest())
    first = [one for one in found if not one.second_set][:per_set]
    second = [one for one in found if one.second_set][:per_set]
    if not first or not second:
        raise ContentError(
            "two disjoint prompt sets are needed, and one is empty",
            where=f"{spec.id}/items.jsonl",
            fix="give items of set A and of set B",
        )
    return (*first, *second)


@dataclass(frozen=True)
class ContrastTexts:
    """Sources of text, models that score them, and what is still to be asked.

    Attributes:
        seen: The answers so far.
        asking: How answers are asked for.
        prompts: The prompts, first set first.
        teachers: Candidate teachers, each with its own digest, none of them the suspect.
        base: The suspect's base, where it can serve as reference.
        controls: Controls that may stand in the suspect's place.
    """

    seen: Observations
    asking: Asking
    prompts: tuple[NeutralPrompt, ...]
    teachers: tuple[Subject, ...]
    base: Subject | None
    controls: tuple[Subject, ...]

    def without_silent(self) -> tuple[ContrastTexts, tuple[Subject, ...]]:
        """The same without candidates whose every answer is in and too few are usable, and those."""
        silent = tuple(one for one in self.teachers if self._known_silent(one))
        return replace(self, teachers=tuple(one for one in self.teachers if one not in silent)), silent

    @cached_property
    def second_set(self) -> Bool[NDArray[np.bool_], " prompts"]:
        """Which prompts belong to the second set."""
        return np.array([one.second_set for one in self.prompts])

    @cached_property
    def sources(self) -> tuple[Subject, ...]:
        """Candidates first; for a single candidate also models whose texts it is set against.

        Controls that can only write come first, since they have no rank that the choice could touch;
        then the other controls, in the order of the plan; the base only where controls are short.
        A model that turned out not to answer makes room for the next.
        """
        if len(self.teachers) != 1:
            return self.teachers
        taken = {self.teachers[0].digest, self.seen.suspect.digest}
        writers = [one for one in self.seen.of_role(Role.CONTROL) if one.digest not in taken]
        writers.sort(key=lambda one: one.access >= Access.LOGPROBS)
        chosen: list[Subject] = []
        for writer in (*writers, *([self.base] if self.base else [])):
            enough = 2 if writer is self.base else self.asking.contrasts
            if len(chosen) >= enough or writer.digest in taken or self._known_silent(writer):
                continue
            taken.add(writer.digest)
            chosen.append(writer)
        return (self.teachers[0], *chosen)

    @cached_property
    def scorers(self) -> tuple[Subject, ...]:
        """The suspect, then the controls, then the base where there is one."""
        return (self.seen.suspect, *self.controls, *([self.base] if self.base else []))

    def text(self, source: Subject, item: NeutralPrompt) -> str | None:
        """The usable answer of ``source``, or None: unasked, unanswered, filtered, blank or too short."""
        answer = self.seen.answer(source, self.asking.generate(item))
        if not isinstance(answer, Text) or answer.finish == "filtered" or not answer.text.strip():
            return None
        return answer.text if len(answer.text.encode()) >= self.asking.min_bytes else None

    def score(self, source: Subject, item: NeutralPrompt) -> Score | None:
        """The request that scores the answer of ``source``, or None where there is no usable answer."""
        text = self.text(source, item)
        return None if text is None else Score(prompt=self.asking.prompt(item), continuation=text)

    def pending(self) -> tuple[Question, ...]:
        """Answers still to be written, and answers that are there and still to be scored."""
        if not self.teachers or len(self.sources) < 2:
            return ()
        writing = [question for source in self.sources for question in self._unwritten(source)]
        scoring = [question for scorer in self.scorers for question in self._unscored(scorer)]
        # Both at once: a source that can no longer be reached must not keep the others' texts unscored.
        return (*writing, *scoring)

    def _unwritten(self, source: Subject) -> tuple[Question, ...]:
        """Answers that a source has not given."""

        def work_out() -> tuple[Question, ...]:
            requests = [self.asking.generate(item) for item in self.prompts]
            return ask_all(source.digest, [one for one in requests if self.seen.answer(source, one) is None])

        return self.seen.remembered(("unwritten", source.digest, self._asked), work_out)

    def _unscored(self, scorer: Subject) -> tuple[Question, ...]:
        """Texts that a scorer has not scored; many scans of one population have the same ones in common."""

        def work_out() -> tuple[Question, ...]:
            requests = {
                digest: request
                for digests, asked in zip(self._digests, self._requests, strict=True)
                for digest, request in zip(digests, asked, strict=True)
                if digest is not None and request is not None
            }
            known, answers = scorer.digest, self.seen.answers
            missing = [one for digest, one in requests.items() if answers.get((known, digest)) is None]
            return ask_all(known, missing)

        return self.seen.remembered(("unscored", scorer.digest, self._key), work_out)

    def likelihoods(self, scorer: Subject) -> Float[NDArray[np.float64], "sources prompts"]:
        """Nats per byte of every source's answers under ``scorer``; NaN where there is none."""
        return self.seen.remembered(
            ("likelihoods", scorer.digest, self._key), lambda: self._likelihoods(scorer)
        )

    def _likelihoods(self, scorer: Subject) -> Float[NDArray[np.float64], "sources prompts"]:
        table = np.full((len(self.sources), len(self.prompts)), np.nan)
        answers, digest = self.seen.answers, scorer.digest
        for row, asked in enumerate(self._digests):
            for column, one in enumerate(asked):
                answer = None if one is None else answers.get((digest, one))
                if isinstance(answer, Likelihood) and np.isfinite(answer.log_likelihood):
                    table[row, column] = answer.per_byte
        return table

    def available(self) -> Bool[NDArray[np.bool_], "sources prompts"]:
        """Where there is a usable answer to be scored."""
        return np.array([[one is not None for one in row] for row in self._requests], dtype=bool).reshape(
            len(self.sources), len(self.prompts)
        )

    @cached_property
    def _asked(self) -> Hashable:
        return self.seen.handle(("contrast prompts", self.asking, self.prompts))

    @cached_property
    def _key(self) -> Hashable:
        """What the texts depend on, beside the answers."""
        sources = tuple(one.digest for one in self.sources)
        return self.seen.handle(("contrast texts", self._asked, sources))

    @cached_property
    def _requests(self) -> tuple[tuple[Score | None, ...], ...]:
        """The scoring request of every source's answer to every prompt."""
        return self.seen.remembered(
            ("scoring requests", self._key),
            lambda: tuple(
                tuple(self.score(source, item) for item in self.prompts) for source in self.sources
            ),
        )

    @cached_property
    def _digests(self) -> tuple[tuple[str | None, ...], ...]:
        """Their digests, made once: every scorer is looked up under each of them."""
        return self.seen.remembered(
            ("scoring digests", self._key),
            lambda: tuple(
                tuple(None if one is None else request_digest(one) for one in row) for row in self._requests
            ),
        )

    def _known_silent(self, writer: Subject) -> bool:
        """Whether every answer of ``writer`` is in, and too few are usable."""

        def work_out() -> bool:
            if self._unwritten(writer):
                return False
            usable = sum(self.text(writer, item) is not None for item in self.prompts)
            return usable < SHARE_ANSWERED * len(self.prompts)

        return self.seen.remembered(("silent", writer.digest, self._asked), work_out)


def share_scored(
    table: Float[NDArray[np.float64], "sources prompts"],
    available: Bool[NDArray[np.bool_], "sources prompts"],
) -> float:
    """Share of the available answers that a model scored."""
    wanted = int(available.sum())
    return float(np.count_nonzero(~np.isnan(table) & available)) / wanted if wanted else 0.0
