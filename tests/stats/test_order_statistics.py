"""The order of a file: against enumeration, exact under the null, with the power that is promised."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from auditor.stats.order_test import order_p_value, order_statistic, smallest_detectable_standing


def by_enumeration(likelihoods: np.ndarray) -> float:
    """A straightforward reimplementation: every choice of one order in each shard, equally likely."""
    standing = (likelihoods - likelihoods.mean(axis=1, keepdims=True)) / likelihoods.std(
        axis=1, keepdims=True
    )
    observed = standing[:, 0].sum()
    sums = [
        sum(row[place] for row, place in zip(standing, places, strict=True))
        for places in product(range(likelihoods.shape[1]), repeat=len(likelihoods))
    ]
    return float(np.mean(np.array(sums) >= observed - 1e-9))


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0])
def test_it_agrees_with_a_straightforward_reimplementation(shift: float) -> None:
    rng = np.random.default_rng(int(shift))
    likelihoods = rng.normal(-300, 20, (6, 4))
    likelihoods[:, 0] += 20 * shift
    assert order_p_value(likelihoods, rng, draws=40_000) == pytest.approx(
        by_enumeration(likelihoods), abs=0.01
    )


def test_it_is_exact_whatever_the_lengths_of_the_shards() -> None:
    rng = np.random.default_rng(3)
    p_values = []
    for _ in range(2000):
        lengths = rng.uniform(1, 400, (12, 1))
        p_values.append(order_p_value(-lengths + lengths * rng.standard_t(3, (12, 6)), rng, draws=399))
    for level in (0.01, 0.05, 0.3):
        assert np.mean(np.array(p_values) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 2000)


def test_power_is_what_the_planner_says() -> None:
    rng = np.random.default_rng(8)
    shards, orders = 40, 10
    wanted = smallest_detectable_standing(shards, 0.01)
    tables = []
    for _ in range(400):
        table = rng.normal(0, 1, (shards, orders))
        table[:, 0] += 0.6
        tables.append(table)
    reached = float(np.mean([order_statistic(one)[:, 0].mean() for one in tables]))
    found = np.mean([order_p_value(one, rng, draws=999) <= 0.01 for one in tables])
    assert abs(reached - wanted) < 0.1
    assert abs(found - 0.8) < 0.13


def test_equal_likelihoods_say_nothing() -> None:
    assert order_p_value(np.zeros((8, 5)), np.random.default_rng(0)) == 1.0
