"""One answer that reasons at length, cut into the parts that habits are looked for in."""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = re.compile(r"(?<=[.!?:])[\"'”’)*_]*\s+|\n+")
_SAYS = re.compile(r"\w")
#: What stands before the first word of a line: bullets, numbers, headings, emphasis.
_MARKS = re.compile(r"^(?:[\s>#*_•·\-–]+|\(?\d{1,2}[.)]\s+)+")


@dataclass(frozen=True, slots=True)
class Trace:
    """An answer as habits see it.

    Attributes:
        text: The answer, stripped.
        whole: Whether it ended by itself; how a cut one would have closed is unknown.
        sentences: Its sentences and lines that hold a letter or digit, stripped.
        bare: The same without bullets, numbers and emphasis in front.
    """

    text: str
    whole: bool
    sentences: tuple[str, ...]
    bare: tuple[str, ...]

    @property
    def words(self) -> int:
        """Runs of characters between spaces."""
        return len(self.text.split())


def read_trace(text: str, *, whole: bool) -> Trace:
    """Cut an answer into sentences; a line's end ends one too.

    Args:
        text: The answer.
        whole: Whether it ended by itself.
    """
    stripped = text.strip()
    sentences = tuple(one.strip() for one in _END.split(stripped) if _SAYS.search(one))
    return Trace(stripped, whole, sentences, tuple(_MARKS.sub("", one) for one in sentences))
