"""Conformal ranks where models come in lineages: the lineage is replicated, not the model.

Ten models of one maker are not ten independent witnesses. A further lineage is exchangeable with those on
the panel; a model is a draw from its lineage. Counting every lineage once, as the share of its models that
score as high, keeps the p-value valid however unequal the lineages are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.stats.conformal import prediction_p


@dataclass(frozen=True, slots=True)
class GroupedRank:
    """The suspect's rank among models of known lineages.

    Attributes:
        groups: Lineages on the panel.
        models: Models on the panel.
        reached: Sum over lineages of the share of their models that score as high as the suspect.
    """

    groups: int
    models: int
    reached: float

    @property
    def p_value(self) -> float:
        """(1 + lineages as high, counted by shares) / (1 + lineages)."""
        return (1 + self.reached) / (1 + self.groups)

    @property
    def smallest(self) -> float:
        """The p-value where no model of any lineage reaches the suspect."""
        return 1 / (1 + self.groups)


def grouped_rank(score: float, values: Sequence[float], groups: Sequence[str]) -> GroupedRank:
    """Rank ``score`` among ``values``, each lineage counted once.

    Valid if, under the null, the suspect's lineage is exchangeable with those of the panel and models are
    exchangeable within theirs; ties count against the claim.

    Args:
        score: The suspect's statistic; larger speaks for the claim.
        values: The same statistic with each panel model in the suspect's place.
        groups: The lineage of each.

    Raises:
        ValueError: If a statistic is NaN, or there is not one lineage for every value.

    Source: Lee, Barber and Willett 2023, hierarchical conformal prediction.
    """
    array = _checked(values, groups)
    if math.isnan(score):
        raise ValueError("a conformal rank needs numbers")
    members = _members(groups)
    reached = sum(float(np.mean(array[places] >= score)) for places in members.values())
    return GroupedRank(len(members), len(array), reached)


def grouped_threshold(values: Sequence[float], groups: Sequence[str], alpha: float) -> float:
    """The score that the suspect must exceed for p <= ``alpha``; infinite if none suffices.

    Raises:
        ValueError: As ``grouped_rank`` does.
    """
    array = _checked(values, groups)
    members = _members(groups)
    sizes = {place: len(places) for places in members.values() for place in places.tolist()}
    room = alpha * (1 + len(members)) * (1 + 1e-12) - 1
    if room < 0:
        return math.inf
    above = 0.0
    for place in np.argsort(-array, kind="stable").tolist():
        above += 1 / sizes[place]
        if above > room * (1 + 1e-12) + 1e-12:
            return float(array[place])
    return -math.inf


def grouped_prediction_p(score: float, values: Sequence[float], groups: Sequence[str]) -> float | None:
    """Parametric companion: ``score`` as one more draw from normal lineage maxima; None for under three.

    The largest value of every lineage stands for it, which favours the suspect. Never the guarantee.

    Raises:
        ValueError: As ``grouped_rank`` does.
    """
    array = _checked(values, groups)
    return prediction_p(score, [float(array[places].max()) for places in _members(groups).values()])


def _checked(values: Sequence[float], groups: Sequence[str]) -> Float[NDArray[np.float64], " models"]:
    array = np.asarray(values, dtype=np.float64)
    if len(array) != len(groups):
        raise ValueError("every value needs its lineage")
    if np.isnan(array).any():
        raise ValueError("a conformal rank needs numbers")
    return array


def _members(groups: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Places of the models of each lineage, lineages in alphabetical order so that sums are reproducible."""
    named = np.asarray(groups, dtype=object)
    return {one: np.flatnonzero(named == one) for one in sorted(set(groups))}
