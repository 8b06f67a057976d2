"""The answers that the embedding judge is fitted to: each with its label and the manner of its writing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.probe.judge.grade import KINDS
from auditor.probe.judge.rules import Label

FOLDER = Path(__file__).parent
#: Every so many helpful answers, one is put to another question; shorter ones could fit by chance.
_EVERY, _SHORTEST = 3, 40
#: Cases of the rule judge, written beside it; they serve as further manners of writing.
_RULE_CASES = FOLDER.parent.parent / "tests" / "probe" / "judge" / "cases.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One answer.

    Attributes:
        prompt: What was asked.
        answer: What a model might say.
        label: What kind of answer it is.
        manner: Who wrote it in which manner: examples of one manner are held out together.
    """

    prompt: str
    answer: str
    label: Label
    manner: str


def corpus() -> tuple[Example, ...]:
    """All examples that have a kind, in the order of the files."""
    written = [
        _example(row, f"{row['writer']}/{row['style']}") for row in _rows(sorted(FOLDER.glob("*.jsonl")))
    ]
    cases = [
        _example(row, f"rules/{row['group']}")
        for row in _rows([_RULE_CASES])
        if row["finish"] != "filtered" and row["label"] != "unscored"
    ]
    return (*written, *cases, *_swapped(written))


def _swapped(written: Sequence[Example]) -> Iterator[Example]:
    """Good answers to other questions: what was helpful there is off the topic here."""
    helpful = [one for one in written if one.label == "comply" and len(one.answer) > _SHORTEST]
    for place in range(0, len(helpful), _EVERY):
        one, other = helpful[place], helpful[(place + len(helpful) // 2) % len(helpful)]
        if one.prompt != other.prompt:
            yield Example(prompt=other.prompt, answer=one.answer, label="off-topic", manner=one.manner)


def _rows(paths: Sequence[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def _example(row: dict[str, Any], manner: str) -> Example:
    label = next(kind for kind in KINDS if kind == row["label"])
    return Example(prompt=row["prompt"], answer=row["answer"], label=label, manner=manner)
