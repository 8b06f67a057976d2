"""Text from models and files made inert: nothing in it can steer a terminal, hide, or reorder a line.

Escaping for a format is the renderers' part; what is done here holds for every format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from auditor.digest import well_formed
from auditor.record.finding import SideBySide

T = TypeVar("T")

#: Control characters, line and paragraph separators, bidi controls, and characters of no width that hide
#: text. Joiners (U+200C, U+200D) stay: Indic scripts and emoji need them.
_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_ESCAPED = "&<>\"'"
#: A terminal sequence after ``inert`` has shown its escape character.
_SEQUENCE = re.compile(r"␛(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^␇␛\n]*(?:␇|␛\\)?|[ -/]*[0-~])")
#: Characters of a name, a reason or the like that a page shows; answers have a budget of their own.
_LONGEST = 10_000
#: Characters in a line of a narrow column, and lines that are shown without a window.
_COLUMN = 48
_TALLEST = 20


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


def inert(text: str) -> str:
    """Replace every active or invisible character by a visible sign for it; keep newlines and tabs.

    A carriage return before a newline goes; ESC becomes ``␛``, a bidi override ``⟨U+202E⟩``, a lone
    surrogate U+FFFD.
    """
    return _ACTIVE.sub(_shown, well_formed(text).replace("\r\n", "\n"))


def without_sequences(text: str) -> str:
    """Drop what is left of terminal control sequences in inert text."""
    return _SEQUENCE.sub("", text)


def one_line(text: str) -> str:
    """Inert text on one line."""
    return " ".join(inert(text).split())


def inert_record(value: T) -> T:
    """A copy of a frozen record with every string inert.

    Answers side by side are left as they are, since they are cut to a budget first (`passage`).
    """
    return cast("T", _inert(value))


def _inert(value: Any) -> Any:
    if isinstance(value, str):
        if isinstance(value, Enum):
            return value
        kept = inert(value[:_LONGEST])
        return kept if len(value) <= _LONGEST else f"{kept} {_rest(value, _LONGEST)}"
    if isinstance(value, tuple):
        return tuple(_inert(one) for one in value)
    if is_dataclass(value) and not isinstance(value, (type, SideBySide)):
        return type(value)(**{each.name: _inert(getattr(value, each.name)) for each in fields(value)})
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Quoted text, perhaps cut short.

    Attributes:
        text: Inert text.
        more: What was left out, in words; empty where nothing was.
    """

    text: str
    more: str = ""

    @property
    def tall(self) -> bool:
        """Whether it takes so many lines that a page gives it a window of its own, to be scrolled in."""
        lines = 0
        for line in self.text.split("\n"):
            lines += 1 + len(line) // _COLUMN
            if lines > _TALLEST:
                return True
        return False


def weight(text: str) -> int:
    """Bytes that ``text`` takes in a page, escapes included."""
    return len(text.encode("utf-8", "surrogatepass")) + 5 * sum(text.count(one) for one in _ESCAPED)


def passage(text: str, limit: int) -> Passage:
    """The beginning of ``text`` that weighs at most ``limit`` bytes, with what was left out in words."""
    kept = text[:limit]
    while kept and weight(kept) > limit:
        kept = kept[: max(0, min(len(kept) - 1, len(kept) * limit // weight(kept)))]
    if len(kept) == len(text):
        return Passage(text=inert(text))
    return Passage(text=inert(kept), more=_rest(text, len(kept)))


def _rest(text: str, kept: int) -> str:
    return f"… {len(text) - kept:,} more"


def allowance(weights: list[int], budget: int, *, most: int) -> int:
    """The largest cap, at most ``most``, under which the capped weights sum to no more than ``budget``."""
    remaining, left = budget, len(weights)
    for one in sorted(weights):
        if one * left > remaining:
            return min(most, remaining // left)
        remaining -= one
        left -= 1
    return most
