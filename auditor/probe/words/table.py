"""Texts of several sources, and how likely every model finds each of their words."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from auditor.array import NDArray
from auditor.probe.protocol import field_of
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Observations, Text, WordLikelihoods, observation_id
from auditor.record.request import Generate, Question, ScoreWords, ask_all, request_digest, user
from auditor.record.subject import Subject
from auditor.record.word import word_ends

#: Share of the texts that a model must have scored to take part.
SHARE_SCORED = 0.9
#: Share of the words that everybody must have scored, for models to be compared on them.
SHARE_COMMON = 0.5


@dataclass(frozen=True, slots=True)
class Item:
    """A prompt that sources answer."""

    id: str
    category: str
    text: str


@dataclass(frozen=True, slots=True)
class Writing:
    """How sources answer.

    Attributes:
        max_tokens: Longest answer.
        temperature: Sampled answers show more of a model than greedy ones.
        seed: Of the answers; fixed by the probe, so that answers serve later scans too.
    """

    max_tokens: int
    temperature: float
    seed: int

    def request(self, item: Item) -> Generate:
        """The request for an answer."""
        return Generate(
            prompt=user(item.text), max_tokens=self.max_tokens, temperature=self.temperature, seed=self.seed
        )


def items_of(spec: ProbeSpec, most: int) -> tuple[Item, ...]:
    """At most ``most`` prompts of a probe, every category in the same share as in the file.

    Raises:
        ContentError: If an item lacks a field.
    """
    found = [
        Item(field_of(one, "id", spec), str(one.get("category", "")), field_of(one, "prompt", spec))
        for one in spec.items
    ]
    # Items of a category stand together in the file; even steps take from all of them.
    chosen = range(len(found)) if len(found) <= most else np.linspace(0, len(found) - 1, most).astype(int)
    return tuple(found[int(place)] for place in dict.fromkeys(map(int, chosen)))


@dataclass(frozen=True)
class WordTable:
    """What sources write to each item, and what every scorer makes of it word by word.

    Attributes:
        seen: The answers so far.
        items: The prompts.
        writing: How sources answer.
        sources: Who writes.
        scorers: Who scores.
    """

    seen: Observations
    items: tuple[Item, ...]
    writing: Writing
    sources: tuple[Subject, ...]
    scorers: tuple[Subject, ...]

    def text(self, source: Subject, item: Item) -> str | None:
        """A usable answer, or None."""
        answer = self.seen.answer(source, self.writing.request(item))
        usable = isinstance(answer, Text) and answer.finish != "filtered" and answer.text.strip()
        return answer.text if isinstance(answer, Text) and usable else None

    def written(self) -> bool:
        """Whether every source has answered every item, be it with nothing usable."""

        def work_out() -> bool:
            requests = [self.writing.request(item) for item in self.items]
            return all(
                self.seen.answer(one, request) is not None for one in self.sources for request in requests
            )

        return self.seen.remembered(("written", *self.key), work_out)

    @cached_property
    def kept(self) -> tuple[Item, ...]:
        """Items that every source gave a usable answer to, so that each weighs the same."""
        return self.seen.remembered(
            ("kept", *self.key),
            lambda: tuple(
                item for item in self.items if all(self.text(one, item) is not None for one in self.sources)
            ),
        )

    @cached_property
    def requests(self) -> tuple[ScoreWords, ...]:
        """The texts to be scored: source by source, in the order of the items."""
        return self.seen.remembered(
            ("requests", *self.key),
            lambda: tuple(
                ScoreWords(prompt=user(item.text), continuation=self.text(source, item) or "")
                for source in self.sources
                for item in self.kept
            ),
        )

    @cached_property
    def key(self) -> tuple[Hashable, ...]:
        """What the texts depend on, beside the answers."""
        sources = tuple(one.digest for one in self.sources)
        return (self.seen.handle(("words", self.items, self.writing, sources)),)

    @cached_property
    def _counts(self) -> Int[NDArray[np.int64], " texts"]:
        return self.seen.remembered(
            ("counts", *self.key),
            lambda: np.array([len(word_ends(one.continuation)) for one in self.requests], dtype=np.int64),
        )

    @property
    def words(self) -> int:
        """Words of all texts together."""
        return int(self._counts.sum())

    @property
    def text_of_word(self) -> Int[NDArray[np.int64], " words"]:
        """Place among ``requests`` of each word's text."""
        return np.repeat(np.arange(len(self._counts)), self._counts)

    def questions(self) -> tuple[Question, ...]:
        """Answers first; when all are in, every scorer's view of them."""
        if not self.written():
            writing = [self.writing.request(item) for item in self.items]
            return tuple(one for source in self.sources for one in ask_all(source.digest, writing))
        return tuple(one for scorer in self.scorers for one in self._open(scorer))

    def _open(self, scorer: Subject) -> tuple[Question, ...]:
        """Texts that a scorer has not scored; many scans of one population have the same ones in common."""
        return self.seen.remembered(
            ("open", scorer.digest, *self.key),
            lambda: ask_all(
                scorer.digest, [one for one in self.requests if self.seen.answer(scorer, one) is None]
            ),
        )

    def scores(self, scorer: Subject) -> Float[NDArray[np.float64], " words"] | None:
        """Nats of each word under a scorer, NaN for texts it did not score; None if these are too many."""
        return self.seen.remembered(("word scores", scorer.digest, *self.key), lambda: self._scores(scorer))

    def _scores(self, scorer: Subject) -> Float[NDArray[np.float64], " words"] | None:
        parts: list[NDArray[np.float64]] = []
        scored = 0
        for request, count in zip(self.requests, self._counts.tolist(), strict=True):
            answer = self.seen.answer(scorer, request)
            if isinstance(answer, WordLikelihoods) and len(answer.log_likelihoods) == count:
                parts.append(np.array(answer.log_likelihoods, dtype=np.float64))
                scored += 1
            else:
                parts.append(np.full(count, np.nan))
        if not parts or scored < SHARE_SCORED * len(parts):
            return None
        return np.concatenate(parts)

    def observation_ids(self, scorers: Sequence[Subject]) -> tuple[str, ...]:
        """The texts, and what some of the scorers made of them."""
        parts = (self._text_ids(), *(self._score_ids(one) for one in dict.fromkeys(scorers)))
        return tuple(itertools.chain.from_iterable(parts))

    def _text_ids(self) -> tuple[str, ...]:
        def work_out() -> tuple[str, ...]:
            digests = [request_digest(self.writing.request(item)) for item in self.kept]
            ids = (observation_id(source.digest, digest) for source in self.sources for digest in digests)
            return tuple(dict.fromkeys(ids))

        return self.seen.remembered(("text ids", *self.key), work_out)

    def _score_ids(self, scorer: Subject) -> tuple[str, ...]:
        def work_out() -> tuple[str, ...]:
            ids = (observation_id(scorer.digest, request_digest(one)) for one in self.requests)
            return tuple(dict.fromkeys(ids))

        return self.seen.remembered(("score ids", scorer.digest, *self.key), work_out)
