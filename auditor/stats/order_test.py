"""Is the order in which items were published likelier to a model than other orders of the same items?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy import stats

from auditor.array import NDArray


def order_statistic(
    likelihoods: Float[NDArray[np.float64], "shards orders"],
) -> Float[NDArray[np.float64], "shards orders"]:
    """How far each order of a shard lies above the mean of all its orders, in their standard deviations."""
    apart = likelihoods - likelihoods.mean(axis=1, keepdims=True)
    spread = apart.std(axis=1, keepdims=True)
    standing: NDArray[np.float64] = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0)
    return standing


def order_p_value(
    likelihoods: Float[NDArray[np.float64], "shards orders"],
    rng: np.random.Generator,
    draws: int = 9_999,
) -> float:
    """Exact p-value that the first order of each shard is one among equals.

    A model that never saw the items together finds every order of them equally likely in distribution, so
    that within a shard the published order might as well be any of those that were scored. The statistic is
    the sum over shards of the published order's standing; its null distribution takes an order at random in
    each shard.

    Args:
        likelihoods: Log-likelihood of each order of each shard, in nats, the published one first.
        rng: Source of the random choices.
        draws: Number of them; no p-value is below 1 / (draws + 1).

    Source: Oren et al. (2023), arXiv:2310.17623; Phipson and Smyth (2010), SAGMB 9, 39.
    """
    standing = order_statistic(likelihoods)
    shards, orders = standing.shape
    drawn = standing[np.arange(shards), rng.integers(orders, size=(draws, shards))].sum(axis=1)
    return float((1 + np.sum(drawn >= standing[:, 0].sum() - 1e-9)) / (draws + 1))


def smallest_detectable_standing(shards: int, alpha: float, power: float = 0.8) -> float:
    """Mean standing of the published order that is found with the given power, in standard deviations.

    Under the null a standing has mean 0 and variance 1, by its construction; the normal approximation of
    the sum over shards is taken.
    """
    return float((stats.norm.isf(alpha) + stats.norm.isf(1.0 - power)) / np.sqrt(shards))
