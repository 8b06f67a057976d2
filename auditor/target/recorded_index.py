"""The index of a file of recorded answers: which answer is where, by what was asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from auditor.record.observation import (
    Answer,
    Arrays,
    Choice,
    Distribution,
    Embedding,
    Likelihood,
    TokenLikelihoods,
    TopTokens,
    WordLikelihoods,
)
from auditor.record.request import request_digest
from auditor.record.subject import Access, Kind
from auditor.target.recorded_entry import (
    Entry,
    LikelihoodEntry,
    PredictionEntry,
    ReplayEntry,
    TextEntry,
    boundary,
    normal,
)

#: A byte offset (or the number in an array) and one of the entries of the record there.
Place = tuple[int, int]


@dataclass(slots=True)
class RecordedIndex:
    """Where each answer is.

    Attributes:
        digest: Digest of the file.
        stamp: Its size and time when it was read.
        names: Models that it holds answers of, in order.
        texts: Key of a prompt -> places of its answers.
        likelihoods: Key of a prompt with a continuation -> place.
        predictions: Key of an input -> place of its distribution, in the order of the file.
        replays: Digest of a request -> place of its answer.
        access: What the answers show.
        kinds: What the model computes, by the answers that say so.
        array: The records themselves, where the file is one JSON list.
        count: Number of answers.
        kept: The entries themselves, where the file is small: a recording that is recalled as a whole is
            then read once and not twice.
    """

    digest: str = ""
    stamp: tuple[int, int] = (0, 0)
    names: dict[str, None] = field(default_factory=dict)
    texts: dict[bytes, list[Place]] = field(default_factory=dict)
    likelihoods: dict[bytes, Place] = field(default_factory=dict)
    predictions: dict[bytes, Place] = field(default_factory=dict)
    replays: dict[bytes, Place] = field(default_factory=dict)
    access: Access = Access.TEXT
    kinds: set[Kind] = field(default_factory=set)
    array: list[Any] | None = None
    count: int = 0
    kept: dict[Place, Entry] | None = None

    @property
    def kind(self) -> Kind:
        """What the model computes; one whose answers disagree continues text, as most do."""
        return next(iter(self.kinds)) if len(self.kinds) == 1 else Kind.CAUSAL_LM

    def add(self, entry: Entry, place: Place) -> None:
        """Remember where ``entry`` is; of exact answers the first one counts."""
        self.count += 1
        if self.kept is not None:
            self.kept[place] = entry
        if isinstance(entry, TextEntry):
            self.texts.setdefault(key_of(normal(entry.prompt)), []).append(place)
            self.kinds.add(Kind.CAUSAL_LM)
        elif isinstance(entry, LikelihoodEntry):
            prompt, continuation, _ = boundary(entry.prompt, entry.continuation)
            self.likelihoods.setdefault(likelihood_key(prompt, continuation, entry.conversation), place)
            self.access = max(self.access, Access.LOGPROBS)
            self.kinds.add(Kind.CAUSAL_LM)
        elif isinstance(entry, PredictionEntry):
            self.predictions.setdefault(key_of(normal(entry.input)), place)
            self.access = max(self.access, Access.LOGPROBS)
            self.kinds.add(Kind.POLICY if entry.state else Kind.CLASSIFIER)
        else:
            self._replay(entry, place)

    def _replay(self, entry: ReplayEntry, place: Place) -> None:
        self.replays.setdefault(key_of(request_digest(entry.request)), place)
        self.access = max(self.access, _access_of(entry.answer))
        if isinstance(entry.answer, Embedding):
            self.kinds.add(Kind.EMBEDDER)
        elif isinstance(entry.answer, Distribution):
            self.kinds.add(Kind.CLASSIFIER)


def key_of(text: str) -> bytes:
    """A short key of a text."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()


def likelihood_key(prompt: str, continuation: str, conversation: bool) -> bytes:
    """A short key of a continuation after a prompt."""
    return key_of(json.dumps([prompt, continuation, conversation]))


def _access_of(answer: Answer) -> Access:
    if isinstance(answer, Likelihood | WordLikelihoods | TokenLikelihoods | Choice | Distribution):
        return Access.LOGPROBS
    if isinstance(answer, TopTokens):
        return Access.TOP_LOGPROBS
    if isinstance(answer, Embedding):
        return Access.HIDDEN
    return Access.WEIGHTS if isinstance(answer, Arrays) else Access.TEXT
