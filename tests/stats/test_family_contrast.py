from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.family_contrast import family_contrast, moderated_variance
from auditor.stats.word_features import FLOOR, word_features

WORDS = 1500


def drawn(
    seed: int, *, members: int = 9, controls: int = 12, follows: float = 0.0, whom: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Suspect, family and controls that share what the data say; the suspect follows one member as well."""
    rng = np.random.default_rng(seed)
    data = -rng.exponential(1.0, WORDS)
    own = rng.normal(0, 0.5, (members, WORDS))
    family = np.minimum(data + own, 0)
    others = np.minimum(data + rng.normal(0, 0.7, (controls, WORDS)), 0)
    suspect = np.minimum(data + rng.normal(0, 0.7, WORDS) + follows * own[whom], 0)
    return suspect, family, others


def test_a_follower_is_found() -> None:
    found = family_contrast(*drawn(1, follows=0.4))
    assert found.t > 5
    assert found.p_value < 0.001
    assert found.rank_p == pytest.approx(1 / 9)
    assert found.coefficients[0] == max(found.coefficients)
    assert found.coefficients[1:].mean() == pytest.approx(0, abs=1e-9)
    assert found.coefficients[1:].std(ddof=1) == pytest.approx(1, abs=0.3)
    assert found.freedom > 7


def test_who_follows_a_twin_does_not_follow_the_teacher() -> None:
    found = family_contrast(*drawn(2, follows=0.4, whom=3))
    assert found.t < 0
    assert found.p_value > 0.5
    assert int(np.argmax(found.coefficients)) == 3


def test_p_values_are_uniform_where_the_members_are_exchangeable() -> None:
    values = [family_contrast(*drawn(100 + seed)).p_value for seed in range(300)]
    assert stats.kstest(values, "uniform").pvalue > 0.001
    assert np.mean(np.array(values) <= 0.05) == pytest.approx(0.05, abs=0.04)


def test_the_order_of_the_twins_changes_nothing() -> None:
    suspect, family, others = drawn(3, follows=0.2)
    order = [0, *np.random.default_rng(0).permutation(np.arange(1, 9))]
    first, second = family_contrast(suspect, family, others), family_contrast(suspect, family[order], others)
    assert first.t == pytest.approx(second.t)
    assert first.coefficients[order] == pytest.approx(second.coefficients)


def test_features_are_bounded() -> None:
    found = word_features(np.array([0.0, -1.0, -50.0]))
    assert found == pytest.approx([1, np.exp(-0.5), 0, 0, -1, FLOOR], abs=1e-9)


def test_identical_members_say_nothing() -> None:
    suspect, family, others = drawn(4)
    found = family_contrast(suspect, np.repeat(family[:1], 5, axis=0), others)
    assert (found.t, found.p_value, found.rank_p) == (0.0, 1.0, 1.0)


def test_too_few_members_or_controls_are_refused() -> None:
    suspect, family, others = drawn(5)
    with pytest.raises(ValueError, match="needs 3 members"):
        family_contrast(suspect, family[:2], others)
    with pytest.raises(ValueError, match="controls"):
        family_contrast(suspect, family, others[:2])


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


def test_with_too_few_others_a_variance_stays_as_it_is() -> None:
    assert moderated_variance(0.3, np.array([0.0, 1.0, 2.0]), 7) == (0.3, 7.0)


@pytest.mark.parametrize("unlike", [0.0, 0.8])
def test_moderated_p_values_hold_their_level_far_out(unlike: float) -> None:
    """Also where coefficients scatter more in some models than in others, the suspect among them."""
    rng = np.random.default_rng(8)
    draws, members, controls = 20_000, 9, 24
    spread = np.exp(rng.normal(0, unlike / 2, (draws, 1 + controls)))
    values = rng.normal(0, 1, (draws, 1 + controls, members)) * spread[..., None]
    small = 0
    for one in values[:4000]:
        variances = one[:, 1:].var(axis=1, ddof=1)
        variance, freedom = moderated_variance(float(variances[0]), variances[1:], members - 2)
        t = (one[0, 0] - one[0, 1:].mean()) / np.sqrt(variance * (1 + 1 / (members - 1)))
        small += stats.t.sf(t, freedom) <= 0.01
    assert stats.binomtest(small, 4000, 0.01, alternative="greater").pvalue > 0.001
