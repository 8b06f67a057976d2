"""Conformal p-values over control models: where does the suspect rank among models known to be innocent?

The unit of replication is the model, not the prompt. With 2,000 prompts a paired test tells any two
models apart, innocent ones too; what matters is whether an innocent model would have scored as high.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

_LOWEST_SCORE, _HIGHEST_SCORE = -3.0, 6.0


@dataclass(frozen=True, slots=True)
class StratumRank:
    """The suspect's rank among the controls of one stratum.

    Attributes:
        stratum: Name of the stratum.
        n: Controls in it.
        reached: Controls that score as high as the suspect or higher.
    """

    stratum: str
    n: int
    reached: int

    @property
    def p_value(self) -> float:
        """(1 + controls as high or higher) / (1 + controls)."""
        return (1 + self.reached) / (1 + self.n)

    @property
    def smallest(self) -> float:
        """The p-value that this stratum gives where no control reaches the suspect."""
        return 1 / (1 + self.n)


@dataclass(frozen=True, slots=True)
class ConformalTest:
    """Ranks in every stratum that has members, and their intersection-union p-value."""

    ranks: tuple[StratumRank, ...]

    @property
    def p_value(self) -> float:
        """The largest p-value over the strata: a claim needs every stratum. 1 without any controls."""
        return max((rank.p_value for rank in self.ranks), default=1.0)

    @property
    def smallest_attainable(self) -> float:
        """The smallest p-value that this panel could have returned. 1 without any controls."""
        return max((rank.smallest for rank in self.ranks), default=1.0)


def conformal_test(score: float, controls: Mapping[str, Sequence[float]]) -> ConformalTest:
    """Rank ``score`` among the controls of every stratum.

    Under exchangeability of the suspect with the controls of a stratum its p-value is uniform or
    larger. A tie counts against the claim, so ties only ever make it larger. If the null is the union
    over strata, the largest p-value needs no further correction.

    Args:
        score: The suspect's statistic; larger speaks for the claim.
        controls: The same statistic with each control in the suspect's place, by stratum.

    Raises:
        ValueError: If a statistic is NaN.

    Source: Vovk, Gammerman and Shafer 2005, proposition 2.4; Berger 1982, theorem 1 (intersection-union).
    """
    ranks = []
    for stratum, values in controls.items():
        if not values:
            continue
        array = np.asarray(values, dtype=np.float64)
        if math.isnan(score) or np.isnan(array).any():
            raise ValueError("a conformal rank needs numbers")
        ranks.append(StratumRank(stratum, len(array), int(np.count_nonzero(array >= score))))
    return ConformalTest(tuple(ranks))


def controls_needed(alpha: float) -> int:
    """Controls that a stratum needs before a p-value of ``alpha`` is attainable.

    Raises:
        ValueError: If ``alpha`` is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise ValueError("alpha lies between 0 and 1")
    needed = math.ceil(1 / alpha) - 1
    # 1 / alpha is not exact in binary: .05 must give 19, neither 18 nor 20.
    while 1 / (1 + needed) > alpha * (1 + 1e-12):
        needed += 1
    while needed > 1 and 1 / needed <= alpha * (1 + 1e-12):
        needed -= 1
    return needed


def attains(n: int, alpha: float) -> bool:
    """Whether a stratum of ``n`` controls can return a p-value of ``alpha`` or less."""
    return n >= controls_needed(alpha)


def critical_value(controls: Sequence[float], alpha: float) -> float:
    """The control score that the suspect must exceed for p <= ``alpha``; infinite if none suffices."""
    allowed = math.floor(alpha * (1 + len(controls)) * (1 + 1e-12)) - 1
    if allowed < 0:
        return math.inf
    return sorted(controls, reverse=True)[allowed] if allowed < len(controls) else -math.inf


def prediction_bound(controls: Sequence[float], alpha: float) -> float:
    """One-sided upper prediction bound m + t(n-1, 1-alpha) s sqrt(1 + 1/n) for one further control.

    A parametric companion of the rank: it holds where scores of innocent models are normal, and can
    speak where there are too few controls for a rank. It is never the guarantee. Infinite for n < 2.

    Source: Whitmore 1986, prediction limits for a univariate normal observation.
    """
    n = len(controls)
    if n < 2:
        return math.inf
    spread = float(np.std(controls, ddof=1))
    return float(np.mean(controls) + stats.t.ppf(1 - alpha, n - 1) * spread * math.sqrt(1 + 1 / n))


def normal_score(p_value: float) -> float:
    """Where the upper tail of a standard normal is as large: a p-value on a scale on which scores add up.

    Kept between -3 and 6, since a p-value of 1 is no evidence of the opposite and one of 0 none of more.
    """
    return float(np.clip(stats.norm.isf(p_value), _LOWEST_SCORE, _HIGHEST_SCORE))


def prediction_p(score: float, controls: Sequence[float]) -> float | None:
    """One-sided p-value of ``score`` as a further draw from normal control scores; None for n < 3.

    Labelled parametric wherever it is shown; see ``prediction_bound``.
    """
    n = len(controls)
    if n < 3:
        return None
    spread = float(np.std(controls, ddof=1))
    if spread <= 0:
        return None
    t = (score - float(np.mean(controls))) / (spread * math.sqrt(1 + 1 / n))
    return float(stats.t.sf(t, n - 1))
