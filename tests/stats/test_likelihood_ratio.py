"""Likelihood ratios against closed forms, scikit-learn, and their own promises."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auditor.stats.likelihood_ratio import (
    best_log_ratios,
    calibrate,
    cllr,
    cllr_min,
    cross_fitted,
    in_words,
    reliability,
    shares_any,
)


def drawn(shift: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, int(10 * shift)])
    scores = np.concatenate([rng.normal(shift, size=n), rng.normal(size=n)])
    return scores, np.arange(2 * n) < n


def test_cost_in_closed_form() -> None:
    guilty = np.array([True, False])
    assert cllr(np.zeros(2), guilty) == pytest.approx(1.0)
    assert cllr(np.array([math.inf, -math.inf]), guilty) == 0.0
    assert cllr(np.log([4.0, 0.5]), guilty) == pytest.approx((math.log2(1.25) + math.log2(1.5)) / 2)
    assert cllr(np.array([-2.0, 2.0]), guilty) > 1
    assert math.isnan(cllr(np.zeros(2), np.array([True, True])))


def test_least_cost_is_below_that_of_any_monotone_map() -> None:
    scores, guilty = drawn(1.0, 40, 1)
    least = cllr_min(scores, guilty)
    for slope in (0.2, 0.5, 1.0, 2.0):
        for intercept in (-1.0, -0.5, 0.0, 0.5):
            assert least <= cllr(intercept + slope * scores, guilty)
    assert cllr_min(scores, guilty) == pytest.approx(cllr_min(np.exp(scores), guilty))
    assert cllr_min(np.concatenate([scores[:40] + 99, scores[40:]]), guilty) == 0.0
    assert cllr_min(np.zeros(80), guilty) == pytest.approx(1.0)
    assert np.isnan(best_log_ratios(scores, np.ones(80, dtype=bool))).all()


def test_calibration_recovers_the_ratio_of_two_normals() -> None:
    scores, guilty = drawn(1.0, 4000, 2)
    calibration = calibrate(scores, guilty)
    assert calibration is not None
    at = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    # log N(x; 1, 1) / N(x; 0, 1) = x - 1/2; asinh bends it a little away from the centre.
    np.testing.assert_allclose(calibration.log_ratios(at), at - 0.5, atol=0.3)
    assert cllr(calibration.log_ratios(scores), guilty) < cllr_min(scores, guilty) + 0.02


def test_ratios_are_clamped_to_the_number_of_known_models() -> None:
    scores = np.concatenate([np.full(5, 50.0) + np.arange(5), np.arange(20.0) / 20])
    calibration = calibrate(scores, np.arange(25) < 5)
    assert calibration is not None
    high, low = calibration.log_ratios(np.array([1e6, -1e6]))
    assert high == pytest.approx(math.log(20))
    assert low == pytest.approx(-math.log(5))


def test_useless_scores_give_ratios_near_one_and_inverse_ones_never_turn_around() -> None:
    scores, guilty = drawn(0.0, 400, 3)
    calibration = calibrate(scores, guilty)
    assert calibration is not None
    assert np.abs(calibration.log_ratios(scores)).max() < 0.6
    inverse = calibrate(-drawn(2.0, 50, 4)[0], guilty[350:450])
    assert inverse is not None
    assert inverse.slope == 0.0
    assert calibrate(np.array([1.0, 2.0, 3.0]), np.array([True, False, False])) is None


def test_cross_fitting_leaves_out_relatives_and_oneself() -> None:
    scores, guilty = drawn(1.5, 12, 5)
    groups = [frozenset({f"teacher {place % 3}"}) for place in range(24)]
    left_out = shares_any(groups)
    found = cross_fitted(scores, guilty, left_out)
    for place in (0, 7, 20):
        kept = np.array([other % 3 != place % 3 for other in range(24)])
        calibration = calibrate(scores[kept], guilty[kept])
        assert calibration is not None
        assert found[place] == calibration.log_ratios(scores[place : place + 1])[0]
    # What a model and its relatives score has no say in its own calibration.
    changed = scores.copy()
    changed[[3, 6, 9]] += 100
    again = cross_fitted(np.where(np.arange(24) == 0, scores, changed), guilty, left_out)
    assert again[0] == found[0]
    assert (again != found)[[1, 2, 4, 5]].any()
    assert np.isnan(cross_fitted(scores, guilty, np.ones((24, 24), dtype=bool))).all()


def test_cross_fitted_ratios_of_innocent_scores_do_not_mislead() -> None:
    scores, guilty = drawn(0.0, 60, 6)
    ratios = cross_fitted(scores, guilty, np.eye(120, dtype=bool))
    assert cllr(ratios, guilty) == pytest.approx(1.0, abs=0.1)
    scores, guilty = drawn(3.0, 60, 6)
    ratios = cross_fitted(scores, guilty, np.eye(120, dtype=bool))
    assert cllr(ratios, guilty) < 0.35


def test_reliability_counts_every_model_once_and_true_ratios_are_reliable() -> None:
    scores, guilty = drawn(1.0, 3000, 7)
    bins = reliability(scores - 0.5, guilty)
    assert sum(one.n for one in bins) == 6000
    assert sum(one.true for one in bins) == 3000
    for one in bins:
        assert one.true / one.n == pytest.approx(one.foretold, abs=0.05)
    assert len(reliability(np.zeros(4), np.array([True, True, False, False]))) == 1
    assert reliability(np.zeros(2), np.array([True, True])) == ()


def test_words_are_those_of_the_scale() -> None:
    assert in_words(0.0) == in_words(math.log(1.9)) == "no support either way"
    assert in_words(math.log(2)) == "weak support for the claim"
    assert in_words(-math.log(50)) == "moderate support against the claim"
    assert in_words(math.log(100)) == "moderately strong support for the claim"
    assert in_words(math.log(5000)) == "strong support for the claim"
    assert in_words(math.log(10_000)) == "very strong support for the claim"
    assert in_words(math.inf) == "extremely strong support for the claim"


def test_who_shares_a_group() -> None:
    table = shares_any([frozenset("ab"), frozenset("bc"), frozenset("c"), frozenset()])
    np.testing.assert_array_equal(
        table, np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]], dtype=bool)
    )
