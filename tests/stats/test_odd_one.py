"""One model against a crowd, question by question: exact where its answers are the crowd's, drawn anew."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from auditor.stats.odd_one import odd_one_p


def test_it_agrees_with_going_through_every_choice() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 3, size=(4, 5, 2)).astype(float)
    more, less = odd_one_p(values[0], values[1:], np.random.default_rng(2), draws=40_000)
    sums = np.array(
        [
            [values[who, place] for place, who in enumerate(choice)]
            for choice in itertools.product(range(4), repeat=5)
        ]
    ).sum(axis=1)
    observed = values[0].sum(axis=0)
    assert more == pytest.approx((sums >= observed).mean(axis=0), abs=0.01)
    assert less == pytest.approx((sums <= observed).mean(axis=0), abs=0.01)


def test_its_size_is_its_level_also_for_rare_habits() -> None:
    worlds, rng = 2000, np.random.default_rng(3)
    rates = np.array([0.02, 0.2, 0.5])
    found = []
    for _ in range(worlds // 50):
        # Many quantities at once are many worlds: they are independent of each other.
        values = (rng.random((9, 30, 50, 3)) < rates).astype(float).reshape(9, 30, 150)
        found.append(np.stack(odd_one_p(values[0], values[1:], rng, draws=199)).reshape(2, 50, 3))
    p_values = np.concatenate(found, axis=1)
    for level in (0.01, 0.05, 0.2):
        spread = np.sqrt(level * (1 - level) / worlds)
        assert (p_values <= level).mean(axis=1).max() <= level + 3 * spread
    assert (p_values[:, :, 2] <= 0.2).mean() > 0.1


def test_a_habit_that_is_there_is_found_on_its_own_side() -> None:
    rng = np.random.default_rng(4)
    crowd = (rng.random((12, 40, 1)) < 0.1).astype(float)
    one = (rng.random((40, 1)) < 0.5).astype(float)
    more, less = odd_one_p(one, crowd, rng)
    assert more[0] < 0.001
    assert less[0] > 0.99


def test_what_is_unknown_decides_nothing() -> None:
    crowd = np.random.default_rng(5).random((6, 20, 1))
    more, less = odd_one_p(np.full((20, 1), np.nan), crowd, np.random.default_rng(6))
    assert 0.2 < more[0] < 0.8
    assert 0.2 < less[0] < 0.8


def test_a_crowd_has_somebody_in_it() -> None:
    with pytest.raises(ValueError, match="crowd"):
        odd_one_p(np.zeros((3, 1)), np.zeros((0, 3, 1)), np.random.default_rng(0))
