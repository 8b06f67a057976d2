"""How well a score separates two groups of models: ROC curve, area, and detection at a false-alarm rate.

Larger scores speak for the claim. A model that has no score enters as minus infinity: nothing was found.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy import stats

from auditor.array import NDArray
from auditor.stats.intervals import clopper_pearson

Scores = Float[NDArray[np.float64], " models"]


def auroc(positives: Scores, negatives: Scores) -> float:
    """Probability that a positive scores above a negative, ties counted half; NaN if a group is empty.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982.
    """
    if not len(positives) or not len(negatives):
        return math.nan
    ranks = stats.rankdata(np.concatenate([positives, negatives]))
    above = float(ranks[: len(positives)].sum()) - len(positives) * (len(positives) + 1) / 2
    return above / (len(positives) * len(negatives))


def auroc_interval(
    positives: Scores,
    negatives: Scores,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 1000,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the area, over the models of both groups.

    Where the groups are separated completely every draw gives the same area. The interval is then
    Clopper and Pearson's for as many trials as the smaller group has members, all of which went one way.
    (0, 1) if a group is empty.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    area = auroc(positives, negatives)
    if math.isnan(area):
        return 0.0, 1.0
    fewer = min(len(positives), len(negatives))
    if area in (0.0, 1.0):
        return clopper_pearson(fewer if area else 0, fewer, level)
    # How each positive stands to each negative: 1 above, 1/2 tied, 0 below. An area is a mean over pairs.
    against = np.sign(_difference(positives, negatives)) / 2 + 0.5
    rows = rng.multinomial(len(positives), np.full(len(positives), 1 / len(positives)), size=draws)
    columns = rng.multinomial(len(negatives), np.full(len(negatives), 1 / len(negatives)), size=draws)
    areas = np.einsum("dp,pn,dn->d", rows, against, columns, optimize=True) / against.size
    low, high = np.quantile(areas, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _difference(positives: Scores, negatives: Scores) -> Float[NDArray[np.float64], "positives negatives"]:
    """Differences in rank, which infinite scores have too."""
    ranks = stats.rankdata(np.concatenate([positives, negatives]))
    difference: NDArray[np.float64] = ranks[: len(positives), None] - ranks[None, len(positives) :]
    return difference


def roc_curve(
    positives: Scores, negatives: Scores
) -> tuple[Float[NDArray[np.float64], " points"], Float[NDArray[np.float64], " points"]]:
    """False-alarm rates and detection rates at every threshold, from (0, 0) to (1, 1).

    Raises:
        ValueError: If a group is empty.
    """
    if not len(positives) or not len(negatives):
        raise ValueError("a curve needs both groups")
    thresholds = np.unique(np.concatenate([positives, negatives]))[::-1]
    alarms = [float(np.mean(negatives >= one)) for one in thresholds]
    found = [float(np.mean(positives >= one)) for one in thresholds]
    return np.array([0.0, *alarms]), np.array([0.0, *found])


def threshold_at(negatives: Scores, rate: float) -> float:
    """The score to exceed so that at most a share ``rate`` of the negatives exceeds it.

    With fewer than ``1 / rate`` negatives this is their largest: no false alarm among them is all that so
    few can show. NaN without any.

    Raises:
        ValueError: If ``rate`` is not between 0 and 1.
    """
    if not 0 <= rate < 1:
        raise ValueError("a false-alarm rate lies between 0 and 1")
    if not len(negatives):
        return math.nan
    allowed = math.floor(rate * len(negatives) * (1 + 1e-12))
    return float(np.sort(negatives)[::-1][allowed])
