"""How little a model is surprised by the tokens of a text that surprise it most."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray


def min_k_plus_plus(
    log_likelihoods: Float[NDArray[np.float64], " tokens"],
    means: Float[NDArray[np.float64], " tokens"],
    deviations: Float[NDArray[np.float64], " tokens"],
    share: float,
    floor: float = -math.inf,
) -> float:
    """Mean standing of the least likely tokens of a text, in standard deviations.

    The standing of a token is its log-likelihood less the mean of the next token's log-probability over the
    model's own distribution, in standard deviations of the same. Text of the training data lies near a local
    maximum of the likelihood, so that even its least likely tokens stand high.

    Args:
        log_likelihoods: Of the tokens that stand there, in nats.
        means: Mean log-probability of the next token at each place, in nats.
        deviations: Its standard deviation, in nats.
        share: Share of the tokens that are averaged over, the lowest ones; at least one token.
        floor: Standing that no token goes below: where a model is all but sure of another token, a standing
            has no lower bound, and a single token would decide.

    Returns:
        The mean; NaN for a text without tokens. A token where nothing else can stand has a standing of 0.

    Source: Zhang et al. (2024), Min-K%++, arXiv:2404.02936, equation 3; without ``floor`` it is theirs.
    """
    if not len(log_likelihoods):
        return math.nan
    apart = log_likelihoods - means
    with np.errstate(divide="ignore"):
        standing = np.where(apart == 0.0, 0.0, apart / np.where(apart == 0.0, 1.0, deviations))
    lowest = np.sort(np.maximum(standing, floor))[: max(1, int(len(standing) * share))]
    return float(lowest.mean())
