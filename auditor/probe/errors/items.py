"""Questions with one right answer, and which answer a text amounts to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.error import ContentError
from auditor.probe.generator.registry import generator
from auditor.probe.protocol import field_of
from auditor.probe.spec import ProbeSpec

#: What makes an answer short enough to be read by a rule.
INSTRUCTION = "Answer with the result only."
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?!\w)")
_GROUPED = re.compile(r"(?<=\d)[,\u202f ](?=\d{3}(?!\d))")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class ErrorItem:
    """A question with a known answer.

    Attributes:
        id: Its name.
        kind: Items of one kind have their wrong answers in common.
        prompt: What is asked.
        answer: The right answer.
        options: All answers that there are, where they are few; else the answer is a number or a word.
    """

    id: str
    kind: str
    prompt: str
    answer: str
    options: tuple[str, ...]

    def final(self, text: str) -> str:
        """The answer that a text settles on, in one spelling; empty where none can be read.

        Of several the last one counts: models reckon aloud before they answer.
        """
        plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
        if self.options:
            # Longest first: an option may lie within another one.
            either = "|".join(re.escape(one) for one in sorted(self.options, key=len, reverse=True))
            named = re.findall(rf"(?<!\w)(?:{either})(?!\w)", plain, flags=re.IGNORECASE)
            return named[-1].casefold() if named else ""
        if _NUMBER.fullmatch(self.answer):
            found = _NUMBER.findall(_GROUPED.sub("", plain))
            return _canonical(found[-1]) if found else ""
        words = _WORD.findall(plain)
        return words[-1].casefold() if words else ""

    @property
    def right(self) -> str:
        """The right answer in the same spelling."""
        return self.final(self.answer)


def items_of(spec: ProbeSpec) -> tuple[ErrorItem, ...]:
    """The items of a probe.

    Raises:
        ContentError: If an item lacks a field, or its own answer cannot be read by its own rule.
    """
    return tuple(_item(one, spec) for one in spec.items)


def _item(raw: dict[str, Any], spec: ProbeSpec) -> ErrorItem:
    options = raw.get("options", [])
    if not isinstance(options, list) or not all(isinstance(one, str) and one for one in options):
        raise ContentError("the options of an item are not a list of texts", where=f"{spec.id}/items.jsonl")
    item = ErrorItem(
        id=field_of(raw, "id", spec),
        kind=field_of(raw, "category", spec),
        prompt=field_of(raw, "prompt", spec),
        answer=field_of(raw, "answer", spec),
        options=tuple(options),
    )
    if not item.right:
        raise ContentError(
            f"the answer of item '{item.id}' is none of its options, and no number or word",
            where=f"{spec.id}/items.jsonl",
        )
    return item


def generated_items(
    names: Sequence[str], levels: Sequence[int], each: int, seed: int
) -> tuple[dict[str, Any], ...]:
    """Items whose answers are numbers or words, with their right answers in closed form.

    Args:
        names: Names of item generators.
        levels: Difficulty levels drawn from each.
        each: Different questions of each generator and level.
        seed: Of the draws.

    Raises:
        ContentError: If there is no such generator.
    """
    found: list[dict[str, Any]] = []
    for place, (name, level) in enumerate((name, level) for name in names for level in levels):
        rng = np.random.default_rng([seed, place])
        drawn: dict[str, str] = {}
        while len(drawn) < each:
            item = generator(name).draw(rng, level)
            drawn.setdefault(item.question, item.answer)
        found += [
            {
                "id": f"{name}-{level}-{number:02d}",
                "category": f"{name}-{level}",
                "prompt": f"{question} {INSTRUCTION}",
                "answer": answer,
            }
            for number, (question, answer) in enumerate(drawn.items(), start=1)
        ]
    return tuple(found)


def _canonical(number: str) -> str:
    """One spelling of a number: 3.0 is 3, and -0 is 0."""
    value = float(number)
    return str(int(value)) if value.is_integer() else str(value)
