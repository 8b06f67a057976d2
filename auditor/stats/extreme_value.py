"""How far out does a score lie among scores that are each the largest of several? A parametric companion."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def largest_prediction_p(score: float, controls: Sequence[float]) -> float | None:
    """One-sided p-value of ``score`` as a further draw from Gumbel control scores; None for n < 3.

    The largest of several scores is skewed to the right, and a normal law makes its tail too thin. The law
    is fitted by moments, and its scale widened by sqrt(1 + 1/n) for the mean's own error. Like every
    companion of a rank it holds where the law does, and is never the guarantee.

    Args:
        score: The statistic in question, the largest over several candidates.
        controls: The same statistic of models for which the null holds.

    Source: Gumbel 1958, Statistics of Extremes, section 5.2.
    """
    n = len(controls)
    if n < 3:
        return None
    spread = float(np.std(controls, ddof=1))
    if spread <= 0:
        return None
    scale = spread * math.sqrt(1 + 1 / n) * math.sqrt(6) / math.pi
    mode = float(np.mean(controls)) - np.euler_gamma * scale
    return -math.expm1(-math.exp(min(-(score - mode) / scale, 700.0)))
