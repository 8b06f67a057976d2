"""Confidence intervals for one proportion."""

from __future__ import annotations

import math

from scipy import stats

from auditor.error import AuditorError


def _check(successes: float, n: float, level: float) -> None:
    if not 0 <= successes <= n:
        raise AuditorError(f"{successes} successes in {n} trials are impossible")
    if not 0.0 < level < 1.0:
        raise AuditorError(f"a confidence level lies between 0 and 1, not at {level}")


def wilson(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a proportion; (0, 1) where ``n`` is 0.

    Its coverage is close to ``level`` on average over the true proportion, not for each one.

    Args:
        successes: Trials that succeeded.
        n: Independent trials.
        level: Two-sided confidence level.

    Raises:
        AuditorError: If the counts or the level are impossible.

    Source: Wilson 1927, J. Am. Stat. Assoc. 22, 209; Brown, Cai and DasGupta 2001, eq. 4.
    """
    _check(successes, n, level)
    if n == 0:
        return 0.0, 1.0
    z = float(stats.norm.isf((1.0 - level) / 2.0))
    share = successes / n
    shrink = 1.0 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z * math.sqrt(share * (1.0 - share) / n + z * z / (4 * n * n)) / shrink
    # At the ends the bound is 0 or 1 by algebra; rounding must not leave a crumb there.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval for a proportion; (0, 1) where ``n`` is 0.

    It covers with at least ``level`` whatever the true proportion, and is wider than Wilson's for it.

    Args:
        successes: Trials that succeeded.
        n: Independent trials.
        level: Two-sided confidence level.

    Raises:
        AuditorError: If the counts or the level are impossible.

    Source: Clopper and Pearson 1934, Biometrika 26, 404.
    """
    _check(successes, n, level)
    tail = (1.0 - level) / 2.0
    low = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, n - successes + 1))
    high = 1.0 if successes == n else float(stats.beta.isf(tail, successes + 1, n - successes))
    return low, high
