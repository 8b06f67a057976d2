"""Paired yes/no answers in clusters: several forms of one question, whose answers hang together.

Notation as in :mod:`auditor.stats.paired`: of all items, ``b`` are "yes" in the first series only and ``c``
in the second only. A cluster holds the items that share a base question; clusters are independent of each
other, and nothing is assumed of the items within one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from auditor.array import NDArray
from auditor.error import AuditorError
from auditor.stats.paired import Decision, ThreeWay, tango_interval

Counts = Int[NDArray[np.int64], " clusters"]

#: Clusters with a change that the largest possible design effect weighs as much as. A few clusters show
#: nothing of how alike their members are, so that they are taken for wholly alike.
_PRIOR_CLUSTERS = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredPairs:
    """Items by cluster.

    Attributes:
        b: [clusters] items with "yes" in the first series only.
        c: [clusters] items with "yes" in the second series only.
        size: [clusters] all items; at least one each.

    Raises:
        AuditorError: If counts are negative, exceed the size, or a cluster is empty.
    """

    b: Counts
    c: Counts
    size: Counts

    def __post_init__(self) -> None:
        if not len(self.b) == len(self.c) == len(self.size):
            raise AuditorError("every cluster has one b, one c and one size")
        if len(self.b) and (
            min(self.b.min(), self.c.min()) < 0 or (self.b + self.c > self.size).any() or self.size.min() < 1
        ):
            raise AuditorError("a cluster has impossible counts")

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return len(self.size)

    @property
    def totals(self) -> tuple[int, int, int]:
        """``b``, ``c`` and items over all clusters."""
        return int(self.b.sum()), int(self.c.sum()), int(self.size.sum())

    @property
    def difference(self) -> float:
        """(b - c) / items; 0 of nothing."""
        b, c, n = self.totals
        return (b - c) / n if n else 0.0

    @property
    def largest_design_effect(self) -> float:
        """The design effect where all items of a cluster change together: the size that items meet."""
        n = self.totals[2]
        return float((self.size.astype(float) ** 2).sum() / n) if n else 1.0

    @property
    def design_effect(self) -> float:
        """How many times the variance of the difference is that of as many independent items.

        The ratio of the linearised variance over clusters to that of independent items, at least 1, drawn
        towards the largest possible one as if four clusters had shown that. So few clusters with a change,
        or none at all, count as one item each.

        Source: Rao and Scott 1992, Biometrics 48, 577 (design effect); the drawing is our own, checked by
        simulation.
        """
        largest = self.largest_design_effect
        changed = float(((self.b > 0) | (self.c > 0)).sum())
        if changed == 0:
            return largest
        b, c, n = self.totals
        independent = (b + c) / n - self.difference**2
        residual = self.b - self.c - self.difference * self.size
        spread = float((residual.astype(float) ** 2).sum()) * self.clusters / max(self.clusters - 1, 1) / n
        # Without any spread, as where everything changed, the ratio says nothing.
        seen = spread / independent if independent > 1e-12 else largest
        seen = min(max(seen, 1.0), largest)
        return (changed * seen + _PRIOR_CLUSTERS * largest) / (changed + _PRIOR_CLUSTERS)

    @property
    def intraclass_correlation(self) -> float:
        """Correlation of changes within a cluster that the design effect amounts to; 0 for single items."""
        largest = self.largest_design_effect
        return (self.design_effect - 1.0) / (largest - 1.0) if largest > 1.0 + 1e-12 else 0.0

    @property
    def effective(self) -> tuple[float, float, float]:
        """``b``, ``c`` and items, divided by the design effect: as many independent items say as much."""
        b, c, n = self.totals
        return b / self.design_effect, c / self.design_effect, n / self.design_effect

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Tango's score interval for (b - c) / items, from effective counts; (-1, 1) of nothing.

        Where every cluster has one item it is :func:`auditor.stats.paired.tango_interval`.

        Source: Tango 1998, Stat. Med. 17, 891; effective counts after Rao and Scott 1992, as in Yang, Sun
        and Hardin 2012, Pharm. Stat. 11, 386.
        """
        return tango_interval(*self.effective, level)

    def log10_mid_p(self) -> float:
        """Decimal logarithm of the one-sided mid-p value of the sign-flip test over clusters.

        Null: the two series may be exchanged within any cluster as a whole. Then each cluster's b - c has
        either sign with probability one half, whatever hangs together within it; the distribution of the
        sum, given the absolute values, is exact by convolution. Where every cluster has one item this is
        McNemar's test with its mid-p value.

        Source: Fisher 1935 (randomisation of signs); Durkalski et al. 2003, Stat. Med. 22, 2417 (clustered
        McNemar); mid-p as in Fagerland, Lydersen and Laake 2013.
        """
        signed = self.b - self.c
        weights = np.abs(signed)
        weights = weights[weights > 0]
        # Index i stands for a sum of i - total, in log-probabilities, since tails fall below 1e-308.
        total = int(weights.sum())
        chances = np.full(2 * total + 1, -np.inf)
        chances[total] = 0.0
        for weight in weights:
            up, down = np.full_like(chances, -np.inf), np.full_like(chances, -np.inf)
            up[weight:], down[:-weight] = chances[:-weight], chances[weight:]
            chances = np.logaddexp(up, down) - math.log(2.0)
        tail = chances[total + int(signed.sum()) :].copy()
        tail[0] -= math.log(2.0)
        return float(np.logaddexp.reduce(tail)) / math.log(10.0)

    def mid_p(self) -> float:
        """One-sided mid-p value of the sign-flip test; see :meth:`log10_mid_p`."""
        return min(1.0, float(10.0 ** self.log10_mid_p()))

    def decide(self, rule: ThreeWay) -> Decision:
        """Over, under or undecided: as :meth:`ThreeWay.decide`, by this interval and this test."""
        if not self.clusters:
            return Decision.UNDECIDED
        low, high = self.interval(rule.level)
        if low > rule.margin and self.mid_p() < rule.alpha:
            return Decision.OVER
        return Decision.UNDER if high < rule.margin else Decision.UNDECIDED


def planned_design_effect(sizes: Counts, correlation: float) -> float:
    """Design effect of clusters whose items change together with this intraclass correlation.

    Raises:
        AuditorError: If the correlation is outside [0, 1] or there is no cluster.

    Source: Kish 1965, Survey Sampling, section 8.2, for clusters of unequal size.
    """
    if not 0.0 <= correlation <= 1.0 or not len(sizes):
        raise AuditorError(f"a design effect needs clusters and a correlation in [0, 1], not {correlation}")
    largest = float((sizes.astype(float) ** 2).sum() / sizes.sum())
    return 1.0 + (largest - 1.0) * correlation
