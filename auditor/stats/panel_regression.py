"""Which candidates does a model follow beyond what models that know none of them do? Regression on residuals.

Every model is taken relative to a panel of models that know no candidate: less the panel's mean, without the
directions in which the panel scatters most (they are ability, base and tokenizer), and weighted by one over
the panel's variance. What is left of the model is then regressed on what is left of all candidates together.

A member of the panel is taken relative to the others, the model in question among them. So everybody in the
panel is treated alike, and where the model is exchangeable with the panel, so are their coefficients.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import linalg

from auditor.array import NDArray

#: Variance added to the panel's, so that no word that it agrees on has an unbounded weight.
SLACK = 0.02
#: Share of the mean diagonal that is added to the normal equations: siblings among the candidates are alike.
_RIDGE = 0.05
#: Directions of the panel's own scatter that are left out, where it is large enough to show them.
DIRECTIONS = 2
#: Models of the panel for each direction that is left out.
_MODELS_PER_DIRECTION = 4

Matrix = Float[NDArray[np.float64], "rows columns"]


def candidate_coefficients(
    models: Float[NDArray[np.float64], "models features"],
    panel: Bool[NDArray[np.bool_], " models"],
    candidates: Float[NDArray[np.float64], "candidates features"],
) -> Float[NDArray[np.float64], "models candidates"]:
    """How much each model follows each candidate, beyond the panel.

    Args:
        models: Features of the model in question (first) and of all controls.
        panel: Which of them form the panel; the first does.
        candidates: Features of the candidates.

    Raises:
        ValueError: If the panel has fewer than three members beside the first, or lacks the first.
    """
    if not panel[0] or panel.sum() < 4:
        raise ValueError("the panel needs the model in question and three others")
    weights = 1.0 / (models[panel].var(axis=0) + SLACK)
    rows = np.concatenate([models, candidates]) - models[panel].mean(axis=0)
    gram = (rows * weights) @ rows.T
    aims = np.arange(len(models), len(rows))
    members = np.flatnonzero(panel)
    found = np.empty((len(models), len(candidates)))
    for place in range(len(models)):
        others = others_of(members, place)
        found[place] = _coefficients(gram, others, place, aims)
    return found


def _coefficients(
    gram: Matrix, others: Int[NDArray[np.int64], " others"], model: int, aims: Int[NDArray[np.int64], " n"]
) -> Float[NDArray[np.float64], " n"]:
    """Ridge coefficients of one model on the candidates, from inner products alone."""
    used = np.concatenate([others, [model], aims])
    count = len(others)
    inner = gram[np.ix_(used, used)]
    mean = np.zeros(len(used))
    mean[:count] = 1 / count
    toward = inner @ mean
    inner = inner - toward[:, None] - toward[None, :] + mean @ toward
    left = inner[count:, count:]
    along = main_directions(inner[:count, :count])
    if along is not None:
        beside = inner[count:, :count] @ along
        left = left - beside @ beside.T
    normal = left[1:, 1:]
    ridge = _RIDGE * np.trace(normal) / len(normal)
    if ridge <= 0:
        return np.zeros(len(normal))
    solved: NDArray[np.float64] = np.linalg.solve(normal + ridge * np.eye(len(normal)), left[1:, 0])
    return solved


def others_of(members: Int[NDArray[np.int64], " panel"], place: int) -> Int[NDArray[np.int64], " others"]:
    """Whom a model is held against: the panel without itself, or, for an outsider, without the first.

    An outsider stands in the place of the model in question, and so is held against the same others.
    """
    return members[members != place] if place in members else members[1:]


def main_directions(
    inner: Float[NDArray[np.float64], "models models"],
) -> Float[NDArray[np.float64], "models directions"] | None:
    """Combinations of models, of length one in feature space, along which they scatter most.

    Args:
        inner: Inner products of the models, their mean taken off.

    Returns:
        None where there are too few models to show any.
    """
    directions = min(DIRECTIONS, len(inner) // _MODELS_PER_DIRECTION)
    if not directions:
        return None
    # Only these: all of them would take several times as long, and this is done for every model in turn.
    largest = (len(inner) - directions, len(inner) - 1)
    sizes, vectors = linalg.eigh(inner, subset_by_index=largest, check_finite=False)
    scaled: NDArray[np.float64] = vectors / np.sqrt(np.maximum(sizes, 1e-12))
    return scaled


def in_spreads(
    scores: Float[NDArray[np.float64], "models sets"], panel: Bool[NDArray[np.bool_], " models"]
) -> Float[NDArray[np.float64], "models sets"]:
    """Scores less the panel's median, in robust spreads of the panel, so that sets can be compared."""
    middle = np.median(scores[panel], axis=0)
    spread = 1.4826 * np.median(np.abs(scores[panel] - middle), axis=0)
    scaled: NDArray[np.float64] = (scores - middle) / np.where(spread > 1e-12, spread, 1.0)
    return scaled
