"""P-values in log space against SciPy, against enumeration and far beyond the reach of floats."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from auditor.stats.combination import (
    as_probability,
    bonferroni_log10_p,
    fisher_log10_p,
    log10_fixed_points,
    log10_predictive_count,
    order_log10_p,
    spearman_log10_p,
)


@pytest.mark.parametrize("p", [[0.2], [0.5, 0.03], [1.0, 1.0], [1e-5, 0.9, 0.3, 0.02], [0.011] * 12])
def test_fisher_agrees_with_scipy(p: list[float]) -> None:
    expected = stats.combine_pvalues(p, method="fisher").pvalue
    assert 10 ** fisher_log10_p(np.log10(p).tolist()) == pytest.approx(expected, rel=1e-9)


def test_fisher_does_not_underflow() -> None:
    # One p-value is its own combination; the closed form for two is p (1 - ln p).
    assert fisher_log10_p([-5000.0]) == pytest.approx(-5000.0)
    product = -9000.0
    expected = product + math.log10(1 + 9000 * math.log(10))
    assert fisher_log10_p([-4000.0, -5000.0]) == pytest.approx(expected)


@pytest.mark.parametrize("bad", [[], [0.1], [math.nan]])
def test_fisher_refuses_what_is_no_p_value(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="Fisher"):
        fisher_log10_p(bad)


def test_bonferroni_and_probability() -> None:
    assert bonferroni_log10_p([-4.0, -1.0]) == pytest.approx(math.log10(2e-4))
    assert bonferroni_log10_p([-0.1, 0.0]) == 0.0
    assert as_probability(-2.0) == pytest.approx(0.01)
    assert as_probability(-9000.0) == 1e-300
    with pytest.raises(ValueError, match="needs"):
        bonferroni_log10_p([])


@pytest.mark.parametrize("n", [3, 5, 6])
def test_spearman_is_counted_for_few_pairs(n: int) -> None:
    identity = np.arange(n)
    orders = [np.array(one) for one in itertools.permutations(range(n))]
    coefficients = [stats.spearmanr(identity, one).statistic for one in orders]
    for order, coefficient in list(zip(orders, coefficients, strict=True))[:: max(len(orders) // 20, 1)]:
        r, log10_p = spearman_log10_p(identity, order)
        assert r == pytest.approx(coefficient)
        assert 10**log10_p == pytest.approx(np.mean(np.array(coefficients) >= coefficient - 1e-12))


@pytest.mark.parametrize("n", [12, 100, 900])
def test_spearman_agrees_with_scipy_for_many_pairs(n: int) -> None:
    rng = np.random.default_rng(n)
    for strength in (0.0, 0.1, 0.5):
        x = rng.normal(size=n)
        y = strength * x + rng.normal(size=n)
        first, second = np.argsort(np.argsort(x)) * 7 + 3, np.argsort(np.argsort(y))
        expected = stats.spearmanr(x, y, alternative="greater")
        r, log10_p = spearman_log10_p(first, second)
        assert r == pytest.approx(expected.statistic)
        assert 10**log10_p == pytest.approx(expected.pvalue, rel=1e-6)


def test_spearman_far_in_the_tail_continues_without_a_step() -> None:
    n = 1024
    swapped = np.arange(n)
    rng = np.random.default_rng(0)
    values = []
    for _ in range(60):
        i, j = rng.integers(0, n, 2)
        swapped[[i, j]] = swapped[[j, i]]
        values.append(spearman_log10_p(np.arange(n), swapped))
    ordered = sorted(values)
    logs = [log10_p for _, log10_p in ordered]
    assert logs == sorted(logs, reverse=True)
    assert all(math.isfinite(one) for one in logs)
    assert spearman_log10_p(np.arange(n), np.arange(n))[1] == pytest.approx(
        -math.lgamma(n + 1) / math.log(10)
    )


def test_spearman_series_meets_the_direct_tail() -> None:
    # Where both can be computed, bound and tail differ by a factor that is nearly 1.
    n, r = 800, 0.905
    direct = stats.t.logsf(r * math.sqrt((n - 2) / (1 - r * r)), n - 2)
    a = (n - 2) / 2
    bound = (
        a * math.log(1 - r * r)
        - math.log(r)
        - math.log(2 * a)
        - (math.lgamma(a) + math.lgamma(0.5) - math.lgamma(a + 0.5))
    )
    assert direct <= bound <= direct + 0.25


def test_spearman_refuses_ties_and_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="distinct"):
        spearman_log10_p(np.array([1, 1, 2]), np.array([1, 2, 3]))
    with pytest.raises(ValueError, match="distinct"):
        spearman_log10_p(np.array([1, 2]), np.array([1, 2, 3]))
    assert spearman_log10_p(np.array([1, 2]), np.array([1, 2]))[1] == 0.0


@pytest.mark.parametrize("n", [4, 6, 7])
def test_order_bound_lies_above_the_exact_probability(n: int) -> None:
    identity = np.arange(n)
    orders = [np.array(one) for one in itertools.permutations(range(n))]
    counts = np.array([sum(a > b for a, b in itertools.combinations(one, 2)) for one in orders])
    for order, count in list(zip(orders, counts, strict=True))[:: max(len(orders) // 50, 1)]:
        assert 10 ** order_log10_p(identity, order) >= np.mean(counts <= count) * (1 - 1e-9)
    assert 10 ** order_log10_p(identity, identity) == pytest.approx(1 / math.factorial(n), rel=1e-3)


def test_order_bound_is_sharp_enough_to_be_useful() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    y = 0.4 * x + rng.normal(size=400)
    exact = stats.kendalltau(x, y, alternative="greater").pvalue
    bound = order_log10_p(np.argsort(np.argsort(x)), np.argsort(np.argsort(y)))
    assert math.log10(exact) <= bound <= math.log10(exact) + 2.5


@pytest.mark.parametrize(("n", "choices"), [(4, 4), (6, 6), (3, 6), (5, 7)])
def test_coincidences_of_injections_are_counted(n: int, choices: int) -> None:
    counts = np.array(
        [sum(a == i for i, a in enumerate(one)) for one in itertools.permutations(range(choices), n)]
    )
    for k in range(n + 1):
        if k == n - 1 and n == choices:
            continue  # n - 1 fixed points are n fixed points
        assert 10 ** log10_fixed_points(k, n, choices) == pytest.approx(np.mean(counts >= k), rel=1e-9)


def test_coincidences_approach_poisson() -> None:
    for k in (1, 3, 6, 12):
        assert 10 ** log10_fixed_points(k, 500, 500) == pytest.approx(stats.poisson.sf(k - 1, 1), rel=1e-6)
    assert log10_fixed_points(1000, 1000, 1000) == pytest.approx(-math.lgamma(1001) / math.log(10))
    with pytest.raises(ValueError, match="injection"):
        log10_fixed_points(1, 5, 4)


def test_predictive_count_is_negative_binomial() -> None:
    for earlier in ([1, 0, 2, 1], [0, 0], [30, 25, 40]):
        for count in (1, 4, 30, 80):
            shape, draws = 1 + sum(earlier), len(earlier)
            expected = stats.nbinom.sf(count - 1, shape, draws / (draws + 1))
            assert 10 ** log10_predictive_count(count, earlier) == pytest.approx(expected, rel=1e-6)
    assert log10_predictive_count(0, [1]) == 0.0
    assert log10_predictive_count(1000, [1, 1, 1, 1]) < -500
    with pytest.raises(ValueError, match="earlier"):
        log10_predictive_count(1, [])
