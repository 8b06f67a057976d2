"""Cohen's kappa of two raters who say yes or no, with an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from auditor.array import NDArray
from auditor.error import AuditorError


@dataclass(frozen=True, slots=True)
class YesNoTable:
    """Counts of what two raters said of the same things.

    Attributes:
        both_yes: Both said yes.
        first_only: Only the first said yes.
        second_only: Only the second said yes.
        both_no: Both said no.
    """

    both_yes: int
    first_only: int
    second_only: int
    both_no: int

    def __post_init__(self) -> None:
        if min(self.both_yes, self.first_only, self.second_only, self.both_no) < 0:
            raise AuditorError("a count cannot be negative", where="table of two raters")

    @property
    def n(self) -> int:
        """Things that both rated."""
        return self.both_yes + self.first_only + self.second_only + self.both_no

    @property
    def agreed(self) -> int:
        """Things of which both said the same."""
        return self.both_yes + self.both_no

    def kappa(self) -> float | None:
        """Agreement beyond chance as a share of what was possible; ``None`` if chance alone agrees always.

        Source: Cohen 1960, Educ. Psychol. Meas. 20, 37.
        """
        by_chance = _by_chance(self._counts(0.0)) if self.n else 1.0
        if by_chance == 1.0:
            return None
        return (self.agreed / self.n - by_chance) / (1.0 - by_chance)

    def kappa_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval for kappa from its standard error, with half a count added to each cell.

        The half counts keep an interval open where the raters never differ. It covers kappa with about
        ``level`` from some fifty things on.

        Raises:
            AuditorError: If the level is impossible.

        Source: Fleiss, Cohen and Everitt 1969, Psychol. Bull. 72, 323, eq. 13.
        """
        if not 0.0 < level < 1.0:
            raise AuditorError(f"a confidence level lies between 0 and 1, not at {level}")
        counts = self._counts(0.5)
        n = float(counts.sum())
        p = counts / n
        first, second = p.sum(1), p.sum(0)
        chance = _by_chance(counts)
        centre = (float(np.trace(p)) - chance) / (1.0 - chance)
        rest = 1.0 - centre
        same = float(sum(p[i, i] * (1.0 - (first[i] + second[i]) * rest) ** 2 for i in range(2)))
        differ = rest**2 * float(sum(p[i, 1 - i] * (second[i] + first[1 - i]) ** 2 for i in range(2)))
        variance = (same + differ - (centre - chance * rest) ** 2) / (n * (1.0 - chance) ** 2)
        half = float(stats.norm.isf((1.0 - level) / 2.0)) * math.sqrt(max(variance, 0.0))
        return max(-1.0, centre - half), min(1.0, centre + half)

    def _counts(self, added: float) -> NDArray[np.float64]:
        return (
            np.array([[self.both_yes, self.first_only], [self.second_only, self.both_no]], dtype=np.float64)
            + added
        )


def _by_chance(counts: NDArray[np.float64]) -> float:
    shares = counts / counts.sum()
    return float(shares.sum(1) @ shares.sum(0))
