"""Losses against a margin: closed forms, size under no loss and at the margin, and planned power."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.paired import Decision
from auditor.stats.paired_loss import loss_difference, loss_of, mean_loss, smallest_loss

RUNS = 2000


def test_a_mean_is_that_of_a_t_test() -> None:
    losses = np.random.default_rng(1).normal(0.3, 1.0, 40)
    found = mean_loss(losses, margin=0.1, alpha=0.01)
    known = stats.ttest_1samp(losses, 0.0, alternative="greater")
    interval = stats.ttest_1samp(losses, 0.0).confidence_interval(0.95)
    assert found.p_value == pytest.approx(known.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_a_difference_is_that_of_welch() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(0.5, 2.0, 30), rng.normal(0.0, 1.0, 50)
    found = loss_difference(first, second, margin=0.0, alpha=0.01)
    known = stats.ttest_ind(first, second, equal_var=False, alternative="greater")
    assert found.p_value == pytest.approx(known.pvalue)
    assert found.degrees == pytest.approx(known.df)


def test_nothing_varies() -> None:
    assert mean_loss(np.zeros(10), margin=0.1, alpha=0.01).decision is Decision.UNDER
    lost = mean_loss(np.ones(10), margin=0.1, alpha=0.01)
    assert (lost.decision, lost.p_value) == (Decision.OVER, 0.0)
    assert loss_difference(np.zeros(9), np.zeros(9), margin=0.1, alpha=0.01).p_value == 1.0


@pytest.mark.parametrize("true", [0.0, 0.2])
def test_size_under_no_loss_and_at_the_margin(true: float) -> None:
    """A loss of no more than the margin is hardly ever called one: half of the 5 % lies above."""
    rng = np.random.default_rng(3)
    called = sum(
        mean_loss(row, margin=0.2, alpha=0.05).decision is Decision.OVER
        for row in rng.normal(true, 1.0, (RUNS, 60))
    )
    assert called <= stats.binom.ppf(0.999, RUNS, 0.05 if true == 0 else 0.025)


@pytest.mark.parametrize(("items", "alpha"), [(60, 0.01), (200, 0.05)])
def test_planned_power_is_reached(items: int, alpha: float) -> None:
    size = smallest_loss(1.0, items, margin=0.1, alpha=alpha)
    rng = np.random.default_rng(4)
    found = sum(
        mean_loss(row, margin=0.1, alpha=alpha).decision is Decision.OVER
        for row in rng.normal(size, 1.0, (RUNS, items))
    )
    assert found / RUNS == pytest.approx(0.8, abs=0.05)


def test_how_many_items_would_decide() -> None:
    open_one = loss_of(0.3, 0.2, 99, margin=0.1, alpha=0.01)
    assert open_one.decision is Decision.UNDECIDED
    needed = open_one.items_needed(100, 0.1)
    assert needed is not None
    decided = loss_of(0.3, 0.2 * (100 / needed) ** 0.5, 99, margin=0.1, alpha=0.5)
    assert decided.low == pytest.approx(0.1, abs=0.002)
    assert loss_of(0.1, 0.2, 99, margin=0.1, alpha=0.01).items_needed(100, 0.1) is None


def test_too_few_items() -> None:
    with pytest.raises(ValueError, match="two items"):
        mean_loss(np.ones(1), margin=0.1, alpha=0.01)
    with pytest.raises(ValueError, match="each side"):
        loss_difference(np.ones(1), np.ones(5), margin=0.1, alpha=0.01)
