"""The companion for largest scores: against its law, and milder than a normal law in the tail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.conformal import prediction_p
from auditor.stats.extreme_value import largest_prediction_p


def test_with_many_controls_it_is_the_law_itself() -> None:
    controls = stats.gumbel_r(2.0, 0.5).rvs(200_000, random_state=0)
    for score in (2.0, 3.0, 4.5):
        known = float(stats.gumbel_r(2.0, 0.5).sf(score))
        assert largest_prediction_p(score, controls) == pytest.approx(known, rel=0.05)


def test_of_innocents_it_is_small_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(4000, 21, 6)).max(axis=2)
    values = np.array([largest_prediction_p(float(row[0]), row[1:].tolist()) for row in scores])
    assert np.mean(values <= 0.01) <= 0.015
    assert np.mean(values <= 0.05) <= 0.065


def test_far_out_it_is_milder_than_a_normal_law() -> None:
    controls = np.random.default_rng(2).normal(size=30).tolist()
    normal = prediction_p(5.0, controls)
    largest = largest_prediction_p(5.0, controls)
    assert normal is not None
    assert largest is not None
    assert 0 < normal < largest < 0.05


def test_few_or_equal_controls_allow_none_and_low_scores_no_overflow() -> None:
    assert largest_prediction_p(1.0, [0.0, 1.0]) is None
    assert largest_prediction_p(1.0, [0.5] * 9) is None
    assert largest_prediction_p(-1e9, [0.0, 1.0, 2.0]) == pytest.approx(1.0)
