"""Conformal ranks: closed forms, the null, ties, and the parametric companion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from auditor.stats.conformal import (
    attains,
    conformal_test,
    controls_needed,
    critical_value,
    normal_score,
    prediction_bound,
    prediction_p,
)


def test_rank_within_every_stratum_and_the_largest_counts() -> None:
    test = conformal_test(2.5, {"unrelated": [0.0, 1.0, 2.0], "same-data": [3.0, 2.5, 1.0, 0.0], "empty": []})
    assert [(r.stratum, r.n, r.reached) for r in test.ranks] == [("unrelated", 3, 0), ("same-data", 4, 2)]
    assert test.p_value == pytest.approx(3 / 5)
    assert test.smallest_attainable == pytest.approx(1 / 4)


def test_without_controls_nothing_is_attainable() -> None:
    test = conformal_test(9.0, {})
    assert test.p_value == 1.0
    assert test.smallest_attainable == 1.0


def test_not_a_number_has_no_rank() -> None:
    with pytest.raises(ValueError, match="numbers"):
        conformal_test(math.nan, {"a": [1.0]})
    with pytest.raises(ValueError, match="numbers"):
        conformal_test(1.0, {"a": [math.nan]})


@pytest.mark.parametrize(
    ("alpha", "needed"), [(0.05, 19), (0.01, 99), (0.1, 9), (0.2, 4), (1 / 3, 2), (0.02, 49)]
)
def test_controls_needed(alpha: float, needed: int) -> None:
    assert controls_needed(alpha) == needed
    assert attains(needed, alpha)
    assert not attains(needed - 1, alpha)
    assert conformal_test(1.0, {"a": [0.0] * needed}).p_value <= alpha * (1 + 1e-9)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0])
def test_a_level_outside_its_range_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        controls_needed(alpha)


@pytest.mark.parametrize("n", [9, 19, 24, 60])
def test_p_values_are_uniform_or_larger_under_exchangeability(n: int) -> None:
    rng = np.random.default_rng(n)
    # Heavy tails and a shared shift: only exchangeability matters.
    draws = rng.standard_t(2, size=(4000, n + 1)) + rng.normal(size=(4000, 1))
    p = np.array([conformal_test(row[0], {"a": row[1:].tolist()}).p_value for row in draws])
    for alpha in (0.05, 0.1, 0.25, 0.5):
        # Three standard errors above the level at most.
        assert np.mean(p <= alpha + 1e-12) <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / len(p))
    if n == 19:
        assert np.mean(p <= 0.05 + 1e-12) == pytest.approx(0.05, abs=0.011)


def test_ties_only_make_p_larger() -> None:
    rng = np.random.default_rng(3)
    draws = rng.integers(0, 3, size=(2000, 20)).astype(float)
    p = np.array([conformal_test(row[0], {"a": row[1:].tolist()}).p_value for row in draws])
    assert np.mean(p <= 0.05) <= 0.05
    assert conformal_test(1.0, {"a": [1.0] * 19}).p_value == 1.0


def test_an_effect_is_found() -> None:
    rng = np.random.default_rng(4)
    p = [conformal_test(5.0, {"a": rng.normal(size=19).tolist()}).p_value for _ in range(50)]
    assert max(p) == pytest.approx(0.05)


def test_critical_value_is_where_p_crosses_alpha() -> None:
    values = list(np.random.default_rng(5).normal(size=45))
    for alpha in (0.05, 0.1, 0.3):
        bound = critical_value(values, alpha)
        assert conformal_test(bound + 1e-9, {"a": values}).p_value <= alpha
        assert conformal_test(bound, {"a": values}).p_value > alpha
    assert critical_value(values[:5], 0.05) == math.inf


def test_prediction_bound_matches_its_formula_and_covers() -> None:
    values = [1.0, 2.0, 4.0, 7.0]
    expected = 3.5 + stats.t.ppf(0.95, 3) * np.std(values, ddof=1) * math.sqrt(1.25)
    assert prediction_bound(values, 0.05) == pytest.approx(expected)
    assert prediction_p(expected, values) == pytest.approx(0.05)
    rng = np.random.default_rng(6)
    draws = rng.normal(size=(4000, 9))
    over = np.mean([row[0] > prediction_bound(row[1:].tolist(), 0.05) for row in draws])
    assert over == pytest.approx(0.05, abs=0.011)


def test_the_parametric_companion_abstains_without_spread_or_members() -> None:
    assert prediction_p(1.0, [0.0, 0.1]) is None
    assert prediction_p(1.0, [0.5, 0.5, 0.5]) is None
    assert prediction_bound([1.0], 0.05) == math.inf


def test_normal_scores_are_where_the_tail_is_as_large() -> None:
    assert normal_score(0.5) == pytest.approx(0)
    assert normal_score(0.01) == pytest.approx(2.326, abs=1e-3)
    assert normal_score(1.0) == -3
    assert normal_score(0.0) == 6
