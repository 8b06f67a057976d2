"""Fusion of several methods' scores into one likelihood ratio for a suspect and a candidate.

Scores of methods that look at the same models depend on each other, so their likelihood ratios must not be
multiplied. A logistic regression learns one weight for each method from suspects whose truth is known, and
gives two methods that say the same no more than one of them.

p-values are combined in ``combination``; likelihood ratios of one score are made in ``likelihood_ratio``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import optimize

from auditor.array import NDArray
from auditor.stats.likelihood_ratio import FEWEST, Calibration, calibrate

Table = Float[NDArray[np.float64], "pairs methods"]
Scores = Float[NDArray[np.float64], " pairs"]

#: Deviate that the pull of a method of mere noise exceeds with a probability of 5 %.
_NOISE = 1.645
#: Share of the ridge in the prior: splits a weight evenly between methods that say the same.
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class MethodScale:
    """How scores of one method are made comparable with those of others.

    Attributes:
        centre: Median of the innocents' scores.
        scale: Their median absolute deviation.
        mean: Mean of the innocents' compressed scores asinh((score - centre) / scale): the background.
        spread: Their standard deviation.
    """

    centre: float
    scale: float
    mean: float
    spread: float

    def standardised(self, scores: Scores) -> Scores:
        """Compressed scores in spreads above the background; a missing one (NaN) lies at the background."""
        compressed = np.arcsinh((scores - self.centre) / self.scale)
        return np.where(np.isfinite(scores), (compressed - self.mean) / self.spread, 0.0)


@dataclass(frozen=True, slots=True)
class Known:
    """Suspects of known truth with their scores.

    Attributes:
        scores: Score of each pair of suspect and candidate by each method; NaN where there is none. The
            pairs of a guilty suspect are those with its own teachers, of an innocent all of them.
        suspects: Which suspect each pair is about, as a place in ``guilty``. Every suspect has a pair.
        guilty: For which suspects the claim is true.
    """

    scores: Table
    suspects: Int[NDArray[np.int64], " pairs"]
    guilty: Bool[NDArray[np.bool_], " suspects"]

    def only(self, kept: Bool[NDArray[np.bool_], " suspects"]) -> Known:
        """The same of some of the suspects."""
        places = np.cumsum(kept) - 1
        chosen = kept[self.suspects]
        return Known(self.scores[chosen], places[self.suspects[chosen]], self.guilty[kept])


@dataclass(frozen=True, slots=True)
class Fusion:
    """A map from the scores of several methods to one log likelihood ratio.

    Attributes:
        scales: One for each method; None where too few scores are known, so that its weight is 0.
        weights: Of the standardised scores, at least 0.
        calibration: From the weighted sum to log likelihood ratios, with its clamps.
    """

    scales: tuple[MethodScale | None, ...]
    weights: tuple[float, ...]
    calibration: Calibration

    def contributions(self, scores: Table) -> Table:
        """What each method adds to the weighted sum."""
        added: NDArray[np.float64] = _standardised(scores, self.scales) * np.array(self.weights)
        return added

    def sums(self, scores: Table) -> Scores:
        """Weighted sums; NaN for a pair of which no method with a weight has said anything."""
        telling = np.array(self.weights) > 0
        if not telling.any():
            telling = np.ones(len(self.weights), dtype=np.bool_)
        heard = np.isfinite(scores[:, telling]).any(axis=1)
        return np.where(heard, self.contributions(scores).sum(axis=1), np.nan)

    def log_ratios(self, scores: Table) -> Scores:
        """Natural logarithms of likelihood ratios, clamped by the number of known suspects; NaN as above."""
        ratios: NDArray[np.float64] = self.calibration.log_ratios(self.sums(scores))
        return ratios


def fuse(known: Known) -> Fusion | None:
    """Learn weights and calibrate their sum.

    First a logistic regression on pairs, in which both groups weigh the same, and so does every suspect of
    a group. Weights are at least 0 with an exponential prior, whose rate is such that a method of mere
    noise gets any weight in at most 5 % of cases; copies of a method share the weight that one of them
    would have. Then the weighted sums are calibrated on suspects: of a guilty one that for its own teacher,
    of an innocent the largest over the candidates, since that is the one that an auditor would report.

    Returns:
        None if a group has fewer than ``FEWEST`` members about whom a method has spoken.

    Source: Brümmer et al. 2007, IEEE Trans. Audio Speech Lang. Process. 15, 2072 (fusion by logistic
    regression); Tibshirani 1996, J. R. Stat. Soc. B 58, 267, section 2 (the prior).
    """
    heard = np.zeros(len(known.guilty), dtype=np.bool_)
    heard[known.suspects[np.isfinite(known.scores).any(axis=1)]] = True
    known = known.only(heard)
    if min(int(known.guilty.sum()), int((~known.guilty).sum())) < FEWEST:
        return None
    scales = tuple(_scale(known, place) for place in range(known.scores.shape[1]))
    weights = _weights(_standardised(known.scores, scales), known)
    fusion = Fusion(scales, weights, Calibration(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    highest = best(fusion.sums(known.scores), known)
    told = np.isfinite(highest)
    calibration = calibrate(highest[told], known.guilty[told])
    return None if calibration is None else Fusion(scales, weights, calibration)


def best(sums: Scores, known: Known) -> Float[NDArray[np.float64], " suspects"]:
    """The largest value over the pairs of each suspect; NaN where all are NaN."""
    highest = np.full(len(known.guilty), -math.inf)
    np.maximum.at(highest, known.suspects, np.where(np.isnan(sums), -math.inf, sums))
    return np.where(np.isneginf(highest), np.nan, highest)


def cross_fitted_fusions(
    known: Known, left_out: Bool[NDArray[np.bool_], "suspects suspects"]
) -> tuple[Fusion | None, ...]:
    """For each suspect, a fusion that has seen neither it nor its relatives.

    Args:
        known: Suspects of known truth.
        left_out: ``left_out[i, j]``: suspect j is left out where suspect i is judged. i itself always is.

    Returns:
        None for a suspect for whom too few others are left.
    """
    found = []
    for place in range(len(known.guilty)):
        kept = ~left_out[place]
        kept[place] = False
        found.append(fuse(known.only(kept)))
    return tuple(found)


def _scale(known: Known, method: int) -> MethodScale | None:
    scores = known.scores[:, method]
    finite = np.isfinite(scores)
    of_guilty = known.guilty[known.suspects]
    groups = (finite & of_guilty, finite & ~of_guilty)
    if min(len(np.unique(known.suspects[group])) for group in groups) < FEWEST:
        return None
    innocent = scores[groups[1]]
    centre = float(np.median(innocent))
    scale = float(np.median(np.abs(innocent - centre))) or float(np.std(innocent)) or 1.0
    compressed = np.arcsinh((innocent - centre) / scale)
    return MethodScale(centre, scale, float(compressed.mean()), float(compressed.std()) or 1.0)


def _standardised(scores: Table, scales: tuple[MethodScale | None, ...]) -> Table:
    columns = [
        np.zeros(len(scores)) if one is None else one.standardised(scores[:, place])
        for place, one in enumerate(scales)
    ]
    return np.column_stack(columns)


def _weights(standardised: Table, known: Known) -> tuple[float, ...]:
    number = len(known.guilty)
    share = np.where(known.guilty, 0.5 / known.guilty.sum(), 0.5 / (~known.guilty).sum()) * number
    pairs = (share / np.bincount(known.suspects, minlength=number))[known.suspects]
    sign = np.where(known.guilty, -1.0, 1.0)[known.suspects]
    # Without any weight every residual is 1/2: this is the noise in the pull of a method that knows nothing.
    rate = _NOISE * 0.5 * math.sqrt(float(share @ share))

    def cost(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, intercept = parameters[:-1], parameters[-1]
        exponent = sign * (intercept + standardised @ weights)
        pull = pairs * sign * np.exp(exponent - np.logaddexp(0.0, exponent))
        loss = float(pairs @ np.logaddexp(0.0, exponent))
        prior = rate * float(weights.sum() + 0.5 * _RIDGE * weights @ weights)
        slope = standardised.T @ pull + rate * (1.0 + _RIDGE * weights)
        return loss + prior, np.append(slope, pull.sum())

    methods = standardised.shape[1]
    bounds = [(0.0, None)] * methods + [(None, None)]
    fitted = optimize.minimize(cost, np.zeros(methods + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return tuple(float(one) for one in fitted.x[:-1])
