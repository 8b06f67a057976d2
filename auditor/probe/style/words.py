"""Answers as tokens: words, the sentence that an answer opens or closes with, and content masked."""

from __future__ import annotations

import re

from auditor.probe.style.common_words import COMMON_WORDS

#: What stands for every word that carries content.
MASK = "\N{WHITE SQUARE}"
#: Longest opening or closing, in tokens.
LONGEST = 22
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,]\d+)*|[^\w\s]+|_+")
_END = re.compile(r"[.!?:\n]")
_LEAST = 8
#: Characters within which an opening or a closing is looked for.
_REACH = 400


def tokens_of(text: str) -> list[str]:
    """Words in lower case with straight apostrophes, numbers, and runs of other marks."""
    return [one.replace("’", "'") for one in _TOKEN.findall(text.lower())]


def opening(text: str) -> list[str]:
    """Tokens of the opening: up to the first of ``. ! ? :`` or a line's end after eight characters.

    At most the first 22 tokens; empty where there are no words.
    """
    start = text.strip()[:_REACH]
    end = _END.search(start, _LEAST)
    return tokens_of(start[: end.end()] if end else start)[:LONGEST]


def closing(text: str) -> list[str]:
    """Tokens of the last sentence or line, last one first; at most 22."""
    tail = text.strip()[-_REACH:]
    ends = [one.end() for one in _END.finditer(tail) if one.end() <= len(tail) - _LEAST]
    return tokens_of(tail[ends[-1] :] if ends else tail)[-LONGEST:][::-1]


def masked(tokens: list[str]) -> list[str]:
    """The same tokens with every word that carries content replaced by one mark."""
    return [one if one in COMMON_WORDS or not one[0].isalpha() else MASK for one in tokens]
