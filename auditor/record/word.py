"""The words of a text, by which models with different tokenizers can be set side by side."""

from __future__ import annotations

import re

#: Scripts that write no blanks between words: each character is taken for one.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff"
_WORD = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)")


def word_ends(text: str) -> tuple[int, ...]:
    """Where each word ends, in characters; blanks belong to the word after them, the last ones to the last.

    A text without any word is one word; the empty text has none.
    """
    ends = [found.end() for found in _WORD.finditer(text)]
    return (*ends[:-1], len(text)) if text else ()
