"""Shared errors: against hand calculation, under the null and under the effect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.array import NDArray
from auditor.stats.shared_errors import ILLEGIBLE, same_wrong, shared_errors
from auditor.stats.surprise_agreement import against_rivals

ALL = np.ones(6, dtype=bool)


def one_kind(items: int) -> NDArray[np.int64]:
    return np.zeros(items, dtype=np.int64)


def test_only_items_that_both_get_wrong_legibly_are_compared() -> None:
    gold = np.array([0, 0, 0, 0, 0])
    candidate = np.array([[1, 1, 1, 0, ILLEGIBLE]])
    answers = np.tile(np.array([1, 2, ILLEGIBLE, 0, ILLEGIBLE]), (6, 1))
    found = shared_errors(answers, candidate, gold, one_kind(5), ALL)
    assert found.both_wrong[0, 0] == 2
    assert found.observed[0, 0] == 0.5
    assert same_wrong(answers[0], candidate[0], gold).tolist() == [True, False, False, False, False]


def test_chance_by_hand() -> None:
    """One kind for each item, so that nothing but the item itself says what is popular."""
    gold, candidate = np.array([0, 0]), np.array([[1, 1]])
    answers = np.array([[1, 2], [1, 2], [1, 3], [2, 4], [2, 5], [2, 6]])
    found = shared_errors(answers, candidate, gold, np.array([0, 1]), ALL)
    # Others are wrong five times; two of them say 1 at the first item, none at the second.
    usual = np.array([2.5 / 6, 0.5 / 6])
    here = (np.array([2, 0]) + 2 * usual) / 7
    chance = np.maximum(here, usual)  # of its own the model has no other wrong answer in either kind
    assert found.chance[0, 0] == pytest.approx(chance.mean())
    assert found.kappa[0, 0] == pytest.approx((0.5 - chance.mean()) / (1 - chance.mean()))
    assert found.deviation[0, 0] == pytest.approx((1 - chance.sum()) / np.sqrt((chance * (1 - chance)).sum()))


def test_who_always_says_the_same_shares_nothing_by_that() -> None:
    rng = np.random.default_rng(0)
    gold = np.zeros(80, dtype=np.int64)
    candidate = rng.integers(1, 3, (1, 80))
    answers = rng.integers(1, 9, (12, 80))
    answers[0] = 1
    found = shared_errors(answers, candidate, gold, one_kind(80), np.ones(12, dtype=bool))
    assert found.observed[0, 0] > 0.4
    assert found.deviation[0, 0] < 0


def test_controls_of_like_accuracy_say_what_is_popular() -> None:
    """The able err as the candidate does, the others at random: an able model is held to the able."""
    gold = np.zeros(60, dtype=np.int64)
    rng = np.random.default_rng(1)
    candidate = np.concatenate([np.full(30, 1), np.zeros(30)])[None].astype(np.int64)
    able = np.tile(np.concatenate([np.full(30, 1), np.zeros(30)]), (6, 1)).astype(np.int64)
    weak = rng.integers(1, 30, (6, 60))
    kinds = np.arange(60)
    found = shared_errors(np.concatenate([able, weak]), candidate, gold, kinds, np.ones(12, dtype=bool))
    assert found.chance[0, 0] > 0.6
    assert found.chance[-1, 0] < 0.5


def test_without_errors_in_common_nothing_is_claimed() -> None:
    gold, candidate = np.zeros(4, dtype=np.int64), np.ones((1, 4), dtype=np.int64)
    found = shared_errors(np.zeros((6, 4), dtype=np.int64), candidate, gold, one_kind(4), ALL)
    assert found.both_wrong[0, 0] == 0
    assert np.isnan(found.kappa[0, 0])
    assert found.deviation[0, 0] == 0


@pytest.mark.parametrize("panel", [[True] * 3 + [False] * 3, [False] + [True] * 5])
def test_a_panel_needs_members(panel: list[bool]) -> None:
    with pytest.raises(ValueError, match="three others"):
        shared_errors(
            np.zeros((6, 4), dtype=np.int64), np.zeros((1, 4), dtype=np.int64),
            np.zeros(4, dtype=np.int64), one_kind(4), np.array(panel),
        )  # fmt: skip


def _ranks(rng: np.random.Generator, trials: int, copied: float) -> NDArray[np.float64]:
    """p-values among 19 controls; some wrong answers are popular, and models differ in accuracy."""
    found = []
    gold, kinds = np.zeros(100, dtype=np.int64), np.repeat(np.arange(4), 25)
    for _ in range(trials):
        popular = rng.integers(1, 9, 100)
        right = rng.uniform(0.1, 0.5, (23, 1))
        said = np.where(rng.random((23, 100)) < 0.4, popular, rng.integers(1, 9, (23, 100)))
        said = np.where(rng.random((23, 100)) < right, 0, said)
        candidates, answers = said[:3], said[3:]
        answers[0] = np.where(rng.random(100) < copied, candidates[1], answers[0])
        scores = shared_errors(answers, candidates, gold, kinds, np.ones(20, dtype=bool)).deviation
        family = against_rivals(scores).max(axis=1)
        found.append((1 + np.count_nonzero(family[1:] >= family[0])) / 20)
    return np.array(found)


def test_the_rank_is_uniform_under_the_null() -> None:
    found = _ranks(np.random.default_rng(2), 600, 0.0)
    for level in (0.05, 0.1, 0.25, 0.5):
        least, most = stats.binom.ppf([0.0005, 0.9995], 600, level)
        assert least <= np.count_nonzero(found <= level) <= most


def test_who_copies_errors_is_found() -> None:
    assert (_ranks(np.random.default_rng(3), 100, 0.5) <= 0.05).mean() > 0.9
