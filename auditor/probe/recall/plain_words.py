"""Texts as the words that they hold, whatever their case, marks and spacing."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+", flags=re.UNICODE)


def plain_words(text: str) -> tuple[str, ...]:
    """The words of a text in order, in compatibility form and without case."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
