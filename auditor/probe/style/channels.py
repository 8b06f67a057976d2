"""Channels: the separate ways in which an answer shows who wrote it, each as terms that can be counted.

A term is a 64-bit number, so that likeness over some hundred thousand answers stays a matter of sorting
numbers. Sequences are hashed by a polynomial; among some ten thousand terms of a prompt two collide with a
chance of about one in 10^11.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Int64, UInt64

from auditor.array import NDArray
from auditor.digest import digest_bytes
from auditor.probe.style.common_words import COMMON_WORDS
from auditor.probe.style.words import closing, masked, opening, tokens_of

Rows = Int64[NDArray[np.int64], " terms"]
Codes = UInt64[NDArray[np.uint64], " terms"]

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xC2B2AE3D27D4EB4F)
#: Characters of an answer that the channels over whole answers read.
_READ = 600
_LINE_MARKS = (
    ("bullet", re.compile(r"^\s*[-*•]\s", re.MULTILINE)),
    ("number", re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)),
    ("heading", re.compile(r"^#{1,6}\s", re.MULTILINE)),
)


@dataclass(frozen=True)
class Channel:
    """One way of showing who wrote an answer.

    Attributes:
        name: Short name.
        meaning: What it looks at, for a reader.
        terms: Rows and terms of the answers of all models to one prompt; a term stands as often as it
            occurs. An answer of None has no terms.
    """

    name: str
    meaning: str
    terms: Callable[[Sequence[str | None]], tuple[Rows, Codes]]


def _sequences(cut: Callable[[str], list[str]]) -> Callable[[Sequence[str | None]], tuple[Rows, Codes]]:
    """Terms of masked token sequences: runs of one to three tokens, and beginnings of growing length."""

    def terms(answers: Sequence[str | None]) -> tuple[Rows, Codes]:
        coded = [[_code(token) for token in masked(cut(one))] if one else [] for one in answers]
        longest = max((len(one) for one in coded), default=0)
        grid = np.zeros((len(coded), longest), dtype=np.uint64)
        for row, one in enumerate(coded):
            grid[row, : len(one)] = one
        there = grid != 0
        runs, held = [grid], [there]
        for length in (2, 3):
            if longest >= length:
                runs.append(runs[-1][:, :-1] * _PRIME + grid[:, length - 1 :] + np.uint64(length))
                held.append(there[:, length - 1 :])
        begun = np.zeros(len(coded), dtype=np.uint64)
        starts = np.empty_like(grid)
        for column in range(longest):
            begun = begun * _OTHER + grid[:, column] + np.uint64(1)
            starts[:, column] = begun
        every = np.concatenate([*runs, starts], axis=1)
        kept = np.concatenate([*held, there], axis=1)
        rows, columns = np.nonzero(kept)
        return rows.astype(np.int64), every[rows, columns]

    return terms


def _bag(choose: Callable[[str], Sequence[int]]) -> Callable[[Sequence[str | None]], tuple[Rows, Codes]]:
    def terms(answers: Sequence[str | None]) -> tuple[Rows, Codes]:
        coded = [choose(one) if one else () for one in answers]
        rows = np.repeat(np.arange(len(coded), dtype=np.int64), [len(one) for one in coded])
        return rows, np.array([code for one in coded for code in one], dtype=np.uint64)

    return terms


@lru_cache(maxsize=1 << 18)
def _code(token: str) -> int:
    """A number for a token that is the same in every process: Python's own hash is not."""
    return int(digest_bytes(token.encode("utf-8", "replace"))[7:23], 16) or 1


def _wording(text: str) -> list[int]:
    """Common words and marks of the whole answer, with the one before them."""
    marks = [_code(one) for one in masked(tokens_of(text[:_READ]))]
    return marks + [
        (31 * first + second + 7) & 0xFFFFFFFFFFFFFFFF for first, second in itertools.pairwise(marks)
    ]


def _content(text: str) -> list[int]:
    """Words that carry content, each once."""
    return [
        _code(one)
        for one in dict.fromkeys(tokens_of(text[:_READ]))
        if one not in COMMON_WORDS and one[0].isalpha()
    ]


def _layout(text: str) -> list[int]:
    """How the answer is set: counts of marks in rough steps, and how its first and last line are set."""
    counts = {name: len(found.findall(text)) for name, found in _LINE_MARKS}
    counts |= {
        "bold": text.count("**") // 2,
        "code": text.count("```") // 2,
        "table": text.count("\n|"),
        "paragraph": text.count("\n\n"),
        "line": text.count("\n"),
        "exclamation": text.count("!"),
        "question": text.count("?"),
        "bracket": text.count("("),
        "dash": text.count("—") + text.count(" - ") + text.count("–"),
        "semicolon": text.count(";"),
        "quote": text.count('"') + text.count("“"),
    }
    marks = [f"{name}:{number.bit_length()}" for name, number in counts.items()]
    ends = text.strip()
    marks.append(f"first:{_kind(ends.partition(chr(10))[0])}")
    marks.append(f"last:{_kind(ends.rpartition(chr(10))[2])}")
    marks += [f"{one}|{marks[0]}|{marks[1]}" for one in marks[2:5]]
    return [_code(one) for one in marks]


def _kind(line: str) -> str:
    """The mark that a line begins with and the one that it ends with."""
    line = line.strip()
    if not line:
        return ""
    return f"{'' if line[0].isalnum() else line[0]}…{'' if line[-1].isalnum() else line[-1]}"


OPENING = Channel("opening", "first sentence with content masked", _sequences(opening))
OTHERS: tuple[Channel, ...] = (
    Channel("closing", "last sentence with content masked, read backwards", _sequences(closing)),
    Channel("wording", "common words and marks over the whole answer", _bag(_wording)),
    Channel("content", "which things are spoken of", _bag(_content)),
    Channel("layout", "lists, headings, paragraphs, marks", _bag(_layout)),
)
