"""P-values far in the tail, and their combination, as natural or decimal logarithms that never underflow."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import optimize, special, stats

from auditor.array import NDArray

LN10 = math.log(10.0)

#: Up to this many pairs the null distribution of Spearman's coefficient is counted, not approximated.
EXACT_PAIRS = 8


def fisher_log10_p(log10_p_values: Sequence[float]) -> float:
    """Decimal logarithm of Fisher's combined p-value of independent p-values.

    -2 sum(ln p) is chi-square with 2k degrees of freedom, whose tail for even degrees has the closed
    form exp(-x) sum over j < k of x^j / j!, here summed in log space.

    Args:
        log10_p_values: Decimal logarithms of independent p-values, each at most 0.

    Raises:
        ValueError: If there are none, or one is NaN or above 0.

    Source: Fisher 1932, section 21.1; Abramowitz and Stegun 26.4.21.
    """
    logs = np.asarray(log10_p_values, dtype=np.float64)
    if logs.size == 0 or np.isnan(logs).any() or (logs > 0).any():
        raise ValueError("Fisher's method combines p-values between 0 and 1")
    half = float(-logs.sum() * LN10)
    if half == 0.0:
        return 0.0
    j = np.arange(logs.size)
    tail = special.logsumexp(j * math.log(half) - special.gammaln(j + 1)) - half
    return min(float(tail) / LN10, 0.0)


def bonferroni_log10_p(log10_p_values: Sequence[float]) -> float:
    """Decimal logarithm of the smallest of k p-values times k.

    Raises:
        ValueError: If there are none.
    """
    if not log10_p_values:
        raise ValueError("Bonferroni's method needs a p-value")
    return min(min(log10_p_values) + math.log10(len(log10_p_values)), 0.0)


def as_probability(log10_p: float) -> float:
    """The p-value itself, held at 1e-300 where it would underflow: an upper bound, never 0."""
    return float(10.0 ** max(log10_p, -300.0))


def spearman_log10_p(first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[float, float]:
    """Spearman's rank correlation without ties, with log10 of its one-sided p-value against r <= 0.

    Counted over all permutations up to ``EXACT_PAIRS`` pairs; beyond by Student's t with n - 2 degrees
    in log space, and never below 1/n!, the probability of a perfect order.

    Args:
        first: n distinct values.
        second: n distinct values, paired with ``first``.

    Returns:
        The coefficient (NaN below 3 pairs) and log10 of the p-value.

    Raises:
        ValueError: If the lengths differ or values are tied.

    Source: Kendall and Stuart 1973, section 31.19.
    """
    n = len(first)
    if len(second) != n or len(np.unique(first)) != n or len(np.unique(second)) != n:
        raise ValueError("Spearman's coefficient here needs as many distinct values on both sides")
    if n < 3:
        return math.nan, 0.0
    ranks_first = np.argsort(np.argsort(first))
    ranks_second = np.argsort(np.argsort(second))
    distance = int(np.sum((ranks_first - ranks_second) ** 2))
    r = 1.0 - 6.0 * distance / (n * (n * n - 1.0))
    if n <= EXACT_PAIRS:
        distances = _distances(n)
        return r, math.log10(np.count_nonzero(distances <= distance) / distances.size)
    log_p = _log_t_tail_of_correlation(r, n)
    return r, min(max(log_p, -float(special.gammaln(n + 1))) / LN10, 0.0)


@cache
def _distances(n: int) -> NDArray[np.int64]:
    """Sum of squared rank differences of every permutation of n."""
    orders = np.array(list(itertools.permutations(range(n))), dtype=np.int64)
    distances: NDArray[np.int64] = ((orders - np.arange(n)) ** 2).sum(axis=1)
    return distances


def _log_t_tail_of_correlation(r: float, n: int) -> float:
    """Logarithm of P(T >= t) for t = r sqrt((n-2)/(1-r^2)) with n-2 degrees, also where it underflows."""
    outside = 1.0 - r * r
    if outside <= 0.0:
        return -math.inf if r > 0 else 0.0
    direct = float(stats.t.logsf(r * math.sqrt((n - 2) / outside), n - 2))
    if direct > -600.0:
        return direct
    # P = I_x(a, 1/2) / 2 with x = 1 - r^2, a = (n-2)/2. Its series x^a (1-x)^(1/2) / (a B(a, 1/2)) times
    # 2F1(a + 1/2, 1; a + 1; x), whose value lies under 1 / (1-x), is taken at that bound.
    a = (n - 2) / 2.0
    log_beta = float(special.betaln(a, 0.5))
    return a * math.log(outside) - 0.5 * math.log(r * r) - math.log(2.0 * a) - log_beta


def order_log10_p(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """log10 of a finite-sample bound on P(so few discordant pairs) if the pairing is in random order.

    The discordant pairs of a random permutation are a sum of independent uniform counts on 0..j-1, j = 1
    to n. Chernoff's bound on that sum holds for every n, however far in the tail, and is 1/n! for a
    perfect order. Approximations of a rank correlation promise neither.

    Args:
        first: n distinct values.
        second: n distinct values, paired with ``first``.

    Source: Kendall 1938 (distribution of the count); Chernoff 1952.
    """
    n = len(first)
    if n < 2:
        return 0.0
    pairs = n * (n - 1) // 2
    tau = float(stats.kendalltau(first, second).statistic)
    discordant = round((1.0 - tau) / 2.0 * pairs)
    if 2 * discordant >= pairs:
        return 0.0
    j = np.arange(1, n + 1, dtype=np.float64)

    def log_bound(log_theta: float) -> float:
        theta = math.exp(log_theta)
        generating = np.log(-np.expm1(-theta * j)) - np.log(j) - math.log(-math.expm1(-theta))
        return theta * discordant + float(generating.sum())

    # Every theta gives a valid bound, so an inexact minimum only costs sharpness.
    best = optimize.minimize_scalar(log_bound, bounds=(-2.0 * math.log(n) - 5.0, 4.0), method="bounded")
    return min(float(best.fun) / LN10, 0.0)


def log10_fixed_points(count: int, n: int, choices: int) -> float:
    """log10 P(X >= count), X the coincidences of two independent random injections of n into ``choices``.

    For n = choices, X is the number of fixed points of a uniformly random permutation, close to
    Poisson(1). Exact by inclusion and exclusion:
    P(X = j) = C(n, j) (N-j)!/N! * sum over i of (-1)^i / i! * (n-j)_i / (N-j)_i.

    Args:
        count: Observed coincidences.
        n: Elements that are mapped.
        choices: N, elements that they may be mapped to; at least n.

    Raises:
        ValueError: If ``choices`` < n or ``count`` > n.

    Source: Riordan 1958, chapter 3 (rencontres numbers).
    """
    if choices < n or count > n:
        raise ValueError("an injection has at least as many targets as sources, and at most n coincidences")
    if count <= 0:
        return 0.0
    # Terms shrink like 1/j!, so forty of them hold the tail to double precision.
    tail = [_log_coincidences(j, n, choices) for j in range(count, min(n, count + 40) + 1)]
    return min(float(special.logsumexp(tail)) / LN10, 0.0)


def _log_coincidences(j: int, n: int, choices: int) -> float:
    """Logarithm of P(X = j)."""
    head = (
        special.gammaln(n + 1)
        - special.gammaln(j + 1)
        - special.gammaln(n - j + 1)
        + special.gammaln(choices - j + 1)
        - special.gammaln(choices + 1)
    )
    term, total = 1.0, 0.0
    for i in range(min(n - j, 60) + 1):
        total += term
        if i < n - j:
            term *= -(n - j - i) / ((i + 1.0) * (choices - j - i))
    return float(head) + (math.log(total) if total > 1e-15 else -math.inf)


def log10_predictive_count(count: int, earlier: Sequence[int]) -> float:
    """log10 P(Y >= count) for a further count, given ``earlier`` counts of the same Poisson rate.

    The rate is gamma(1 + sum, m) after m counts under a flat prior, so Y is negative binomial. Unlike a
    plug-in Poisson tail it carries the uncertainty of a rate that few counts have shown.

    Raises:
        ValueError: If there are no earlier counts.

    Source: Gelman et al. 2013, section 2.6.
    """
    if not earlier:
        raise ValueError("a predictive tail needs earlier counts")
    if count <= 0:
        return 0.0
    shape, draws = 1.0 + float(sum(earlier)), float(len(earlier))
    # Negative binomial tail from `count` on: terms with ratio (y + shape) / (y + 1) / (draws + 1).
    last = count + max(200, int(20 * (shape + 1) / draws))
    y = np.arange(count, last + 1)
    log_mass = (
        special.gammaln(y + shape)
        - special.gammaln(shape)
        - special.gammaln(y + 1)
        + shape * math.log(draws / (draws + 1))
        - y * math.log(draws + 1)
    )
    return min(float(special.logsumexp(log_mass)) / LN10, 0.0)
