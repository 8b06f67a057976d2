"""By how much one model is worse than another, item by item, against a margin below which nothing is lost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from auditor.array import NDArray
from auditor.stats.paired import Decision


@dataclass(frozen=True, slots=True)
class PairedLoss:
    """A mean loss over items with its interval, and what it amounts to.

    Attributes:
        value: Estimated loss; larger is worse.
        error: Its standard error.
        degrees: Degrees of freedom of the standard error.
        low: Lower end of the interval.
        high: Upper end.
        p_value: One-sided, of the null.
        decision: Over the margin, under it, or undecided.
    """

    value: float
    error: float
    degrees: float
    low: float
    high: float
    p_value: float
    decision: Decision

    def items_needed(self, items: int, margin: float) -> int | None:
        """Items that would decide it if the loss is what it seems; None where it lies on the margin."""
        distance = abs(self.value - margin)
        reach = (self.high - self.low) / 2
        if distance <= 1e-12 * max(1.0, reach):
            return None
        return max(items + 1, math.ceil(items * (reach / distance) ** 2))


def loss_of(
    value: float,
    error: float,
    degrees: float,
    *,
    margin: float,
    alpha: float,
    level: float = 0.95,
    null: float = 0.0,
) -> PairedLoss:
    """A loss from its estimate: over the margin, under it, or neither.

    It is *over* the margin if the one-sided test of the null gives less than ``alpha`` and the interval lies
    above the margin, and *under* it if the interval lies below.

    Args:
        value: The estimate.
        error: Its standard error.
        degrees: Degrees of freedom of Student's distribution.
        margin: Largest loss that counts as none.
        alpha: Level of the test.
        level: Level of the interval.
        null: Loss that the test is of.
    """
    reach = float(stats.t.ppf(0.5 + level / 2, degrees)) * error
    low, high = value - reach, value + reach
    p_value = float(stats.t.sf((value - null) / error, degrees)) if error > 0 else float(value <= null)
    if p_value < alpha and low > margin:
        decision = Decision.OVER
    elif high < margin:
        decision = Decision.UNDER
    else:
        decision = Decision.UNDECIDED
    return PairedLoss(value, error, degrees, low, high, p_value, decision)


def mean_loss(
    losses: Float[NDArray[np.float64], " items"], *, margin: float, alpha: float, null: float = 0.0
) -> PairedLoss:
    """The mean of paired losses, by Student's t.

    Raises:
        ValueError: With fewer than two items.
    """
    count = len(losses)
    if count < 2:
        raise ValueError("a mean loss takes two items or more")
    error = float(np.std(losses, ddof=1)) / math.sqrt(count)
    return loss_of(float(np.mean(losses)), error, count - 1, margin=margin, alpha=alpha, null=null)


def loss_difference(
    first: Float[NDArray[np.float64], " some"],
    second: Float[NDArray[np.float64], " others"],
    *,
    margin: float,
    alpha: float,
) -> PairedLoss:
    """Mean loss on one set of items less that on another, by Welch's t.

    Raises:
        ValueError: With fewer than two items on either side.

    Source: Welch 1947, Biometrika 34, 28.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError("a difference of losses takes two items or more on each side")
    shares = [float(np.var(one, ddof=1)) / len(one) for one in (first, second)]
    variance = sum(shares)
    value = float(np.mean(first) - np.mean(second))
    sizes = (len(first), len(second))
    below = sum(share**2 / (size - 1) for share, size in zip(shares, sizes, strict=True))
    degrees = variance**2 / below if below > 0 else float(sum(sizes) - 2)
    return loss_of(value, math.sqrt(variance), degrees, margin=margin, alpha=alpha)


def smallest_loss(
    spread: float, items: float, *, margin: float, alpha: float, power: float = 0.8, null: float = 0.0
) -> float:
    """Loss that is found with probability ``power``, for planning.

    Args:
        spread: Standard deviation of an item's loss.
        items: Items; of a difference of two means, half the harmonic mean of their numbers.
        margin: Largest loss that counts as none.
        alpha: Level of the test.
        power: Chance of finding it.
        null: Loss that the test is of.
    """
    error = spread / math.sqrt(items)
    found = null + float(stats.norm.isf(alpha)) * error
    outside = margin + float(stats.norm.isf(0.025)) * error
    return max(found, outside) + float(stats.norm.isf(1 - power)) * error
