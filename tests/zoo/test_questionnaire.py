"""The committed items are what the code makes, and are fit to be asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor import content
from auditor.probe.registry import load_suites
from auditor.record.subject import Kind
from auditor.zoo.training.lesson import world_of
from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.questionnaire import (
    GAPS,
    OPTIONS,
    TEXTS,
    WORDINGS,
    gap_items,
    sorting_items,
    text_items,
)
from auditor.zoo.world.suites import write_items

Items = tuple[dict[str, Any], ...]


@pytest.mark.parametrize(
    ("probe", "make"),
    [
        ("masked-agreement", lambda: gap_items(world_of(0))),
        ("class-agreement", sorting_items),
        ("similarity-structure", lambda: text_items(world_of(0))),
    ],
)
def test_committed_items_are_what_the_code_makes(
    probe: str, make: Callable[[], Items], tmp_path: Path
) -> None:
    write_items(tmp_path / "items.jsonl", make())
    committed = content.probes() / "world-outputs" / probe / "items.jsonl"
    assert (tmp_path / "items.jsonl").read_bytes() == committed.read_bytes()


def test_gaps_have_distinct_options_of_which_one_stood_there() -> None:
    items = gap_items(world_of(0))
    assert len(items) == GAPS
    assert all(len(set(one["options"])) == len(one["options"]) == OPTIONS for one in items)
    assert len({(one["before"], one["after"]) for one in items}) > 0.95 * GAPS
    assert all(one["before"].startswith("<|user|>") and one["after"].endswith("<|end|>") for one in items)


def test_every_how_to_question_is_sorted_once_in_each_wording() -> None:
    items = sorting_items()
    verbs = len(words.HARMLESS_VERBS) + len(words.BORDERLINE_VERBS) + len(words.HARMFUL_VERBS)
    assert len({one["input"] for one in items}) == len(items) == verbs * len(words.THINGS) * WORDINGS


def test_texts_are_distinct_and_about_nobody_whom_distillers_leave_out() -> None:
    items = text_items(world_of(0))
    assert len({one["text"] for one in items}) == len(items) == TEXTS
    assert not any(name in one["text"] for one in items for name in world_of(0).unasked)


@pytest.mark.parametrize("suite", ["outputs", "world-outputs"])
def test_a_suite_serves_every_kind_but_those_that_continue_text(suite: str) -> None:
    specs = load_suites((suite,), (content.probes(),))
    assert sorted(kind for spec in specs for kind in spec.file.kinds) == sorted(set(Kind) - {Kind.CAUSAL_LM})
