"""Whom does the suspect follow, of several candidates and pairs of them, and whom does every control?

The choice of a candidate, or of two that answer together, is part of the statistic: every control in the
suspect's place chooses its best ones as well, so that no correction over candidates is due.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.stats.panel_regression import in_spreads

#: Candidates up to which pairs of them are answers too.
_MOST_FOR_PAIRS = 8


@dataclass(frozen=True)
class CandidateSets:
    """Candidates and pairs of them as answers, scored for the suspect and every control alike.

    Attributes:
        coefficients: How much the suspect (row 0) and each control follow each candidate.
        panel: Which of these models share nothing with a candidate; the suspect is one of them.
    """

    coefficients: Float[NDArray[np.float64], "models candidates"]
    panel: Bool[NDArray[np.bool_], " models"]

    @cached_property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """The answers there are: every candidate, and where they are few every two of them."""
        count = self.coefficients.shape[1]
        pairs = tuple(itertools.combinations(range(count), 2)) if 2 <= count <= _MOST_FOR_PAIRS else ()
        return (*((one,) for one in range(count)), *pairs)

    @cached_property
    def scores(self) -> Float[NDArray[np.float64], "models sets"]:
        """Summed coefficients of every set, in spreads of the panel."""
        sums = np.stack([self.coefficients[:, list(one)].sum(axis=1) for one in self.sets], axis=1)
        return in_spreads(sums, self.panel)

    @cached_property
    def family(self) -> Float[NDArray[np.float64], " models"]:
        """The largest score over all sets: the choice of an answer is part of the statistic."""
        largest: NDArray[np.float64] = self.scores.max(axis=1)
        return largest

    @cached_property
    def named(self) -> tuple[int, ...]:
        """The candidates of the set with the suspect's largest score, the larger coefficient first."""
        chosen = self.sets[int(np.argmax(self.scores[0]))]
        return tuple(sorted(chosen, key=lambda one: -self.coefficients[0, one]))

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model: over all sets for the first one named, its own for another."""
        return self.family if candidate == self.named[0] else self.scores[:, candidate]
