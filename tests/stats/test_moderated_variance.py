"""Moderated variances: the posterior of their source, the level of what rests on them, and who is unlike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.moderated_variance import moderated_variance


def test_a_variance_is_drawn_towards_those_of_its_like() -> None:
    rng = np.random.default_rng(6)
    alike = rng.chisquare(7, 40) / 7
    moderated, freedom = moderated_variance(0.2, alike, 7)
    assert 0.2 < moderated < 1.0
    assert freedom > 30
    scattered = rng.chisquare(7, 40) / 7 * np.exp(rng.normal(0, 2, 40))
    little, few = moderated_variance(0.2, scattered, 7)
    assert few < 12
    assert abs(little - 0.2) < abs(moderated - 0.2)


def test_a_moderated_variance_is_the_posterior_that_its_source_gives() -> None:
    """Prior and scale are found again in many draws, and combine as in Smyth (2004), equation for s tilde."""
    rng = np.random.default_rng(7)
    prior, scale, freedom = 10.0, 2.0, 7
    true = prior * scale / rng.chisquare(prior, 20_000)
    estimates = true * rng.chisquare(freedom, 20_000) / freedom
    moderated, total = moderated_variance(0.5, estimates, freedom)
    assert total == pytest.approx(prior + freedom, rel=0.1)
    assert moderated == pytest.approx((prior * scale + freedom * 0.5) / (prior + freedom), rel=0.05)


def test_a_variance_unlike_the_others_stays_as_it_is() -> None:
    alike = np.random.default_rng(9).chisquare(7, 40) / 7
    assert moderated_variance(5.0, alike, 7) == (5.0, 7.0)


def test_with_too_few_others_a_variance_stays_as_it_is() -> None:
    assert moderated_variance(0.3, np.array([0.0, 1.0, 2.0]), 7) == (0.3, 7.0)


@pytest.mark.parametrize("unlike", [0.0, 0.8])
def test_moderated_p_values_hold_their_level_far_out(unlike: float) -> None:
    """Also where coefficients scatter more in some models than in others, the suspect among them."""
    rng = np.random.default_rng(8)
    draws, members, controls = 4000, 9, 24
    spread = np.exp(rng.normal(0, unlike / 2, (draws, 1 + controls)))
    values = rng.normal(0, 1, (draws, 1 + controls, members)) * spread[..., None]
    small = 0
    for one in values:
        variances = one[:, 1:].var(axis=1, ddof=1)
        variance, freedom = moderated_variance(float(variances[0]), variances[1:], members - 2)
        t = (one[0, 0] - one[0, 1:].mean()) / np.sqrt(variance * (1 + 1 / (members - 1)))
        small += stats.t.sf(t, freedom) <= 0.01
    assert stats.binomtest(small, draws, 0.01, alternative="greater").pvalue > 0.001
