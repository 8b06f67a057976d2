"""Paired yes/no answers: is "yes" lost from first to second, by how much, and would it have shown?

Notation: of ``n`` items, ``b`` are "yes" in the first series only and ``c`` in the second only. The
difference ``(b - c) / n`` is positive where "yes" was lost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from auditor.array import NDArray
from auditor.error import AuditorError

_LARGEST_N = 20_000
_TAIL = 1e-9


def mcnemar_mid_p(b: int, c: int) -> float:
    """One-sided mid-p value of McNemar's test, alternative: b exceeds c by more than chance.

    Conditional on ``b + c`` discordant pairs, b is binomial with probability one half under the null.
    The mid-p value counts half of the observed point: its size stays close under the level where the
    exact conditional test is far under it, though that is not guaranteed for each nuisance rate.

    Raises:
        AuditorError: If a count is negative.

    Source: Fagerland, Lydersen and Laake 2013, BMC Med. Res. Methodol. 13, 91.
    """
    if b < 0 or c < 0:
        raise AuditorError(f"counts cannot be negative: {b}, {c}")
    return float(stats.binom.sf(b, b + c, 0.5) + 0.5 * stats.binom.pmf(b, b + c, 0.5))


def mcnemar_log10_mid_p(b: int, c: int) -> float:
    """Decimal logarithm of :func:`mcnemar_mid_p`, which does not underflow.

    Raises:
        AuditorError: If a count is negative.
    """
    if b < 0 or c < 0:
        raise AuditorError(f"counts cannot be negative: {b}, {c}")
    above = np.arange(b, b + c + 1)
    log_pmf = stats.binom.logpmf(above, b + c, 0.5)
    log_pmf[0] -= math.log(2.0)
    return float(special.logsumexp(log_pmf)) / math.log(10.0)


def tango_score(b: Any, c: Any, n: float, difference: float) -> NDArray[np.float64]:
    """Tango's score statistic z for the hypothesis that the true difference is ``difference``.

    Args:
        b: Items with "yes" in the first series only; a number or an array.
        c: Items with "yes" in the second series only; of the same shape.
        n: All items.
        difference: Hypothetical difference in (-1, 1).

    Returns:
        Standard normal under the hypothesis for large n, positive where more was lost. It falls
        strictly as ``difference`` grows.

    Source: Tango 1998, Stat. Med. 17, 891, eq. 8 to 10.
    """
    b, c = np.asarray(b, dtype=float), np.asarray(c, dtype=float)
    linear = -b - c + (2 * n - b + c) * difference
    constant = -c * difference * (1.0 - difference)
    root = np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0.0))
    # The two forms are equal; each is used where it does not subtract nearly equal numbers.
    with np.errstate(divide="ignore", invalid="ignore"):
        second_only = np.where(linear > 0, -2.0 * constant / (root + linear), (root - linear) / (4 * n))
    variance = n * (2.0 * second_only + difference * (1.0 - difference))
    excess = b - c - n * difference
    with np.errstate(divide="ignore", invalid="ignore"):
        z = excess / np.sqrt(np.maximum(variance, 0.0))
    return np.where(np.abs(excess) < 1e-12, 0.0, z)


def tango_interval(b: float, c: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Tango's score interval for the difference (b - c) / n; (-1, 1) where ``n`` is 0.

    Raises:
        AuditorError: If the counts are impossible.

    Source: Tango 1998, Stat. Med. 17, 891.
    """
    if min(b, c) < 0 or b + c > n:
        raise AuditorError(f"{b} and {c} discordant of {n} pairs are impossible")
    if n == 0:
        return -1.0, 1.0
    z = float(stats.norm.isf((1.0 - level) / 2.0))
    centre = (b - c) / n

    def end(sign: float, edge: float) -> float:
        def gap(difference: float) -> float:
            return float(tango_score(b, c, n, difference)) - sign * z

        if sign * gap(edge) <= 0:
            return math.copysign(1.0, edge)
        start = centre + (edge - centre) * 1e-12
        return float(optimize.brentq(gap, start, edge, xtol=1e-12))

    inner = 1.0 - 1e-12
    low = -1.0 if centre <= -inner else end(1.0, -inner)
    high = 1.0 if centre >= inner else end(-1.0, inner)
    return low, high


class Decision(StrEnum):
    """Where a paired difference lies relative to a margin."""

    OVER = "over"
    UNDER = "under"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Probabilities of the three decisions; they sum to 1."""

    over: float
    under: float
    undecided: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeWay:
    """A three-way decision on a paired difference.

    *Over* where the mid-p McNemar value is under ``alpha`` and the interval lies over ``margin``;
    *under* where the interval lies under ``margin``; otherwise *undecided*. A difference of exactly
    the margin is called under, or over, with probability (1 - level) / 2 each, for large n.

    Attributes:
        margin: Smallest difference that matters, as a share.
        alpha: Level of the one-sided test.
        level: Two-sided level of the interval.
    """

    margin: float = 0.05
    alpha: float = 0.01
    level: float = 0.95

    def decide(self, b: int, c: int, n: int) -> Decision:
        """The decision on observed counts."""
        if n == 0:
            return Decision.UNDECIDED
        over, under = self.decisions(np.array([b]), np.array([c]), n)
        if over[0]:
            return Decision.OVER
        return Decision.UNDER if under[0] else Decision.UNDECIDED

    def chances(self, rate_b: float, rate_c: float, n: int) -> Chances:
        """Probabilities of the decisions at true discordance rates, by summing over the trinomial.

        Args:
            rate_b: True share of items with "yes" in the first series only.
            rate_c: True share of items with "yes" in the second series only.
            n: Items.

        Raises:
            AuditorError: If the rates are no probabilities.
        """
        if rate_b < 0 or rate_c < 0 or rate_b + rate_c > 1 + 1e-12:
            raise AuditorError(f"discordance rates of {rate_b} and {rate_c} are impossible")
        return _chances(self, rate_b, rate_c, n)

    def required_n(self, rate_b: float, rate_c: float, power: float = 0.9) -> int | None:
        """Items with which the true side of the margin is found with probability ``power``.

        The power rises with n in small steps up and down; the answer is exact to about 2 %.

        Returns:
            The number of items, or None where 20,000 do not suffice: the difference is too near the
            margin.
        """
        side = "over" if rate_b - rate_c > self.margin else "under"

        def short(n: int) -> bool:
            chance: float = getattr(self.chances(rate_b, rate_c, n), side)
            return chance < power

        low, high = 1, 16
        while short(high):
            if high >= _LARGEST_N:
                return None
            low, high = high, min(2 * high, _LARGEST_N)
        while high - low > max(1, high // 50):
            middle = (low + high) // 2
            low, high = (middle, high) if short(middle) else (low, middle)
        return high

    def smallest_detectable(self, n: int, rate_c: float, power: float = 0.8) -> float | None:
        """The smallest true difference that is called *over* with probability ``power``.

        Args:
            n: Items.
            rate_c: True share of items that change in the other direction.
            power: Probability of the call.

        Returns:
            The difference as a share, to 1e-3, or None where even the largest possible one is missed.
        """
        low, high = self.margin, 1.0 - 2.0 * rate_c
        if n == 0 or high <= low or self.chances(high + rate_c, rate_c, n).over < power:
            return None
        while high - low > 1e-3:
            middle = (low + high) / 2.0
            found = self.chances(middle + rate_c, rate_c, n).over >= power
            low, high = (low, middle) if found else (middle, high)
        return high

    def decisions(
        self, b: NDArray[np.int64], c: NDArray[np.int64], n: int
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where counts of discordant items, of any one shape, are decided as *over* and as *under*."""
        # The score falls strictly in the difference, so that the interval lies over the margin exactly
        # where the score at the margin exceeds z: no root needs finding.
        z = stats.norm.isf((1.0 - self.level) / 2.0)
        score = tango_score(b, c, n, self.margin)
        mid_p = stats.binom.sf(b, b + c, 0.5) + 0.5 * stats.binom.pmf(b, b + c, 0.5)
        return (score > z) & (mid_p < self.alpha), score < -z


@lru_cache(maxsize=4096)
def _chances(rule: ThreeWay, rate_b: float, rate_c: float, n: int) -> Chances:
    b = _window(n, rate_b)[:, None]
    c = _window(n, rate_c)[None, :]
    rest = min(1.0, rate_c / (1.0 - rate_b)) if rate_b < 1.0 else 0.0
    weight = stats.binom.pmf(b, n, rate_b) * stats.binom.pmf(c, np.maximum(n - b, 0), rest)
    grid_b, grid_c = np.broadcast_arrays(b, c)
    possible = grid_b + grid_c <= n
    over, under = rule.decisions(grid_b[possible], grid_c[possible], n)
    weight = weight[possible] / weight[possible].sum()
    p_over, p_under = float(weight[over].sum()), float(weight[under].sum())
    return Chances(over=p_over, under=p_under, undecided=max(0.0, 1.0 - p_over - p_under))


def _window(n: int, rate: float) -> NDArray[np.int64]:
    """The counts that a binomial takes with all but a negligible probability."""
    low, high = stats.binom.ppf([_TAIL, 1.0 - _TAIL], n, rate)
    return np.arange(max(0, int(low)), min(n, int(high)) + 1)
