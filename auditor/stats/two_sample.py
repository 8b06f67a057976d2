"""Two independent samples of right and wrong answers, compared within strata."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from auditor.array import NDArray

#: Permutations that are drawn at once.
_BLOCK = 250

Counts = Int[np.ndarray, " strata"]


def stratified_exact_test(
    successes_first: Counts, n_first: Counts, successes_second: Counts, n_second: Counts
) -> float:
    """One-sided exact p-value that the first sample succeeds more often, given each stratum's totals.

    Within a stratum, if items are exchangeable between the samples, the successes in the first follow
    a hypergeometric distribution given their total; over strata these are convolved. For a single
    stratum this is Fisher's exact test.

    Args:
        successes_first: Successes in the first sample, by stratum.
        n_first: Items in the first sample, by stratum.
        successes_second: Successes in the second sample, by stratum.
        n_second: Items in the second sample, by stratum.

    Returns:
        P(total successes in the first sample >= observed).

    Source: Zelen (1971), Biometrika 58, 129-137; Fisher (1935).
    """
    distribution: NDArray[np.float64] = np.ones(1)
    for first, size, second, other in zip(successes_first, n_first, successes_second, n_second, strict=True):
        support = np.arange(size + 1)
        pmf = stats.hypergeom.pmf(support, size + other, first + second, size)
        distribution = np.convolve(distribution, pmf)
    observed = int(np.sum(successes_first))
    return float(min(1.0, distribution[observed:].sum()))


def stratified_rank_test(
    values: Float[np.ndarray, " items"],
    first: Bool[np.ndarray, " items"],
    strata: Int[np.ndarray, " items"],
    rng: np.random.Generator,
    draws: int = 9_999,
    enough: int = 50,
) -> float:
    """One-sided p-value that values of the first sample are larger, by permutation within strata.

    Values are ranked within each stratum, ties in the middle, and the ranks of the first sample summed with
    weight 1 / (items in the stratum + 1). Where items are exchangeable between the samples, the sum is one
    draw among equals with those of permuted labels, so that the p-value is exact whatever the number of
    draws, also where permuting ends with the draw that is the ``enough``-th to reach the observed sum. In a
    single stratum this is the Wilcoxon rank-sum test.

    Args:
        values: One value for each item.
        first: Whether an item belongs to the first sample.
        strata: Number of each item's stratum.
        rng: Source of the permutations.
        draws: Most permutations; no p-value is below 1 / (draws + 1).
        enough: Permutations that reach the observed sum after which there is no doubt any more.

    Source: van Elteren (1960), Bull. Inst. Int. Stat. 37, 351; Besag and Clifford (1991), Biometrika 78, 301.
    """
    observed = 0.0
    groups: list[tuple[NDArray[np.float64], int]] = []
    for stratum in np.unique(strata):
        inside = strata == stratum
        ranks = stats.rankdata(values[inside]) / (inside.sum() + 1)
        observed += float(ranks[first[inside]].sum())
        groups.append((ranks, int(first[inside].sum())))
    reached = done = 0
    while done < draws:
        size = min(_BLOCK, draws - done)
        permuted = np.zeros(size)
        for ranks, count in groups:
            # The first entries of a random order are a random sample without replacement.
            permuted += rng.permuted(np.tile(ranks, (size, 1)), axis=1)[:, :count].sum(axis=1)
        # Sums of the same ranks in another order may differ in the last bits.
        so_far = reached + np.cumsum(permuted >= observed - 1e-9)
        if so_far[-1] >= enough:
            return enough / (done + 1 + int(np.searchsorted(so_far, enough)))
        reached, done = int(so_far[-1]), done + size
    return (1 + reached) / (draws + 1)


def newcombe_interval(
    successes_first: int, n_first: int, successes_second: int, n_second: int, level: float = 0.95
) -> tuple[float, float]:
    """Interval for the difference of two independent proportions, first minus second.

    Source: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    first, second = successes_first / n_first, successes_second / n_second
    low_1, high_1 = stats.binomtest(successes_first, n_first).proportion_ci(level, method="wilson")
    low_2, high_2 = stats.binomtest(successes_second, n_second).proportion_ci(level, method="wilson")
    gap = first - second
    return (
        gap - math.hypot(first - low_1, high_2 - second),
        gap + math.hypot(high_1 - first, second - low_2),
    )


def smallest_detectable_difference(rate: float, n_per_sample: int, alpha: float, power: float = 0.8) -> float:
    """Difference of two proportions that a one-sided test finds with the given power.

    The second sample succeeds at ``rate``, the first at ``rate`` plus the difference; the smallest
    difference is where the unpooled normal approximation reaches ``power``. It is at most ``1 - rate``;
    infinity says that no difference would be found.

    Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, section 4.2.
    """
    z_alpha, z_power = stats.norm.isf(alpha), stats.norm.isf(1 - power)
    grid = np.linspace(0.0, 1.0 - rate, 2001)[1:]
    raised = rate + grid
    pooled = (raised + rate) / 2
    under_null = np.sqrt(2 * pooled * (1 - pooled) / n_per_sample)
    under_effect = np.sqrt((rate * (1 - rate) + raised * (1 - raised)) / n_per_sample)
    found = grid >= z_alpha * under_null + z_power * under_effect
    return float(grid[np.argmax(found)]) if found.any() else math.inf
