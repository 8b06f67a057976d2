"""How much of a text another one gets right, in order."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np


def recalled_in_order(wanted: Sequence[Hashable], written: Sequence[Hashable]) -> float:
    """Share of a text's words that another text holds in the same order, whatever stands between them.

    Returns:
        The length of the longest common subsequence over the number of wanted words; NaN without any.

    Source: Hirschberg (1975), CACM 18, 341, for the recursion.
    """
    if not wanted:
        return math.nan
    longest = np.zeros(len(wanted) + 1, dtype=np.int64)
    for word in written:
        same = np.fromiter((one == word for one in wanted), dtype=bool, count=len(wanted))
        longest[1:] = np.maximum.accumulate(np.where(same, longest[:-1] + 1, longest[1:]))
    return float(longest[-1] / len(wanted))
