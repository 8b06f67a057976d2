"""A mean that a judge gives of everything and people of a sample: the judge's precision, the people's truth.

Everything that is to be counted has a judge's value f; a sample of it, drawn in strata, has a true value Y
as well. The estimate takes the mean of f over everything and corrects it by the weighted mean of Y - f over
the sample, so that it is right whatever the judge's errors are; a good judge only makes it narrower.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from auditor.array import NDArray
from auditor.error import AuditorError

#: Squared size of the one error that is added to each stratum, and to the whole.
_ADDED = 1.0


@dataclass(frozen=True, slots=True)
class Stratum:
    """Part of what is counted, of which a simple random sample has true values.

    Attributes:
        size: How many there are in all.
        true: Shape ``(n,)``; what people say, within [-1, 1].
        judged: Shape ``(n,)``; what the judge says of the same.
    """

    size: int
    true: NDArray[np.float64]
    judged: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.true.shape != self.judged.shape or self.true.ndim != 1:
            raise AuditorError("true and judged values must be of one length")
        if not 1 <= len(self.true) <= self.size:
            raise AuditorError(f"{len(self.true)} of {self.size} cannot have been drawn from a stratum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Powered:
    """A prediction-powered mean.

    Attributes:
        estimate: The mean.
        low: Lower end of its interval.
        high: Upper end.
        standard_error: Its standard error.
        floor: The standard error that would remain if everything had a true value.
        freedom: Degrees of freedom of the t distribution behind the interval.
        trust: Weight of the judge's values, 0 (not used) to 1 (used in full).
        labelled: How many have true values.
        everything: How many are counted.
        p_value: One-sided, for the hypothesis that the true mean is 0 or less.
    """

    estimate: float
    low: float
    high: float
    standard_error: float
    floor: float
    freedom: float
    trust: float
    labelled: int
    everything: int
    p_value: float

    def labels_for(self, half_width: float, level: float = 0.95) -> int | None:
        """How many true values an interval of ``half_width`` on either side needs, errors being as seen.

        Returns:
            The number, or None where even true values of everything leave the interval wider.
        """
        spread = self.floor**2 * self.everything
        sampled = 1.0 / self.labelled - 1.0 / self.everything
        if sampled <= 0.0:
            error = 0.0
        else:
            error = (self.standard_error**2 - self.floor**2) / sampled
        return required_labels(half_width, self.everything, spread, max(0.0, error), level)

    def margin_of(self, level: float, power: float) -> float:
        """How far over a bound the true mean must lie for the interval to clear it with this probability."""
        half = float(stats.t.isf((1.0 - level) / 2.0, self.freedom)) + float(stats.t.ppf(power, self.freedom))
        return half * self.standard_error


def prediction_powered_mean(judged_mean: float, strata: Sequence[Stratum], level: float = 0.95) -> Powered:
    """Mean of the true values by prediction-powered inference with power tuning, in a stratified sample.

    With shares W = size / (all), means over the samples and finite population factors::

        estimate = trust * judged_mean + sum W (mean Y - trust * mean f)
        variance = var(Y) / N + sum W^2 (1/n - 1/N_h) var_h(Y - trust f)

    ``trust`` minimises the variance, cut to [0, 1]. For one stratum this is PPI++ with the labelled among
    the unlabelled; where the judge's values are the same all over each stratum, ``trust`` cancels and the
    estimate is the stratified mean.

    Small samples: to each stratum's sum of squared errors one error of size 1 is added and the sum divided
    by n, and likewise to the whole. So a sample in which the judge never errs does not claim that it never
    does: 0 of n errors leave about the room that the rule of three leaves. The interval is Student's, with
    Satterthwaite's degrees of freedom over the strata. It is symmetric: with fewer than ten errors in all
    it covers more often than ``level`` on one side and less on the other.

    Args:
        judged_mean: Mean of the judge's values over everything.
        strata: Every stratum, each with a sample.
        level: Two-sided level.

    Raises:
        AuditorError: If there is no stratum or the level is impossible.

    Source: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, Science 382, 669; Angelopoulos, Duchi and
        Zrnic 2023, arXiv:2311.01453 (power tuning); Cochran 1977, Sampling Techniques, sections 5.6 (strata),
        5.4 (degrees of freedom) and 12.2 (two phases).
    """
    if not strata:
        raise AuditorError("nothing has a true value")
    if not 0.0 < level < 1.0:
        raise AuditorError(f"a confidence level lies between 0 and 1, not at {level}")
    everything = sum(one.size for one in strata)
    weights = [one.size / everything for one in strata]
    # What the sample adds to the variance, per unit of variance within a stratum.
    shares = [w * w * (1.0 / len(one.true) - 1.0 / one.size) for w, one in zip(weights, strata, strict=True)]
    trust = _trust(strata, shares)
    estimate = trust * float(judged_mean) + sum(
        w * float(np.mean(one.true - trust * one.judged)) for w, one in zip(weights, strata, strict=True)
    )
    parts = [
        share * _variance(one.true - trust * one.judged) for share, one in zip(shares, strata, strict=True)
    ]
    mean = sum(w * float(np.mean(one.true)) for w, one in zip(weights, strata, strict=True))
    spread = sum(w * float(np.mean((one.true - mean) ** 2)) for w, one in zip(weights, strata, strict=True))
    whole = (spread + _ADDED / everything) / everything
    error = math.sqrt(whole + sum(parts))
    freedom = error**4 / (
        whole**2 / max(everything - 1, 1)
        + sum(part**2 / len(one.true) for part, one in zip(parts, strata, strict=True))
    )
    half = float(stats.t.isf((1.0 - level) / 2.0, freedom)) * error
    return Powered(
        estimate=estimate,
        low=max(-1.0, estimate - half),
        high=min(1.0, estimate + half),
        standard_error=error,
        floor=math.sqrt(whole),
        freedom=freedom,
        trust=trust,
        labelled=sum(len(one.true) for one in strata),
        everything=everything,
        p_value=float(stats.t.sf(estimate / error, freedom)),
    )


def required_labels(
    half_width: float, n: int, spread: float, error: float, level: float = 0.95
) -> int | None:
    """How many of ``n`` need a true value for an interval of ``half_width`` on either side.

    Args:
        half_width: Wanted half width.
        n: Everything that is counted.
        spread: Variance of the true values.
        error: Variance of the judge's errors.
        level: Level of the interval.

    Returns:
        The number of a simple random sample, or None where even labels of all ``n`` leave the interval wider.

    Raises:
        AuditorError: If a width, number or variance is impossible.
    """
    if half_width <= 0 or n < 1 or min(spread, error) < 0 or not 0.0 < level < 1.0:
        raise AuditorError("widths, numbers and variances must be positive")
    room = (half_width / float(stats.norm.isf((1.0 - level) / 2.0))) ** 2 - spread / n
    if room < 0.0:
        return None
    return min(n, math.ceil(error / (room + error / n))) if error > 0 else 1


def allocation(sizes: Sequence[int], n: int) -> tuple[int, ...]:
    """How many to draw from each stratum: in proportion to the root of its size, at least two of each.

    Rare strata are drawn more densely than frequent ones, so that the judge's errors are seen in all.

    Args:
        sizes: Sizes of the strata.
        n: Wanted in all; raised to two of each stratum, and cut to everything.

    Raises:
        AuditorError: If a size is not positive.

    Source: Bankier 1988, Am. Stat. 42, 174 (power allocation, with power one half).
    """
    if any(size < 1 for size in sizes):
        raise AuditorError("an empty stratum cannot be drawn from")
    drawn = [min(size, 2) for size in sizes]
    while sum(drawn) < min(n, sum(sizes)):
        # The stratum that lies furthest behind its share gets the next one.
        open_ones = [k for k, size in enumerate(sizes) if drawn[k] < size]
        behind = min(open_ones, key=lambda k: ((drawn[k] + 1) / math.sqrt(sizes[k]), k))
        drawn[behind] += 1
    return tuple(drawn)


def _trust(strata: Sequence[Stratum], shares: Sequence[float]) -> float:
    together = judged = 0.0
    for share, one in zip(shares, strata, strict=True):
        if len(one.true) > 1:
            together += share * float(np.cov(one.true, one.judged)[0, 1])
            judged += share * float(np.var(one.judged, ddof=1))
    return min(1.0, max(0.0, together / judged)) if judged > 0.0 else 1.0


def _variance(errors: NDArray[np.float64]) -> float:
    return (float(np.sum((errors - np.mean(errors)) ** 2)) + _ADDED) / len(errors)
