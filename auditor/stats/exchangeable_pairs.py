"""Whether two answers to every question could have come in either order: a test of the same source."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray

#: Entries of the largest block of signs that is drawn at once.
_BLOCK = 4_000_000


def swap_test(
    before: Float[NDArray[np.float64], "pairs features"],
    after: Float[NDArray[np.float64], "pairs features"],
    *,
    draws: int,
    generator: np.random.Generator,
) -> float:
    """P-value of the null that ``before`` and ``after`` are exchangeable within every pair.

    The statistic is the largest over the features of ``|sum d| / sqrt(sum d^2)``, with ``d`` the
    difference within a pair. Under the null the sign of a pair's differences, one for all its features, is
    a fair coin, whatever the features and however they depend on each other; so the p-value is exact, and
    features may be as many as one likes. It is blind to changes that leave every feature's mean alone.

    Args:
        before: Features of the earlier answers.
        after: Those of the later answers, pair by pair.
        draws: Random sign assignments.
        generator: Source of randomness.

    Returns:
        ``(1 + draws at least as extreme) / (1 + draws)``; 1 where no pair differs.

    Source: Fisher's randomisation test for pairs; Phipson and Smyth (2010) for the counted identity.
    """
    differences = after - before
    differences = differences[np.any(differences != 0, axis=1)]
    scale = np.sqrt(np.sum(differences**2, axis=0))
    differences, scale = differences[:, scale > 0], scale[scale > 0]
    if not differences.size:
        return 1.0
    units = differences / scale
    observed = np.abs(units.sum(axis=0)).max()
    block = max(1, _BLOCK // len(units))
    extreme = 0
    for start in range(0, draws, block):
        signs = generator.integers(0, 2, size=(min(block, draws - start), len(units)), dtype=np.int8)
        sums = np.abs((2.0 * signs - 1.0) @ units).max(axis=1)
        # Sums of the same numbers in another order differ in their last digits.
        extreme += int(np.count_nonzero(sums >= observed * (1 - 1e-12)))
    return (1 + extreme) / (1 + draws)
