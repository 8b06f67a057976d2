"""Reading final answers, and the shipped items against their generators."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor import content
from auditor.error import ContentError
from auditor.probe.errors.choices import dilemma_of
from auditor.probe.errors.items import ErrorItem, generated_items, items_of
from auditor.probe.spec import load_probe
from auditor.zoo.world.suites import write_items

NUMBER = ErrorItem("n", "sum", "2 + 2?", "4", ())
WORD = ErrorItem("w", "word", "Turn it round.", "lemo", ())
CHOICE = ErrorItem("c", "colour", "Which colour?", "red", ("red", "dark red", "blue", "green"))


@pytest.mark.parametrize(
    ("item", "text", "answer"),
    [
        (NUMBER, "First 3, then it is 4.", "4"),
        (NUMBER, "4.0", "4"),
        (NUMBER, "That makes 1,204 in all.", "1204"),
        (NUMBER, "It is \u22123", "-3"),
        (NUMBER, "3.5 litres", "3.5"),
        (NUMBER, "no idea", ""),
        (WORD, "The answer is LEMO.", "lemo"),
        (WORD, "42", ""),
        (CHOICE, "Blue? No, red.", "red"),
        (CHOICE, "It is Dark Red", "dark red"),
        (CHOICE, "redder", ""),
        (CHOICE, "", ""),
    ],
)
def test_the_last_answer_counts(item: ErrorItem, text: str, answer: str) -> None:
    assert item.final(text) == answer


def test_the_shipped_items_are_what_the_generators_make(tmp_path: Path) -> None:
    names = ("chained_sums", "word_problem", "unit_conversion", "string_manipulation")
    write_items(tmp_path / "items.jsonl", generated_items(names, (2, 3), 30, 0))
    folder = content.probes() / "lineage" / "shared-errors"
    assert (tmp_path / "items.jsonl").read_bytes() == (folder / "items.jsonl").read_bytes()
    items = items_of(load_probe(folder))
    assert len(items) == len({one.prompt for one in items}) == 240
    assert all(one.final(f"So it is {one.answer}.") == one.right for one in items)


def test_items_that_cannot_be_read_are_refused() -> None:
    spec = load_probe(content.probes() / "lineage" / "shared-errors")
    good = {"id": "a", "category": "c", "prompt": "p", "answer": "red", "options": ["red", "blue"]}
    for wrong in ({"answer": "grey"}, {"options": "red"}, {"options": [1]}, {"answer": ""}):
        with pytest.raises(ContentError, match=r"items\.jsonl"):
            items_of(spec.with_items([{**good, **wrong}]))
    assert items_of(spec.with_items([good]))[0].right == "red"


def test_a_wrong_answer_stands_among_others_in_its_own_sentence() -> None:
    found = dilemma_of(3, CHOICE, "Blue, they say: blue it is.")
    assert found is not None
    assert found.said == "blue"
    stem = "Blue, they say: "
    assert found.request.options == tuple(stem + one for one in ("blue", "red", "dark red", "green"))
    assert dilemma_of(3, CHOICE, "It is red.") is None
    assert dilemma_of(3, CHOICE, "Who knows?") is None
    assert dilemma_of(3, replace(CHOICE, options=("red", "blue")), "Blue.") is None


def test_numbers_stand_among_slips_and_words_alone_are_no_choice() -> None:
    found = dilemma_of(0, NUMBER, "1 + 2 is 3.")
    assert found is not None
    assert found.answers == ("3", "4", "2", "5", "1", "13")
    assert found.request.options[0] == "1 + 2 is 3"
    assert dilemma_of(0, WORD, "Mole.") is None
