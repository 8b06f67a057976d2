"""How often several answers to one question are the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence


def share_of_equal_pairs(answers: Sequence[Hashable]) -> float:
    """Share of the pairs of answers that are equal; NaN for fewer than two.

    The unbiased estimate of the chance that two draws from the distribution of answers coincide: the sum over
    answers of their squared probabilities.

    Source: Simpson (1949), Nature 163, 688.
    """
    count = len(answers)
    if count < 2:
        return math.nan
    return sum(one * (one - 1) for one in Counter(answers).values()) / (count * (count - 1))
