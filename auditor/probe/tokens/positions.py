"""Where models are asked what comes next: at the beginning of answers and in the middle of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

from auditor.digest import digest_json
from auditor.probe.words.table import Item, WordTable, Writing
from auditor.record.observation import Observations, TopTokens
from auditor.record.request import Message, NextTokens, Question, ask_all, request_digest, user
from auditor.record.subject import Subject
from auditor.record.word import word_ends

#: Most positions that are taken from one answer.
MOST_CUTS = 4


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an answer.

    Attributes:
        prompt: The question.
        before: What has been answered so far; empty at the beginning.
    """

    prompt: str
    before: str

    def request(self, k: int, more: str = "") -> NextTokens:
        """The request for what comes next, with ``more`` added to what has been answered."""
        before = self.before + more
        turns = (*user(self.prompt), Message(role="assistant", text=before)) if before else user(self.prompt)
        return NextTokens(prompt=turns, k=k)


def cuts(identity: str, text: str, most: int) -> tuple[str, ...]:
    """Beginnings of an answer, each up to the end of a word, the last word excepted.

    Which ones is drawn from the text's own digest: nobody chooses them, and they are the same in every scan.

    Args:
        identity: What tells this answer from the same text elsewhere.
        text: The answer.
        most: How many beginnings there are at most.
    """
    ends = word_ends(text)[:-1]
    order = sorted(ends, key=lambda end: digest_json([identity, text, end]))
    return tuple(dict.fromkeys(text[:end].rstrip() for end in sorted(order[:most])))


def piece(token: str) -> str:
    """A token's text up to the first word boundary: blanks before it are dropped, a new line is a piece.

    Tokenizers differ in whether a blank belongs to the word after it.
    """
    stripped = token.lstrip(" ")
    if stripped.startswith("\n"):
        return "\n"
    return stripped.split()[0] if stripped.split() else ""


@dataclass(frozen=True)
class TokenTable:
    """Positions in the candidates' answers, and what every reader would say there.

    Attributes:
        seen: The answers so far.
        items: The questions.
        writing: How the candidates answer.
        sources: The candidates, who write.
        readers: Who is asked what comes next.
        k: How many of the likeliest tokens are asked for.
        cuts: Most positions in the middle of one answer.
    """

    seen: Observations
    items: tuple[Item, ...]
    writing: Writing
    sources: tuple[Subject, ...]
    readers: tuple[Subject, ...]
    k: int
    cuts: int

    @cached_property
    def _texts(self) -> WordTable:
        return WordTable(
            seen=self.seen, items=self.items, writing=self.writing, sources=self.sources, scorers=()
        )

    @property
    def kept(self) -> tuple[Item, ...]:
        """Questions that every candidate gave a usable answer to."""
        return self._texts.kept

    @cached_property
    def key(self) -> tuple[Hashable, ...]:
        """What the positions depend on, beside the answers."""
        return ("tokens", self.k, self.cuts, *self._texts.key)

    @cached_property
    def positions(self) -> tuple[Position, ...]:
        """The beginning of every answer, and places in the middle of each candidate's."""

        def work_out() -> tuple[Position, ...]:
            found = [Position(item.text, "") for item in self.kept]
            for source in self.sources:
                for item in self.kept:
                    text = self._texts.text(source, item) or ""
                    found += [Position(item.text, before) for before in cuts(item.id, text, self.cuts)]
            return tuple(dict.fromkeys(one for one in found))

        return self.seen.remembered(("positions", *self.key), work_out)

    def questions(self) -> tuple[Question, ...]:
        """Answers first; then what every reader would say; then, where that is a blank, what after it."""
        if not self._texts.written():
            return self._texts.questions()
        return tuple(one for reader in self.readers for one in self._open(reader))

    def _open(self, reader: Subject) -> tuple[Question, ...]:
        def work_out() -> tuple[Question, ...]:
            requests: list[NextTokens] = []
            for position in self.positions:
                first = position.request(self.k)
                answer = self.seen.answer(reader, first)
                if answer is None:
                    requests.append(first)
                elif blank := _blank(answer):
                    second = position.request(self.k, blank)
                    requests += [] if self.seen.answer(reader, second) is not None else [second]
            return ask_all(reader.digest, requests)

        return self.seen.remembered(("open", reader.digest, *self.key), work_out)

    def next(self, reader: Subject, position: Position) -> TopTokens | None:
        """What a reader would say at a position, after the blank if it would write one by itself."""
        answer = self.seen.answer(reader, position.request(self.k))
        blank = _blank(answer)
        if blank:
            answer = self.seen.answer(reader, position.request(self.k, blank))
        return answer if isinstance(answer, TopTokens) and answer.tokens else None

    def observation_keys(self, readers: Sequence[Subject]) -> tuple[tuple[str, str], ...]:
        """The texts, and what some of the readers would say in them."""
        keys = [
            (source.digest, request_digest(self.writing.request(item)))
            for source in self.sources
            for item in self.kept
        ]
        requests = [request_digest(one.request(self.k)) for one in self.positions]
        return (*dict.fromkeys(keys), *((one.digest, digest) for one in readers for digest in requests))


def _blank(answer: object) -> str:
    """The blank that a model would write next as a token of its own, or nothing."""
    if not isinstance(answer, TopTokens) or not answer.tokens:
        return ""
    first = answer.tokens[0]
    return first if first and not first.strip(" ") else ""
