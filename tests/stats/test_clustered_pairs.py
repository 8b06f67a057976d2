"""Clustered pairs: what is known when clusters are single items, and what holds whatever hangs together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from auditor.array import NDArray
from auditor.error import AuditorError
from auditor.stats.clustered_pairs import ClusteredPairs, planned_design_effect
from auditor.stats.paired import Decision, ThreeWay, mcnemar_mid_p, tango_interval, tango_score


def pairs(b: object, c: object, size: object) -> ClusteredPairs:
    return ClusteredPairs(*(np.asarray(one, dtype=np.int64) for one in (b, c, size)))


def singles(b: int, c: int, n: int) -> ClusteredPairs:
    return pairs([1] * b + [0] * (n - b), [0] * b + [1] * c + [0] * (n - b - c), [1] * n)


@pytest.mark.parametrize(("b", "c", "n"), [(12, 3, 80), (0, 0, 40), (5, 5, 30), (30, 0, 30)])
def test_single_items_are_the_known_methods(b: int, c: int, n: int) -> None:
    found = singles(b, c, n)
    assert found.design_effect == pytest.approx(1.0)
    assert found.intraclass_correlation == 0.0
    assert found.interval(0.9) == pytest.approx(tango_interval(b, c, n, 0.9))
    assert found.mid_p() == pytest.approx(mcnemar_mid_p(b, c), rel=1e-9)
    rule = ThreeWay()
    assert found.decide(rule) is rule.decide(b, c, n)


def test_the_sign_flip_value_is_that_of_all_sign_flips() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        size = rng.integers(1, 6, 9)
        b = rng.binomial(size, 0.4)
        c = rng.binomial(size - b, 0.3)
        signed = b - c
        sums = np.array([np.dot(signs, np.abs(signed)) for signs in product((1, -1), repeat=len(signed))])
        expected = np.mean(sums > signed.sum()) + 0.5 * np.mean(sums == signed.sum())
        assert pairs(b, c, size).mid_p() == pytest.approx(expected, rel=1e-9)


def test_a_value_that_underflows_keeps_its_logarithm() -> None:
    many = pairs([2] * 3000, [0] * 3000, [4] * 3000)
    assert many.log10_mid_p() == pytest.approx(-3001 * np.log10(2.0))
    assert many.mid_p() == 0.0


def test_items_that_change_together_count_once() -> None:
    alike = pairs([6] * 10 + [0] * 90, [0] * 10 + [6] * 2 + [0] * 88, [6] * 100)
    assert alike.design_effect == pytest.approx(6.0)
    assert alike.interval() == pytest.approx(singles(10, 2, 100).interval())


def test_clusters_without_any_change_count_as_one_item_each() -> None:
    nothing = pairs([0] * 20, [0] * 20, [8] * 20)
    assert nothing.interval() == pytest.approx(tango_interval(0, 0, 20))
    assert nothing.decide(ThreeWay()) is Decision.UNDECIDED
    assert pairs([0] * 200, [0] * 200, [8] * 200).decide(ThreeWay()) is Decision.UNDER


def test_nothing_is_known_of_nothing() -> None:
    empty = pairs([], [], [])
    assert empty.interval() == (-1.0, 1.0)
    assert empty.decide(ThreeWay()) is Decision.UNDECIDED
    assert empty.mid_p() == pytest.approx(0.5)


def test_impossible_counts_are_refused() -> None:
    for wrong in (([1], [1], [1]), ([-1], [0], [2]), ([0], [0], [0])):
        with pytest.raises(AuditorError, match="impossible"):
            pairs(*wrong)
    with pytest.raises(AuditorError, match="every cluster"):
        pairs([1], [1], [2, 2])
    with pytest.raises(AuditorError, match="correlation"):
        planned_design_effect(np.array([3, 3]), 1.5)


def test_the_planned_design_effect_is_kishs() -> None:
    assert planned_design_effect(np.full(10, 5), 0.25) == pytest.approx(1 + 4 * 0.25)
    assert planned_design_effect(np.array([1, 1, 1]), 0.9) == pytest.approx(1.0)
    assert planned_design_effect(np.array([4, 12]), 1.0) == pytest.approx((16 + 144) / 16)


def drawn(
    rng: np.random.Generator, clusters: int, size: int, rates: tuple[float, float], correlation: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Changes by cluster from one latent normal variable per item, correlated within clusters."""
    shared = np.sqrt(correlation) * rng.standard_normal((clusters, 1))
    latent = shared + np.sqrt(1 - correlation) * rng.standard_normal((clusters, size))
    lost, gained = latent > stats.norm.isf(rates[0]), latent < stats.norm.ppf(rates[1])
    return lost.sum(axis=1), gained.sum(axis=1)


def missed(scans: int, clusters: int, rates: tuple[float, float], correlation: float) -> tuple[float, float]:
    """Shares of scans whose 95 % interval lies wholly over, and wholly under, the true difference."""
    rng = np.random.default_rng([clusters, int(100 * rates[0]), int(10 * correlation)])
    z = stats.norm.isf(0.025)
    scores = []
    for _ in range(scans):
        b, c = drawn(rng, clusters, 10, rates, correlation)
        effective = pairs(b, c, np.full(clusters, 10)).effective
        # The interval lies over a difference exactly where the score at that difference exceeds z.
        scores.append(float(tango_score(*effective, rates[0] - rates[1])))
    return float(np.mean(np.array(scores) > z)), float(np.mean(np.array(scores) < -z))


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("clusters", [8, 30, 120])
@pytest.mark.parametrize("rates", [(0.06, 0.01), (0.02, 0.02), (0.30, 0.02), (0.15, 0.10)])
def test_the_interval_covers_from_either_side(
    rates: tuple[float, float], clusters: int, correlation: float
) -> None:
    """2.5 % on each side, with the binomial error of 500 scans at one in ten thousand."""
    over, under = missed(500, clusters, rates, correlation)
    most = stats.binom.isf(1e-4, 500, 0.025) / 500
    assert over <= most
    assert under <= most


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_it_covers_where_clusters_differ_in_size_and_items_in_kind(correlation: float) -> None:
    """As under pressure: eight or twelve variants, and nearly all of the loss under one of them."""
    rng = np.random.default_rng(3)
    rates = np.array([0.4] + [0.01] * 11)
    sizes = np.where(np.arange(60) % 2, 12, 8)
    there = np.arange(12)[None] < sizes[:, None]
    true = float(((rates - 0.01) * there).sum() / there.sum())
    z, scores = stats.norm.isf(0.025), []
    for _ in range(400):
        latent = np.sqrt(correlation) * rng.standard_normal((60, 1)) + np.sqrt(
            1 - correlation
        ) * rng.standard_normal((60, 12))
        lost, gained = there & (latent > stats.norm.isf(rates)), there & (latent < stats.norm.ppf(0.01))
        effective = pairs(lost.sum(axis=1), gained.sum(axis=1), sizes).effective
        scores.append(float(tango_score(*effective, true)))
    most = stats.binom.isf(1e-4, 400, 0.025)
    assert np.sum(np.array(scores) > z) <= most
    assert np.sum(np.array(scores) < -z) <= most
    assert np.std(scores) > 0.4


def test_items_taken_as_independent_would_not_cover() -> None:
    """The simulation above can fail: without the design effect it does."""
    rng = np.random.default_rng(1)
    z, n = stats.norm.isf(0.025), 60 * 10
    wrong = 0
    for _ in range(300):
        b, c = drawn(rng, 60, 10, (0.15, 0.10), 0.6)
        wrong += abs(float(tango_score(b.sum(), c.sum(), n, 0.05))) > z
    assert wrong / 300 > 0.2


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_the_test_holds_its_size(correlation: float) -> None:
    rng = np.random.default_rng(7)
    values = []
    for _ in range(600):
        b, c = drawn(rng, 25, 10, (0.08, 0.08), correlation)
        values.append(pairs(b, c, np.full(25, 10)).mid_p())
    for alpha in (0.01, 0.05):
        assert np.mean(np.array(values) <= alpha) <= stats.binom.isf(1e-4, 600, alpha) / 600
    assert 0.4 < np.mean(values) < 0.6
