"""ROC statistics against scikit-learn, closed forms and their own promises under null and effect."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_curve

from auditor.stats.intervals import clopper_pearson
from auditor.stats.roc import auroc, auroc_interval, roc_curve, threshold_at


@pytest.mark.parametrize("seed", range(5))
def test_area_is_that_of_sklearn_with_and_without_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for scores in (rng.normal(size=60), rng.integers(0, 6, size=60).astype(float)):
        guilty = rng.random(60) < 0.4
        assert auroc(scores[guilty], scores[~guilty]) == pytest.approx(roc_auc_score(guilty, scores))


def test_area_of_two_normals_is_the_closed_form() -> None:
    rng = np.random.default_rng(3)
    found = auroc(rng.normal(1.2, size=4000), rng.normal(size=4000))
    assert found == pytest.approx(stats.norm.cdf(1.2 / math.sqrt(2)), abs=0.01)


def test_models_without_a_score_rank_last_and_tie() -> None:
    low = -math.inf
    assert auroc(np.array([low, 1.0]), np.array([low, 0.0])) == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert math.isnan(auroc(np.array([]), np.array([1.0])))


def test_curve_is_that_of_sklearn() -> None:
    rng = np.random.default_rng(8)
    scores, guilty = rng.integers(0, 9, size=50).astype(float), rng.random(50) < 0.5
    alarms, found = roc_curve(scores[guilty], scores[~guilty])
    expected = sklearn_curve(guilty, scores, drop_intermediate=False)
    np.testing.assert_allclose(alarms, expected[0])
    np.testing.assert_allclose(found, expected[1])
    with pytest.raises(ValueError, match="both"):
        roc_curve(np.array([]), np.array([1.0]))


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_interval_covers_under_null_and_effect(shift: float) -> None:
    true = stats.norm.cdf(shift / math.sqrt(2))
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng([seed, int(shift)])
        low, high = auroc_interval(rng.normal(shift, size=30), rng.normal(size=40), rng, draws=300)
        covered += low <= true <= high
    # A bootstrap of 30 and 40 models covers a little less than it says.
    assert covered >= stats.binom.ppf(0.001, 200, 0.9)


def test_interval_of_separated_groups_is_not_a_point() -> None:
    rng = np.random.default_rng(0)
    assert auroc_interval(np.array([2.0, 3.0, 4.0]), np.array([0.0, 1.0]), rng) == clopper_pearson(2, 2)
    assert auroc_interval(np.array([0.0]), np.array([1.0, 2.0]), rng) == clopper_pearson(0, 1)
    assert auroc_interval(np.array([]), np.array([1.0]), rng) == (0.0, 1.0)


def test_bootstrap_draws_models_and_not_pairs() -> None:
    # One positive above all and one below all: an area is 0, 1/2 or 1, whatever the negatives are.
    low, high = auroc_interval(np.array([-9.0, 9.0]), np.arange(50.0) / 50, np.random.default_rng(1))
    assert (low, high) == (0.0, 1.0)


def test_threshold_lets_no_more_than_the_rate_pass() -> None:
    rng = np.random.default_rng(2)
    for n in (1, 5, 99, 100, 101, 250):
        scores = rng.integers(0, 40, size=n).astype(float)
        bar = threshold_at(scores, 0.01)
        assert np.count_nonzero(scores > bar) <= 0.01 * n
    assert threshold_at(np.arange(99.0), 0.01) == 98.0
    assert threshold_at(np.arange(100.0), 0.01) == 98.0
    assert math.isnan(threshold_at(np.array([]), 0.01))
    with pytest.raises(ValueError, match="between"):
        threshold_at(np.array([1.0]), 1.0)
