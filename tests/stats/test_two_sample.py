"""Two samples of right and wrong answers: against SciPy, statsmodels, enumeration and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from auditor.stats.two_sample import (
    newcombe_interval,
    smallest_detectable_difference,
    stratified_exact_test,
    stratified_rank_test,
)


def exact(first: list[int], n_first: list[int], second: list[int], n_second: list[int]) -> float:
    return stratified_exact_test(*(np.array(one) for one in (first, n_first, second, n_second)))


@pytest.mark.parametrize(
    ("first", "n", "second", "m"), [(9, 10, 3, 12), (0, 5, 4, 7), (30, 60, 31, 60), (12, 12, 0, 9)]
)
def test_one_stratum_is_fishers_exact_test(first: int, n: int, second: int, m: int) -> None:
    table = [[first, n - first], [second, m - second]]
    assert exact([first], [n], [second], [m]) == pytest.approx(
        stats.fisher_exact(table, "greater").pvalue, rel=1e-9
    )


def test_two_strata_agree_with_permutation() -> None:
    rng = np.random.default_rng(3)
    strata = [np.array([1] * 9 + [0] * 11), np.array([1] * 5 + [0] * 9)]
    sizes, observed = [10, 6], 6 + 4
    sums = sum(
        np.array([rng.permutation(values)[:size].sum() for _ in range(40_000)])
        for values, size in zip(strata, sizes, strict=True)
    )
    p_value = exact([6, 4], sizes, [3, 1], [10, 8])
    assert p_value == pytest.approx(np.mean(sums >= observed), abs=0.008)


def test_size_under_the_null_is_at_most_alpha() -> None:
    rng = np.random.default_rng(7)
    rates, n = np.array([0.3, 0.6, 0.8]), np.array([30, 30, 30])
    p_values = np.array([
        stratified_exact_test(rng.binomial(n, rates), n, rng.binomial(n, rates), n) for _ in range(3000)
    ])  # fmt: skip
    for alpha in (0.01, 0.05, 0.2):
        assert np.mean(p_values <= alpha) <= alpha + 2.6 * np.sqrt(alpha * (1 - alpha) / len(p_values))


@pytest.mark.parametrize(("a", "n", "b", "m"), [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20)])
def test_newcombe_agrees_with_statsmodels(a: int, n: int, b: int, m: int) -> None:
    expected = confint_proportions_2indep(a, n, b, m, method="newcomb")
    assert newcombe_interval(a, n, b, m) == pytest.approx(expected, abs=1e-9)


def test_the_planned_difference_is_found_as_often_as_planned() -> None:
    rng = np.random.default_rng(5)
    n, alpha, rate = 150, 0.01, 0.4
    gap = smallest_detectable_difference(rate, n, alpha)
    size = np.array([n])
    found = np.mean([
        stratified_exact_test(rng.binomial(size, rate + gap), size, rng.binomial(size, rate), size) < alpha
        for _ in range(1500)
    ])  # fmt: skip
    assert 0.72 <= found <= 0.85  # the exact test is a little conservative


def test_no_difference_can_be_found_where_there_is_no_room() -> None:
    assert smallest_detectable_difference(0.99, 20, 0.01) == float("inf")


def test_the_rank_test_is_wilcoxons_in_one_stratum() -> None:
    rng = np.random.default_rng(4)
    for shift in (0.0, 0.4, 0.8):
        values = np.concatenate([rng.normal(shift, 1, 40), rng.normal(0, 1, 35)])
        first = np.arange(75) < 40
        ours = stratified_rank_test(values, first, np.zeros(75, dtype=int), rng, enough=10_000)
        theirs = stats.mannwhitneyu(values[:40], values[40:], alternative="greater").pvalue
        assert ours == pytest.approx(theirs, abs=0.02)


def test_the_rank_test_is_exact_with_ties_and_strata_and_has_power() -> None:
    rng = np.random.default_rng(9)
    strata = np.repeat([0, 1, 2], [30, 10, 20])
    null, effect = [], []
    for _ in range(400):
        first = np.concatenate([rng.permutation(np.arange(n) < n // 2) for n in (30, 10, 20)])
        # Strata differ greatly, which a test that pools them would take for nothing but noise.
        values = np.round(rng.normal(0, 1, 60)) + 20.0 * strata
        null.append(stratified_rank_test(values, first, strata, rng, draws=199))
        effect.append(stratified_rank_test(values + 1.5 * first, first, strata, rng, draws=199))
    for level in (0.01, 0.05, 0.25):
        assert np.mean(np.array(null) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 400)
    assert np.mean(np.array(effect) <= 0.05) > 0.95
    assert min(effect) >= 1 / 200


def test_permuting_ends_early_where_there_is_no_doubt_and_stays_exact() -> None:
    rng = np.random.default_rng(11)
    strata = np.zeros(40, dtype=int)
    first = np.arange(40) < 20
    p_values = [
        stratified_rank_test(rng.normal(0, 1, 40), first, strata, rng, draws=4_000, enough=10)
        for _ in range(600)
    ]
    for level in (0.01, 0.05, 0.3):
        assert np.mean(np.array(p_values) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 600)
    assert abs(np.mean(p_values) - 0.5) < 0.06
