"""Habits of writing: shares of runs, and what they are alike in."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.stats.text_runs import BUCKETS, LENGTHS, RunIndex, frequent_runs, likeness, run_shares


def test_shares_are_shares_of_answers() -> None:
    shares = run_shares(["the cat sat", "the dog sat", "a bird"])
    assert shares.shape == (BUCKETS,)
    assert shares.min() == 0.0
    assert shares.max() <= 1.0
    kinds = {round(float(one), 6) for one in np.unique(shares)}
    assert kinds <= {0.0, round(1 / 3, 6), round(2 / 3, 6), 1.0}
    assert round(2 / 3, 6) in kinds


def test_a_run_counts_once_per_answer_however_often_it_stands_there() -> None:
    once, often = run_shares(["ab ab"]), run_shares(["ab ab ab ab ab"])
    assert set(np.unique(once)) == set(np.unique(often)) == {0.0, 1.0}


def test_spaces_and_forms_of_one_letter_do_not_matter_but_lines_do() -> None:
    plain = run_shares(["caf\u00e9 au lait"])
    assert np.array_equal(plain, run_shares(["  cafe\u0301   au\tlait "]))
    assert not np.array_equal(plain, run_shares(["caf\u00e9\nau lait"]))


@pytest.mark.parametrize("text", ["", "a", "\ud800 half a pair", "日本語のテキスト"])
def test_any_text_has_habits(text: str) -> None:
    assert np.isfinite(run_shares([text])).all()


def test_no_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="without answers"):
        run_shares([])


def test_likeness_runs_from_nothing_to_everything() -> None:
    first, second = run_shares(["one two three"] * 3), run_shares(["6789 5432 0000"] * 3)
    assert likeness(first, first) == pytest.approx(1.0)
    assert likeness(first, second) == likeness(second, first) < 0.2
    assert likeness(first, np.zeros(BUCKETS)) == 0.0


def test_rare_runs_and_those_of_one_model_are_left_out() -> None:
    shares = np.zeros((3, BUCKETS))
    shares[:, 0] = 0.01
    shares[0, 1] = 0.9
    shares[:2, 2] = 0.05
    assert np.flatnonzero(frequent_runs(shares)).tolist() == [2]
    assert np.array_equal(frequent_runs(shares), frequent_runs(shares[::-1]))


def test_a_bucket_is_shown_as_a_run_that_stands_in_the_text() -> None:
    buckets = np.flatnonzero(run_shares(["some words"]))
    index = RunIndex(["no", "some words", "some more"])
    runs = {index.run_in(int(one)) for one in buckets}
    assert "some " in runs
    assert all(one is not None and len(one) in LENGTHS for one in runs)
    unused = int(np.flatnonzero(run_shares(["some words"]) == 0)[0])
    assert RunIndex(["some words"]).run_in(unused) is None
    assert RunIndex([]).run_in(unused) is None


def test_two_samples_of_a_writer_are_more_alike_than_two_writers() -> None:
    rng = np.random.default_rng(0)
    words = ["lamp", "river", "stone", "window", "violin", "pear"]
    likes = rng.dirichlet(np.full(6, 0.4), size=2)

    def sample(writer: int) -> np.ndarray:
        return run_shares([" ".join(rng.choice(words, 5, p=likes[writer])) for _ in range(60)])

    assert likeness(sample(0), sample(0)) > likeness(sample(0), sample(1))
