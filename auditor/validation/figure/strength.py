"""Likelihood ratios by cross-fitted calibration: what they cost, and whether they mean what they say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.stats.likelihood_ratio import (
    Reliability,
    calibrate,
    cllr,
    cllr_min,
    cross_fitted,
    in_words,
    reliability,
    shares_any,
)
from auditor.validation.figure.share import finite
from auditor.validation.figure.unit import Unit, guilt_of, scores_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How strong the evidence of a test is, and how well its strength is stated.

    Attributes:
        guilty: Guilty suspects with a likelihood ratio.
        innocent: Innocent ones.
        left: Suspects without one: no score, or too few unrelated models to calibrate with.
        cost: Cllr in bits; 0 is perfect, 1 says nothing.
        least_cost: Its minimum over all monotone calibrations of the same scores.
        misleading_guilty: Guilty suspects with a ratio under 1.
        misleading_innocent: Innocent suspects with a ratio above 1.
        bins: Reliability.
        words: How many guilty and innocent suspects each phrase is said of, strongest for first.
    """

    guilty: int
    innocent: int
    left: int
    cost: float | None
    least_cost: float | None
    misleading_guilty: int
    misleading_innocent: int
    bins: tuple[Reliability, ...]
    words: tuple[tuple[str, int, int], ...]


def strength(tried: Sequence[Unit], reference: Sequence[Unit] | None = None) -> Strength:
    """Calibrate and judge.

    Args:
        tried: Suspects of the test.
        reference: Suspects of another population whose calibration is used as it is; without them, every
            suspect is judged by a calibration that has seen nobody who shares its base, teacher or data.
    """
    scored = [one for one in tried if math.isfinite(one.score)]
    ratios = _ratios(scored, reference)
    return strength_of(ratios, scores_of(scored), guilt_of(scored), len(tried))


def strength_of(
    ratios: Float[NDArray[np.float64], " units"],
    scores: Float[NDArray[np.float64], " units"],
    guilty: Bool[NDArray[np.bool_], " units"],
    tried: int,
) -> Strength:
    """Judge log likelihood ratios that were made already.

    Args:
        ratios: Natural logarithms; NaN where there is none.
        scores: What they were made from; only the order counts.
        guilty: Of whom the claim is true.
        tried: Suspects, those without a ratio counted.
    """
    judged = ~np.isnan(ratios)
    ratios, guilty, scores = ratios[judged], guilty[judged], scores[judged]
    return Strength(
        guilty=int(guilty.sum()),
        innocent=int((~guilty).sum()),
        left=tried - len(ratios),
        cost=finite(cllr(ratios, guilty)),
        least_cost=finite(cllr_min(scores, guilty)),
        misleading_guilty=int((ratios[guilty] < 0).sum()),
        misleading_innocent=int((ratios[~guilty] > 0).sum()),
        bins=reliability(ratios, guilty),
        words=_words(ratios, guilty),
    )


def _ratios(scored: Sequence[Unit], reference: Sequence[Unit] | None) -> Float[NDArray[np.float64], " units"]:
    scores = scores_of(scored)
    if reference is None:
        return cross_fitted(scores, guilt_of(scored), shares_any([one.ties for one in scored]))
    known = [one for one in reference if math.isfinite(one.score)]
    calibration = calibrate(scores_of(known), guilt_of(known))
    return np.full(len(scored), np.nan) if calibration is None else calibration.log_ratios(scores)


def _words(
    ratios: Float[NDArray[np.float64], " units"], guilty: Bool[NDArray[np.bool_], " units"]
) -> tuple[tuple[str, int, int], ...]:
    said = [in_words(float(one)) for one in ratios]
    highest: dict[str, float] = {}
    for phrase, ratio in zip(said, ratios, strict=True):
        highest[phrase] = max(highest.get(phrase, -math.inf), float(ratio))
    of_guilty = Counter(phrase for phrase, is_guilty in zip(said, guilty, strict=True) if is_guilty)
    of_innocent = Counter(phrase for phrase, is_guilty in zip(said, guilty, strict=True) if not is_guilty)
    ordered = sorted(highest, key=lambda phrase: -highest[phrase])
    return tuple((phrase, of_guilty[phrase], of_innocent[phrase]) for phrase in ordered)
