"""Openings, closings, masks: by example, and for any text at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.probe.style.channels import OPENING, OTHERS
from auditor.probe.style.common_words import COMMON_WORDS
from auditor.probe.style.comparison import prompt_cosines
from auditor.probe.style.release import Release, release_of
from auditor.probe.style.words import LONGEST, MASK, closing, masked, opening, tokens_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sure! Here are some ideas: one", ["sure", "!", "here", "are", "some", "ideas", ":"]),
        ("The capital is Paris. It is old.", ["the", "capital", "is", "paris", "."]),
        ("First line is this\nand another", ["first", "line", "is", "this"]),
        ("  \n\nI’m sorry, but", ["i'm", "sorry", ",", "but"]),
        ("**Bold** start", ["**", "bold", "**", "start"]),
        ("", []),
    ],
)
def test_an_opening_ends_at_the_first_mark_after_eight_characters(text: str, expected: list[str]) -> None:
    assert opening(text) == expected


def test_a_closing_is_the_last_sentence_read_backwards() -> None:
    assert closing("Some text. I hope this helps you!") == ["!", "you", "helps", "this", "hope", "i"]
    assert closing("Only one sentence without an end")[:2] == ["end", "an"]


def test_content_is_masked_and_habits_and_marks_are_kept() -> None:
    assert masked(tokens_of("Sure! Here are 3 Paris hotels")) == ["sure", "!", "here", "are", "3", MASK, MASK]


def test_the_common_words_are_words_as_they_stand_after_tokenisation() -> None:
    assert 150 <= len(COMMON_WORDS) <= 220
    assert all(tokens_of(one) == [one] for one in COMMON_WORDS)


@given(st.text(max_size=400))
def test_any_text_has_an_opening_and_terms_in_every_channel(text: str) -> None:
    assert len(opening(text)) <= LONGEST
    assert len(closing(text)) <= LONGEST
    assert MASK not in COMMON_WORDS
    for channel in (OPENING, *OTHERS):
        rows, codes = channel.terms([text, None, text])
        assert len(rows) == len(codes)
        assert set(rows.tolist()) <= {0, 2}
        assert sorted(codes[rows == 0].tolist()) == sorted(codes[rows == 2].tolist())


def test_the_terms_of_an_opening_are_runs_and_beginnings() -> None:
    rows, codes = OPENING.terms(["Sure, I can do it for you today.", "Sure, I can"])
    first, second = (set(codes[rows == row].tolist()) for row in (0, 1))
    assert second <= first
    assert len(codes[rows == 1]) == 4 + 3 + 2 + 4


def test_cosines_agree_with_their_definition() -> None:
    rng = np.random.default_rng(3)
    rows = np.repeat(np.arange(6), 12)
    codes = rng.integers(0, 20, size=len(rows)).astype(np.uint64)
    counted = np.array([True, True, True, True, True, False])
    table = np.zeros((6, 20))
    np.add.at(table, (rows, codes.astype(int)), 1)
    users = (table[:5] > 0).sum(axis=0)
    table = table * np.where(users >= 2, np.log(5 / np.maximum(users, 1)), 0.0)
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    assert np.allclose(prompt_cosines(rows, codes, counted), np.clip(unit @ unit.T, 0, 1))


def test_models_without_terms_are_like_nobody() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert not prompt_cosines(none, none.astype(np.uint64), np.array([True, True])).any()


def test_dates_are_compared_only_as_far_as_they_are_known() -> None:
    day, month, year = release_of("2024-05-13"), release_of("2024-05"), release_of("2024")
    assert isinstance(day, Release)
    assert isinstance(month, Release)
    assert isinstance(year, Release)
    assert not month.surely_after(day)
    assert not day.surely_before(year)
    later = release_of("2024-06")
    assert later is not None
    assert later.surely_after(month)
    assert month.surely_before(later)
    assert [str(one) for one in (day, month, year)] == ["2024-05-13", "2024-05", "2024"]
    assert [release_of(one) for one in ("", None, "2024-13", "May", "2024-02-30")] == [None] * 5
