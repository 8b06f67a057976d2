"""What is remarked about a declaration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a remark is about.

    ``contradiction``: the evidence, or the card itself, says otherwise. ``obligation``: a licence asks for
    something, or forbids. ``missing``: the card does not say. ``unmeasured``: nobody looked.
    """

    CONTRADICTION = "contradiction"
    OBLIGATION = "obligation"
    MISSING = "missing"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that whoever releases the model should know.

    Attributes:
        kind: What it is about.
        field: Field of the card, or part of its text.
        text: What was seen, in one sentence.
        remedy: What would settle it.
    """

    kind: Kind
    field: str
    text: str
    remedy: str
