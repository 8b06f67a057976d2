"""The index of a file of recorded answers: which answer is where, by what was asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from auditor.record.observation import Answer, Arrays, Choice, Likelihood, TopTokens, WordLikelihoods
from auditor.record.subject import Access
from auditor.target.recorded_entry import Entry, LikelihoodEntry, TextEntry, boundary, normal


@dataclass(slots=True)
class RecordedIndex:
    """Where each answer is. A place is a byte offset (or the number in an array) and one of its entries.

    Attributes:
        digest: Of the file.
        stamp: Its size and time of change when it was read.
        names: Models whose answers it holds.
        texts: Places of answers in words, by key of the prompt.
        likelihoods: Places of likelihoods, by key of prompt and continuation.
        replays: Places of answers to exact requests, by key of their digest.
        access: Deepest access that the answers show.
        array: The records of a file that is one JSON list.
        count: Entries.
        kept: The entries themselves, where the file is small: a recording that is recalled as a whole is
            then read once and not twice.
    """

    digest: str = ""
    stamp: tuple[int, int] = (0, 0)
    names: dict[str, None] = field(default_factory=dict)
    texts: dict[bytes, list[tuple[int, int]]] = field(default_factory=dict)
    likelihoods: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    replays: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    access: Access = Access.TEXT
    array: list[Any] | None = None
    count: int = 0
    kept: dict[tuple[int, int], Entry] | None = None

    def add(self, entry: Entry, place: tuple[int, int]) -> None:
        """Remember where ``entry`` is; of exact answers the first one counts."""
        self.count += 1
        if self.kept is not None:
            self.kept[place] = entry
        if isinstance(entry, TextEntry):
            self.texts.setdefault(key_of(normal(entry.prompt)), []).append(place)
        elif isinstance(entry, LikelihoodEntry):
            self.likelihoods.setdefault(likelihood_key(*_parts(entry)), place)
            self.access = max(self.access, Access.LOGPROBS)
        else:
            self.replays.setdefault(key_of(entry.request_digest), place)
            self.access = max(self.access, _access_of(entry.answer))


def key_of(text: str) -> bytes:
    """A short key for a text."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()


def _parts(entry: LikelihoodEntry) -> tuple[str, str, bool]:
    prompt, continuation, _ = boundary(entry.prompt, entry.continuation)
    return prompt, continuation, entry.conversation


def likelihood_key(prompt: str, continuation: str, conversation: bool) -> bytes:
    """A short key for a likelihood that is asked about."""
    return key_of(json.dumps([prompt, continuation, conversation]))


def _access_of(answer: Answer) -> Access:
    if isinstance(answer, Likelihood | WordLikelihoods | Choice):
        return Access.LOGPROBS
    if isinstance(answer, TopTokens):
        return Access.TOP_LOGPROBS
    return Access.WEIGHTS if isinstance(answer, Arrays) else Access.TEXT
