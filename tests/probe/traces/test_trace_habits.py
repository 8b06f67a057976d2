"""Single habits and formulas in answers whose habits anybody can see."""

from __future__ import annotations

import math

import pytest

from auditor.probe.traces.formulas import formulas_in, own_formulas, places_of
from auditor.probe.traces.habit import HABITS, Family, amounts
from auditor.probe.traces.trace import read_trace

LONG = """Okay, so we need the sum of 3 and 4.

**Step 1:** First, add the two numbers: 3 + 4 = 7.
Wait, let me double-check that. Actually, 4 + 3 = 7 too!
- So the total is \\(7\\).

Therefore, the answer is \\boxed{7}."""


def habits_of(text: str, *, whole: bool = True) -> dict[str, float]:
    found = amounts(read_trace(text, whole=whole))
    return {one.name: float(value) for one, value in zip(HABITS, found, strict=True)}


def test_every_habit_has_a_name_of_its_own() -> None:
    names = [one.name for one in HABITS]
    assert len(set(names)) == len(names) >= 75
    assert {one.family for one in HABITS} == set(Family)


@pytest.mark.parametrize(
    "name",
    [
        "“Step 1”", "“Wait”", "“Let me check”", "“Actually”", "“Therefore” or “thus”",
        "opens with “Okay” or “Sure”", "closes with “the answer is”", "closes with “So” or “Therefore”",
        "bold", "bullets", "boxed answer", "LaTeX in the line", "empty lines", "exclamation mark", "comma",
    ],
)  # fmt: skip
def test_a_habit_is_seen_where_it_is(name: str) -> None:
    assert habits_of(LONG)[name] > 0
    assert habits_of("It is seven because three and four make it")[name] == 0


def test_markers_are_shares_of_sentences_however_many_there_are() -> None:
    once = "Wait, that is odd. It is seven."
    assert habits_of(once)["“Wait”"] == pytest.approx(0.5)
    assert habits_of(" ".join([once] * 5))["“Wait”"] == pytest.approx(0.5)


def test_words_in_the_middle_are_no_markers() -> None:
    assert habits_of("There is so much to do that they wait first.")["“So”"] == 0
    assert habits_of("The waiter came.")["“Wait”"] == 0


def test_of_a_cut_answer_nobody_knows_how_it_closes() -> None:
    cut = habits_of(LONG, whole=False)
    closings = [one.name for one in HABITS if one.family is Family.CLOSING]
    assert closings
    assert all(math.isnan(cut[name]) for name in closings)
    assert not any(math.isnan(value) for name, value in cut.items() if name not in closings)


def test_lengths_are_doublings() -> None:
    short, long = ("word " * 15, "word " * 31)
    assert habits_of(long)["words"] - habits_of(short)["words"] == pytest.approx(1 / 6)


@pytest.mark.parametrize("text", ["", "...", "7", "\n\n", "。", "\ud800"])
def test_odd_answers_break_nothing(text: str) -> None:
    assert not any(math.isinf(value) for value in habits_of(text).values())


def test_numbers_and_words_of_the_question_are_no_part_of_a_formula() -> None:
    found = formulas_in(read_trace("We take the 14 pencils from the box.", whole=True), "How many pencils?")
    assert "we take the # _" in found
    assert not any("pencils" in one or "14" in one for one in found)


def test_a_formula_is_repeated_by_the_candidate_and_rare_elsewhere() -> None:
    said = "break this down into pieces"
    common = "we are given that now"
    candidate = places_of([frozenset({said, common})] * 8 + [frozenset[str]()] * 8)
    panel = [places_of([frozenset({common})] * 8 + [frozenset[str]()] * 8)] * 5
    assert own_formulas(candidate, panel, 16) == (said,)
    assert own_formulas(places_of([frozenset({said})] + [frozenset[str]()] * 15), panel, 16) == ()


def test_parts_of_one_formula_count_once() -> None:
    text = read_trace("Let us break this whole thing down into pieces.", whole=True)
    candidate = places_of([formulas_in(text, "Why?")] * 10)
    assert len(own_formulas(candidate, [{}], 10)) == 1
