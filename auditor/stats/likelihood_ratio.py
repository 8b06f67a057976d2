"""From scores to likelihood ratios, and how good these are: Cllr, its minimum, reliability, words.

A likelihood ratio says how much more probable a score is if the claim is true than if it is not. The prior
odds, and with them the posterior ones, are left to the reader.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import optimize

from auditor.array import NDArray

Values = Float[NDArray[np.float64], " models"]

#: Spread of the normal prior on the slope; without one, separated scores would have an infinite slope.
_SLOPE_SPREAD = 10.0
#: Least number of models of each group that a calibration is fitted to.
FEWEST = 2
#: Likelihood ratios from which on each phrase is used.
_PHRASES = (
    (1_000_000, "extremely strong support"),
    (10_000, "very strong support"),
    (1_000, "strong support"),
    (100, "moderately strong support"),
    (10, "moderate support"),
    (2, "weak support"),
)


def cllr(log_ratios: Values, guilty: Bool[NDArray[np.bool_], " models"]) -> float:
    """Cost of log likelihood ratios in bits: 0 is perfect, 1 says nothing, more misleads.

    Args:
        log_ratios: Natural logarithms of likelihood ratios; infinite ones are allowed.
        guilty: For which models the claim is true. Both groups weigh the same, however large.

    Returns:
        NaN if a group is empty.

    Source: Brümmer and du Preez 2006, Comput. Speech Lang. 20, 230.
    """
    if not guilty.any() or guilty.all():
        return math.nan
    missed = np.logaddexp(0.0, -log_ratios[guilty]).mean()
    accused = np.logaddexp(0.0, log_ratios[~guilty]).mean()
    return float((missed + accused) / (2 * math.log(2)))


def best_log_ratios(scores: Values, guilty: Bool[NDArray[np.bool_], " models"]) -> Values:
    """The log likelihood ratios with the least Cllr that any non-decreasing function of the scores gives.

    It has seen the truth, so it is a bound on what calibration can reach and never a likelihood ratio to
    report. NaN if a group is empty.

    Source: Brümmer and du Preez 2006, section 5, by pooling adjacent violators.
    """
    if not guilty.any() or guilty.all():
        return np.full(len(scores), np.nan)
    distinct, place = np.unique(scores, return_inverse=True)
    of_guilty = np.bincount(place, weights=guilty, minlength=len(distinct)) / guilty.sum()
    of_innocent = np.bincount(place, weights=~guilty, minlength=len(distinct)) / (~guilty).sum()
    mass = of_guilty + of_innocent
    posterior = optimize.isotonic_regression(of_guilty / mass, weights=mass).x
    with np.errstate(divide="ignore"):
        ratios: NDArray[np.float64] = np.log(posterior) - np.log1p(-posterior)
    return ratios[place]


def cllr_min(scores: Values, guilty: Bool[NDArray[np.bool_], " models"]) -> float:
    """What Cllr would be after the best monotone calibration: the loss that is due to the scores alone."""
    return cllr(best_log_ratios(scores, guilty), guilty)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map from scores to log likelihood ratios.

    Attributes:
        centre: Median of the scores that it was fitted to.
        scale: Their median absolute deviation.
        slope: Of the log ratio in the compressed score asinh((score - centre) / scale); at least 0.
        intercept: Log ratio at the centre.
        most: The largest log ratio that it may state: that of as many negatives as it has seen.
        least: The smallest, by the number of positives.
    """

    centre: float
    scale: float
    slope: float
    intercept: float
    most: float
    least: float

    def unclamped(self, scores: Values) -> Values:
        """What the regression says, however few models it rests on: to rank by, not to state."""
        return self.intercept + self.slope * np.arcsinh((scores - self.centre) / self.scale)

    def log_ratios(self, scores: Values) -> Values:
        """Natural logarithms of likelihood ratios, clamped: n innocents cannot bear out more than n to 1."""
        return np.clip(self.unclamped(scores), self.least, self.most)


def calibrate(scores: Values, guilty: Bool[NDArray[np.bool_], " models"]) -> Calibration | None:
    """Fit a calibration by logistic regression with equal weight on both groups.

    Scores are compressed first, since one that is a hundred spreads away must not rule the fit.

    Args:
        scores: Finite scores.
        guilty: For which models the claim is true.

    Returns:
        None if a group has fewer than ``FEWEST`` members.

    Source: Brümmer and du Preez 2006; Morrison 2013, Aust. J. Forensic Sci. 45, 173.
    """
    positives, negatives = int(guilty.sum()), int((~guilty).sum())
    if min(positives, negatives) < FEWEST:
        return None
    centre = float(np.median(scores))
    scale = float(np.median(np.abs(scores - centre))) or float(np.std(scores)) or 1.0
    compressed = np.arcsinh((scores - centre) / scale)
    weights = np.where(guilty, 0.5 / positives, 0.5 / negatives) * len(scores)
    sign = np.where(guilty, -1.0, 1.0)

    def cost(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope, intercept = parameters
        exponent = sign * (intercept + slope * compressed)
        pull = weights * sign * np.exp(exponent - np.logaddexp(0.0, exponent))
        loss = float(weights @ np.logaddexp(0.0, exponent)) + 0.5 * float(slope / _SLOPE_SPREAD) ** 2
        return loss, np.array([pull @ compressed + slope / _SLOPE_SPREAD**2, pull.sum()])

    bounds = [(0.0, None), (None, None)]
    fitted = optimize.minimize(cost, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds)
    slope, intercept = (float(one) for one in fitted.x)
    return Calibration(centre, scale, slope, intercept, math.log(negatives), -math.log(positives))


def cross_fitted(
    scores: Values,
    guilty: Bool[NDArray[np.bool_], " models"],
    left_out: Bool[NDArray[np.bool_], "models models"],
) -> Values:
    """Log likelihood ratio of each model by a calibration that has not seen it or its relatives.

    Args:
        scores: Finite scores.
        guilty: For which models the claim is true.
        left_out: ``left_out[i, j]``: model j is left out where model i is judged. i itself always is.

    Returns:
        NaN where too few models are left to fit to.
    """
    ratios = np.full(len(scores), np.nan)
    for index in range(len(scores)):
        kept = ~left_out[index]
        kept[index] = False
        calibration = calibrate(scores[kept], guilty[kept])
        if calibration is not None:
            ratios[index] = calibration.log_ratios(scores[index : index + 1])[0]
    return ratios


@dataclass(frozen=True, slots=True)
class Reliability:
    """Models with like ratios: what the ratios foretell, and what is so.

    Attributes:
        foretold: Mean posterior probability, at the prior odds of the models at hand.
        n: Models.
        true: Those for which the claim is true.
    """

    foretold: float
    n: int
    true: int


def reliability(
    log_ratios: Values, guilty: Bool[NDArray[np.bool_], " models"], bins: int = 6
) -> tuple[Reliability, ...]:
    """Models in bins of equal number by their likelihood ratio; equal ratios share a bin.

    Source: DeGroot and Fienberg 1983, The Statistician 32, 12.
    """
    if not guilty.any() or guilty.all():
        return ()
    prior = math.log(guilty.sum() / (~guilty).sum())
    posterior = 1 / (1 + np.exp(-(log_ratios + prior)))
    edges = np.unique(np.quantile(log_ratios, np.arange(1, bins) / bins))
    place = np.searchsorted(edges, log_ratios, side="right")
    return tuple(
        Reliability(
            float(posterior[place == one].mean()), int((place == one).sum()), int(guilty[place == one].sum())
        )
        for one in np.unique(place)
    )


def in_words(log_ratio: float) -> str:
    """The ENFSI scale of support, for or against.

    Source: ENFSI Guideline for Evaluative Reporting in Forensic Science 2015, table 1.
    """
    size = math.exp(min(abs(log_ratio), 100.0)) * (1 + 1e-12)
    phrase = next((words for least, words in _PHRASES if size >= least), "")
    if not phrase:
        return "no support either way"
    return f"{phrase} {'for' if log_ratio > 0 else 'against'} the claim"


def shares_any(groups: Sequence[frozenset[str]]) -> Bool[NDArray[np.bool_], "models models"]:
    """Which models have a group in common with which, themselves included."""
    table = np.eye(len(groups), dtype=np.bool_)
    for row, own in enumerate(groups):
        for column in range(row):
            table[row, column] = table[column, row] = not own.isdisjoint(groups[column])
    return table
