"""Does one model differ from a crowd question by question? An exact test between these very models."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray

#: Redraws done at once, so that memory stays small.
_BLOCK = 500


def odd_one_p(
    one: Float[NDArray[np.float64], "questions quantities"],
    crowd: Float[NDArray[np.float64], "models questions quantities"],
    rng: np.random.Generator,
    draws: int = 4999,
) -> tuple[Float[NDArray[np.float64], " quantities"], Float[NDArray[np.float64], " quantities"]]:
    """P-values that one model has more, and that it has less, of each quantity than a crowd has.

    To each question everybody's values are shuffled anew, and whose value is counted as the one model's is
    drawn at random; its sum over the questions is the statistic. Where to every question it answers as some
    model of the crowd would, drawn anew for each, the p-values are exact at any number of draws. That is a
    statement about these models over questions: every model has habits of its own, so that a small p-value
    is no evidence about who learned from whom. An unknown value (NaN) counts as the mean of the known ones
    to that question.

    Args:
        one: Values of the model in question.
        crowd: Values of the others to the same questions.
        rng: Source of the redraws.
        draws: Redraws; no p-value is below 1 / (draws + 1).

    Returns:
        One-sided p-values, more and less, of each quantity.

    Raises:
        ValueError: If there is no crowd.

    Source: permutation within blocks (Pitman 1938; Pesarin and Salmaso 2010, section 1.9).
    """
    if not len(crowd):
        raise ValueError("a crowd has at least one model")
    pooled = np.concatenate([one[None], crowd])
    known = ~np.isnan(pooled)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, pooled, 0.0).sum(axis=0) / count
    departs = np.where(known, pooled - mean, 0.0)
    models, questions, quantities = departs.shape
    flat = departs.reshape(models * questions, quantities)
    observed = departs[0].sum(axis=0)
    more = np.ones(quantities)
    less = np.ones(quantities)
    done = 0
    while done < draws:
        size = min(_BLOCK, draws - done)
        picked = rng.integers(models, size=(size, questions)) * questions + np.arange(questions)
        choice = np.zeros((size, models * questions))
        np.put_along_axis(choice, picked, 1.0, axis=1)
        sums = choice @ flat
        # Sums of the same values in another order may differ in the last bits.
        more += (sums >= observed - 1e-9).sum(axis=0)
        less += (sums <= observed + 1e-9).sum(axis=0)
        done += size
    return more / (draws + 1), less / (draws + 1)
