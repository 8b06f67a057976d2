"""Brier scores, temperatures and reliability against closed forms and on models of known temperature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.array import NDArray
from auditor.stats.calibration import (
    best_temperature,
    brier,
    expected_calibration_error,
    probabilities,
    refitted,
    reliability,
)
from auditor.stats.paired import Decision
from auditor.stats.paired_loss import mean_loss


def answers(
    rng: np.random.Generator, items: int, heat: float = 1.0, options: int = 4
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores that are true at ``heat``, and right answers drawn from the true probabilities."""
    true = rng.normal(0.0, 1.5, (items, options))
    shares = probabilities(true)
    keys = (shares.cumsum(axis=1) < rng.random((items, 1))).sum(axis=1)
    return true * heat, np.minimum(keys, options - 1)


def test_brier_by_hand() -> None:
    shares = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.8, 0.2]])
    assert brier(shares, np.zeros(4, dtype=np.int64)).tolist() == pytest.approx([0.0, 2.0, 0.5, 0.08])


def test_missing_options_take_no_probability() -> None:
    shares = probabilities(np.array([[0.0, 0.0, -np.inf], [1.0, 2.0, 3.0]]))
    assert shares[0].tolist() == [0.5, 0.5, 0.0]
    assert shares.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("heat", [0.4, 1.0, 2.5])
def test_the_temperature_is_recovered(heat: float) -> None:
    scores, keys = answers(np.random.default_rng(1), 20_000, heat)
    assert best_temperature(scores, keys) == pytest.approx(heat, rel=0.05)
    found = refitted(scores, keys)
    assert found.temperature == pytest.approx(heat, rel=0.05)
    assert found.mended.mean() <= found.own.mean() + 1e-4
    if heat != 1.0:
        assert found.excess.mean() > 0.02


def test_who_always_guesses_has_a_temperature_within_bounds() -> None:
    scores, keys = np.zeros((40, 4)), np.arange(40) % 4
    assert 1 / 16 <= best_temperature(scores, keys) <= 16


def test_reliability_by_hand() -> None:
    shares = np.array([[0.9, 0.1], [0.95, 0.05], [0.55, 0.45], [0.35, 0.65]])
    keys = np.array([0, 1, 0, 1])
    bins = reliability(shares, keys)
    assert [(one.low, one.items, one.right) for one in bins] == [(0.4, 1, 1), (0.6, 1, 1), (0.8, 2, 1)]
    expected = (abs(1 - 0.55) + abs(1 - 0.65) + 2 * abs(0.5 - 0.925)) / 4
    assert expected_calibration_error(bins) == pytest.approx(expected)


def losses(rng: np.random.Generator, items: int, heats: tuple[float, float]) -> NDArray[np.float64]:
    """What a wrong temperature costs the first model more than the second; they know different things."""
    keys = rng.integers(4, size=items)
    excesses = []
    for heat in heats:
        true = rng.normal(0.0, 1.5, (items, 4))
        shares = probabilities(true)
        drawn = np.minimum((shares.cumsum(axis=1) < rng.random((items, 1))).sum(axis=1), 3)
        turned = (np.arange(4)[None, :] - keys[:, None] + drawn[:, None]) % 4
        excesses.append(refitted(np.take_along_axis(true, turned, axis=1) * heat, keys).excess)
    return excesses[0] - excesses[1]


def test_equally_calibrated_models_lose_nothing() -> None:
    """The estimate of temperatures adds noise of its own: the test must keep its level all the same."""
    rng = np.random.default_rng(5)
    found = [mean_loss(losses(rng, 100, (1.0, 1.0)), margin=0.02, alpha=0.05, null=0.02) for _ in range(200)]
    accused = sum(one.p_value < 0.05 for one in found)
    assert accused <= stats.binom.ppf(0.999, 200, 0.05)


def test_who_became_too_sure_is_found() -> None:
    rng = np.random.default_rng(6)
    found = [mean_loss(losses(rng, 400, (3.0, 1.0)), margin=0.02, alpha=0.01, null=0.02) for _ in range(40)]
    assert sum(one.decision is Decision.OVER for one in found) >= 38
    equal = [mean_loss(losses(rng, 400, (1.0, 1.0)), margin=0.02, alpha=0.01, null=0.02) for _ in range(40)]
    assert sum(one.decision is Decision.UNDER for one in equal) >= 38


def test_too_few_items_to_refit() -> None:
    with pytest.raises(ValueError, match="four items"):
        refitted(np.zeros((3, 2)), np.zeros(3, dtype=np.int64))
