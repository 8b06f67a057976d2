"""Toward which of two related models does another one lean? A projection on their difference.

Two models of one recipe and the same data differ in what their training did by chance. Who learned from that
data and from neither of them has no reason to lean to one, however much it looks like both. So the difference
of the two is all that is looked at; what they have in common, ability included, drops out. In a pair of
given models the way of their data still lies a little nearer to one of them, for everybody who goes it: a
model with their data is measured by others with their data.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.stats.panel_regression import SLACK, main_directions, others_of


def leanings(
    models: Float[NDArray[np.float64], "models features"],
    panel: Bool[NDArray[np.bool_], " models"],
    first: Float[NDArray[np.float64], " features"],
    second: Float[NDArray[np.float64], " features"],
) -> Float[NDArray[np.float64], " models"]:
    """How far each model lies from the panel's mean toward the first of two models and away from the second.

    One is the whole way from the second to the first. To exchange the two changes the sign and nothing else.
    Features weigh one over the panel's variance, and the directions in which the panel scatters most are left
    out, a member being taken relative to the others.

    Args:
        models: Features of the model in question (first) and of all controls.
        panel: Which of them form the panel; the first does.
        first: Features of the one model.
        second: Features of the other.

    Raises:
        ValueError: If the panel has fewer than three members beside the first, or lacks the first.
    """
    if not panel[0] or panel.sum() < 4:
        raise ValueError("the panel needs the model in question and three others")
    roots = np.sqrt(1.0 / (models[panel].var(axis=0) + SLACK))
    rows = (models - models[panel].mean(axis=0)) * roots
    apart = (first - second) * roots
    gram, along = rows @ rows.T, rows @ apart
    length = float(apart @ apart)
    members = np.flatnonzero(panel)
    found = np.zeros(len(models))
    for place in range(len(models)):
        others = others_of(members, place)
        inner = gram[np.ix_(others, others)]
        toward = inner.mean(axis=0)
        centred = inner - toward - toward[:, None] + toward.mean()
        own = gram[place, others] - toward
        own = own - own.mean()
        way, whole = along[place] - along[others].mean(), length
        directions = main_directions(centred)
        if directions is not None:
            of_apart = (along[others] - along[others].mean()) @ directions
            way = way - (own @ directions) @ of_apart
            whole = whole - of_apart @ of_apart
        found[place] = way / whole if whole > 1e-9 * (1 + length) else 0.0
    return found
