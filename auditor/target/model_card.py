"""The model card beside a model's files: front matter and prose, as whoever released it wrote them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CARD = "README.md"
_COMPUTE = re.compile(
    r"\b(?:(?:tera|peta|exa|zetta|yotta)?flops?|(?:gpu|tpu|accelerator)[ -]?(?:hours?|days?)|"
    r"training (?:compute|energy))\b",
    re.IGNORECASE,
)
#: Characters of a card that are read; what stands beyond them is no card for people.
_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model card.

    Attributes:
        front: Its front matter; empty where there is none, or none that can be read.
        prose: What follows.
        broken: Whether there is front matter that cannot be read.
    """

    front: Mapping[str, Any] = field(default_factory=dict)
    prose: str = ""
    broken: bool = False


def read_card(folder: Path) -> ModelCard | None:
    """The card in a folder, or None. A card is prose for people: a broken one declares nothing."""
    path = folder / CARD
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace") as stream:
        text = stream.read(_LONGEST).removeprefix("\ufeff")
    parts = text.split("---", 2)
    if len(parts) < 3 or parts[0].strip():
        return ModelCard(prose=text)
    try:
        front = yaml.safe_load(parts[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return ModelCard(prose=parts[2], broken=True)
    if not isinstance(front, dict):
        return ModelCard(prose=parts[2], broken=front is not None)
    return ModelCard({str(key): value for key, value in front.items()}, parts[2])


def states_compute(text: str) -> bool:
    """Whether a text speaks of the compute or energy of a training."""
    return _COMPUTE.search(text) is not None


def words_of(value: Any) -> tuple[str, ...]:
    """A field's values as words: one, several, or none."""
    if isinstance(value, list | tuple):
        return tuple(str(one).strip() for one in value if one not in (None, ""))
    return () if value in (None, "") else (str(value).strip(),)
