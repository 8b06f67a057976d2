"""What of a word's log-likelihood is compared between models."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray

#: Log-likelihoods are taken no lower than this, so that a word nobody expects does not rule.
FLOOR = -5.0


def word_features(log_likelihoods: Float[NDArray[np.float64], "*models words"]) -> NDArray[np.float64]:
    """Two views of each word's probability: its square root, and its logarithm down to a floor.

    The first is moved by what a model expects, the second by what it does not.
    """
    roots = np.exp(0.5 * np.minimum(log_likelihoods, 0.0))
    logs = np.maximum(log_likelihoods, FLOOR)
    both: NDArray[np.float64] = np.concatenate([roots, logs], axis=-1)
    return both
