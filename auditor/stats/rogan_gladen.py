"""A rate corrected for the errors of the test that it was counted with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from auditor.array import NDArray
from auditor.error import AuditorError

#: A test whose Se + Sp - 1 is smaller than this is as good as guessing.
_GUESSING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRates:
    """How often a test is right, with the number of cases that says so.

    Attributes:
        sensitivity: Share of the truly positive that it calls positive.
        positives: Truly positive cases behind it; with weights, the effective number.
        specificity: Share of the truly negative that it calls negative.
        negatives: Truly negative cases behind it; with weights, the effective number.
    """

    sensitivity: float
    positives: float
    specificity: float
    negatives: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRate:
    """A corrected rate with its interval, all in [0, 1]."""

    estimate: float
    low: float
    high: float


def error_rates(
    truth: NDArray[np.float64], called: NDArray[np.float64], weights: NDArray[np.float64]
) -> ErrorRates:
    """Sensitivity and specificity from cases of known truth that were drawn with unequal probability.

    Args:
        truth: Shape ``(n,)``; 1 for truly positive, 0 for truly negative, between where raters differ.
        called: Shape ``(n,)``; 1 where the test says positive, else 0.
        weights: Shape ``(n,)``; inverse probabilities of having been drawn, up to a factor.

    Returns:
        Weighted rates. Their numbers of cases are Kish's effective sample sizes, (sum w)^2 / sum w^2. A
        rate without any case is one half, from 0 cases: what it is then hardly bears on a corrected rate,
        since there is hardly anything for it to act on.

    Raises:
        AuditorError: If the shapes differ or a weight is not positive.

    Source: Kish 1965, Survey Sampling, section 11.7.
    """
    if not truth.shape == called.shape == weights.shape:
        raise AuditorError("truths, calls and weights must be of one length")
    if np.any(weights <= 0):
        raise AuditorError("a weight must be positive")
    positive, negative = weights * truth, weights * (1.0 - truth)
    sensitivity, positives = _share(positive, called)
    specificity, negatives = _share(negative, 1.0 - called)
    return ErrorRates(
        sensitivity=sensitivity, positives=positives, specificity=specificity, negatives=negatives
    )


def _share(weights: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[float, float]:
    total = float(weights.sum())
    if total == 0.0:
        return 0.5, 0.0
    return float(weights @ right) / total, total**2 / float(weights @ weights)


def rogan_gladen(called: int, n: int, rates: ErrorRates, level: float = 0.95) -> CorrectedRate | None:
    """The true rate behind a rate that a test with errors has counted.

    The estimate is (p + Sp - 1) / (Se + Sp - 1), cut to [0, 1]. The interval is that of Lang and Reiczigel:
    it carries the uncertainty of p, Se and Sp, and stays open where a rate was seen as 0 or 1.

    Args:
        called: Cases that the test calls positive.
        n: All cases that it was put to.
        rates: Its errors. The interval holds for rates from other cases than the ``n``; from a sample of
            these very cases it covers at least as often.
        level: Two-sided level of the interval.

    Returns:
        The corrected rate, or None where the test is no better than guessing, so that nothing can be said.

    Raises:
        AuditorError: If the counts or the level are impossible.

    Source: Rogan and Gladen 1978, Am. J. Epidemiol. 107, 71; Lang and Reiczigel 2014, Prev. Vet. Med.
        113, 13.
    """
    if not 0 <= called <= n or n == 0:
        raise AuditorError(f"{called} positive of {n} cases are impossible")
    if not 0.0 < level < 1.0:
        raise AuditorError(f"a confidence level lies between 0 and 1, not at {level}")
    z = float(stats.norm.isf((1.0 - level) / 2.0))
    share, cases = (called + z * z / 2.0) / (n + z * z), n + z * z
    sensitivity, positives = _one_more_of_each(rates.sensitivity, rates.positives)
    specificity, negatives = _one_more_of_each(rates.specificity, rates.negatives)
    youden = sensitivity + specificity - 1.0
    raw_youden = rates.sensitivity + rates.specificity - 1.0
    if min(youden, raw_youden) < _GUESSING:
        return None
    centre = (share + specificity - 1.0) / youden
    of_positives = sensitivity * (1.0 - sensitivity) / positives
    of_negatives = specificity * (1.0 - specificity) / negatives
    shift = 2.0 * z * z * (centre * of_positives - (1.0 - centre) * of_negatives)
    variance = share * (1.0 - share) / cases + centre**2 * of_positives + (1.0 - centre) ** 2 * of_negatives
    half = z * math.sqrt(variance) / youden
    estimate = _cut((called / n + rates.specificity - 1.0) / raw_youden)
    # The interval's centre is drawn inwards; near an edge it must still hold the estimate itself.
    return CorrectedRate(
        estimate=estimate,
        low=min(estimate, _cut(centre + shift - half)),
        high=max(estimate, _cut(centre + shift + half)),
    )


def difference_of(first: CorrectedRate, second: CorrectedRate) -> tuple[float, float, float]:
    """First rate less second with an interval from those of both, for rates that do not fall together.

    Rates that rise and fall together, as those of answers to the same prompts do, differ less than this
    interval allows for.

    Returns:
        Difference, lower and upper end.

    Source: Newcombe 1998, Stat. Med. 17, 873, method 10; Zou and Donner 2008, Stat. Med. 27, 1693.
    """
    difference = first.estimate - second.estimate
    down = math.hypot(first.estimate - first.low, second.high - second.estimate)
    up = math.hypot(first.high - first.estimate, second.estimate - second.low)
    return difference, max(-1.0, difference - down), min(1.0, difference + up)


def _one_more_of_each(share: float, n: float) -> tuple[float, float]:
    return (share * n + 1.0) / (n + 2.0), n + 2.0


def _cut(share: float) -> float:
    return min(1.0, max(0.0, share))
