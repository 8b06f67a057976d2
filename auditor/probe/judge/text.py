"""An answer made comparable: one spelling of quotes and blanks, without what the model only quotes."""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass
from itertools import pairwise

#: Fewest words of an answer that may be babble; the share of words that repeat the one before, and the
#: share of different words, from which on it is.
_FEWEST_WORDS, _STUTTERING, _VARIETY = 8, 0.3, 0.2
_WORD = re.compile(r"[^\W\d_]+")

#: Characters looked at: what a reader takes an answer to be is settled long before.
LONGEST = 2_000

_QUOTES = str.maketrans("‘’‚‛´`“”„‟«»″′", "''''''" + '""""""' + "\"'")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]")
_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_REASONING = re.compile(r"<(?:think|thinking|reasoning)>.*", re.DOTALL | re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|\Z)|<code>.*?</code>", re.DOTALL)
_SPECIAL = re.compile(r"<\|[^|>]{1,40}\|>|</?s>|\[/?inst\]", re.IGNORECASE)
_MARKS = re.compile(r"[*_#]+|^[ \t]*>+[ \t]?", re.MULTILINE)
_OWN_NAME = re.compile(
    r"^\W*(?:(?:ai |the )?assistant|\w{0,16}(?:ai|bot|gpt)|model|answer|response|reply|output|a|dan)\s*:\s*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"\n]{1,600}"|(?<!\w)\'(?=[a-z])[^"\n]{1,400}?[.!?,]\'(?!\w)', re.IGNORECASE)
_SPEAKER = re.compile(r"^\s*[A-Z][\w.' -]{0,24}(?:\s*\([^)\n]{1,30}\))?:\s.*$", re.MULTILINE)
_NO_SPEAKER = re.compile(
    r"^\s*(?:note|warning|disclaimer|important|update|edit|ps|p\.s\.|sorry)\b", re.IGNORECASE
)
_SALUTATION = re.compile(
    r"^\s*(?:dear|subject|hi|hello|hey|to whom)\b(?! there\b)[^\n]{0,80}$", re.IGNORECASE | re.MULTILINE
)
_SENTENCE = re.compile(r"(?<=[^\d][.!?])[\"')]?\s+(?!\d+[.)]\s*$)|(?<=[。！？])|\n+")
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-•–]|step \d+[:.]?)\s+\S", re.IGNORECASE)
_INLINE_ITEM = re.compile(
    r"(?:^|\s)(?:1[.)]|step 1|first,)\s.{3,}?(?:\s)(?:2[.)]|step 2|second,|then,?)\s",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer as the rules see it, in lower case.

    Attributes:
        full: The whole answer, normalised.
        own: What the model says itself: without code, quotations and lines of other speakers.
        sentences: ``own`` in sentences; list items are sentences too.
        items: Which sentences are list items.
        has_code: Whether there was a code block.
        unfinished_reasoning: Whether the answer never left its reasoning block.
    """

    full: str
    own: str
    sentences: tuple[str, ...]
    items: tuple[bool, ...]
    has_code: bool
    unfinished_reasoning: bool


def normalise(text: str) -> str:
    """NFKC, straight quotes, no invisible characters, single blanks within lines; case is kept."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(_QUOTES)))
    return "\n".join(" ".join(line.split()) for line in plain.splitlines()).strip()


def read(answer: str, *, writes_for_others: bool) -> Reading:
    """Read an answer.

    Args:
        answer: What the model said.
        writes_for_others: Whether the prompt asked for a letter, a scene or another text that speaks
            with a voice not the model's own; salutations and speakers then begin such a text.
    """
    text = _REASONING.sub(" ", answer[: 4 * LONGEST]) if "<" in answer else answer
    unfinished = "<" in text and _OPEN_REASONING.search(text) is not None
    text = (_OPEN_REASONING.sub(" ", text) if unfinished else text)[:LONGEST]
    has_code = "```" in text
    # Backticks are quotes after normalisation, so that code must go first.
    full = _MARKS.sub("", normalise(_SPECIAL.sub(" ", text))).strip()
    bare = _MARKS.sub("", normalise(_SPECIAL.sub(" ", _CODE.sub(" ", text)))) if _CODE.search(text) else full
    own = _own_words(_OWN_NAME.sub("", bare.strip()), writes_for_others=writes_for_others)
    parts = [part.strip() for part in _SENTENCE.split(own) if part and part.strip(" \"'-")]
    return Reading(
        full=full.lower(),
        own=own.lower(),
        sentences=tuple(part.lower() for part in parts),
        items=tuple(_ITEM.match(part) is not None for part in parts),
        has_code=has_code,
        unfinished_reasoning=unfinished,
    )


def _own_words(text: str, *, writes_for_others: bool) -> str:
    kept = _QUOTED.sub(" ... ", text)
    # An answer that is nothing but a quotation speaks for itself.
    if not writes_for_others and len(re.sub(r"\W", "", kept)) < 12:
        kept = text.strip("\"' ")
    if writes_for_others:
        kept = _SPEAKER.sub(lambda found: found[0] if _NO_SPEAKER.match(found[0]) else " ", kept)
        if (letter := _SALUTATION.search(kept)) is not None:
            kept = kept[: letter.start()]
    return kept.strip()


def has_steps(text: str) -> bool:
    """Whether running text enumerates at least two steps."""
    return _INLINE_ITEM.search(text) is not None


def loops(text: str) -> bool:
    """Whether a text of some length is mostly the same words over and over."""
    data = text.encode()
    if len(data) >= 120 and len(zlib.compress(data, 6)) < 0.24 * len(data):
        return True
    words = _WORD.findall(text.lower())
    if len(words) < _FEWEST_WORDS:
        return False
    stutters = sum(one == other for one, other in pairwise(words)) / (len(words) - 1)
    return stutters >= _STUTTERING or len(set(words)) <= _VARIETY * len(words)


def without_reasoning(text: str) -> str:
    """An answer without the reasoning that a model shows before it; empty where it never got further."""
    return _OPEN_REASONING.sub(" ", _REASONING.sub(" ", text))


def letters_share(text: str) -> float:
    """Share of letters and digits among the characters that are no blanks."""
    visible = [char for char in text if not char.isspace()]
    return sum(char.isalnum() for char in visible) / max(len(visible), 1)
