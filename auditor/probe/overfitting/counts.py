"""Right answers on published and on fresh items, counted within generator and level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from auditor.array import NDArray
from auditor.probe.generator.twins import Twin
from auditor.record.finding import Estimate
from auditor.stats.two_sample import newcombe_interval


@dataclass(frozen=True)
class ScoredTwin:
    """An item with the option that a model settled on.

    Attributes:
        drawn: The item.
        right: Whether that option is the answer.
        said: The option.
    """

    drawn: Twin
    right: bool
    said: str


@dataclass(frozen=True)
class TwinCounts:
    """Counts of one model.

    Attributes:
        strata: Generator and level, in alphabetical order.
        right: Right answers; the first row is of published items, the second of fresh ones.
        n: Items, likewise.
    """

    strata: tuple[str, ...]
    right: Int[NDArray[np.int64], "2 strata"]
    n: Int[NDArray[np.int64], "2 strata"]

    @staticmethod
    def of(scored: Sequence[ScoredTwin]) -> TwinCounts:
        """Count answers."""
        strata = tuple(sorted({one.drawn.stratum for one in scored}))
        right = np.zeros((2, len(strata)), dtype=np.int64)
        n = np.zeros((2, len(strata)), dtype=np.int64)
        for one in scored:
            where = strata.index(one.drawn.stratum)
            n[one.drawn.side, where] += 1
            right[one.drawn.side, where] += one.right
        return TwinCounts(strata, right, n)

    @property
    def accuracy(self) -> tuple[float, float]:
        """Accuracy on published and on fresh items."""
        totals = self.right.sum(axis=1) / np.maximum(self.n.sum(axis=1), 1)
        return float(totals[0]), float(totals[1])

    def gap(self) -> Estimate:
        """Published minus fresh, in points, with its interval."""
        (right_public, right_fresh), (n_public, n_fresh) = self.right.sum(axis=1), self.n.sum(axis=1)
        low, high = newcombe_interval(int(right_public), int(n_public), int(right_fresh), int(n_fresh))
        public, fresh = self.accuracy
        return Estimate(
            label="", value=100 * (public - fresh), low=100 * low, high=100 * high, n=int(n_public + n_fresh)
        )
