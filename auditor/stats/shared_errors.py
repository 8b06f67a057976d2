"""Agreement of two models on the same wrong answers, beyond chance.

Among the items that both get wrong, how often do they give the same wrong answer, and how often would they by
chance? Some wrong answers are popular at an item, since it invites them, or at all items of its kind; and
some are a model's own favourites, whatever it is asked. The larger of the two counts. What is popular is
seen from a panel, whose members count by how near they are to the model in accuracy: who is wrong for want of
any idea errs in other ways than who is nearly right.

A member of the panel is compared with the others, the model in question among them, and an outsider with the
same others as the model in question. So everybody in the panel is treated alike, and where the model in
question is exchangeable with the panel, so are their scores.

Source: kappa (Cohen 1960); agreement on errors (Goel et al. 2025, chance from accuracy).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from auditor.array import NDArray

#: An answer that could not be read.
ILLEGIBLE = -1
#: Observations that the broader share counts for, where there are few at the item or of the model.
_SHRINK = 2.0
#: Least spread of accuracies over which members of the panel count alike.
_LEAST_SPREAD = 0.05
#: Chance is kept off 0 and 1.
_LEAST, _MOST = 0.005, 0.98

Counts = Float[NDArray[np.float64], "models items"]


@dataclass(frozen=True, slots=True)
class SharedErrors:
    """Agreement of every model with every candidate on wrong answers.

    Attributes:
        both_wrong: Items that both answered legibly and wrong.
        observed: Share of these with the same wrong answer; NaN where there are none.
        chance: Share expected by chance.
        deviation: Observed less expected number, in standard deviations of independent items; 0 for none.
    """

    both_wrong: Int[NDArray[np.int64], "models candidates"]
    observed: Float[NDArray[np.float64], "models candidates"]
    chance: Float[NDArray[np.float64], "models candidates"]
    deviation: Float[NDArray[np.float64], "models candidates"]

    @property
    def kappa(self) -> Float[NDArray[np.float64], "models candidates"]:
        """(observed - chance) / (1 - chance)."""
        found: NDArray[np.float64] = (self.observed - self.chance) / (1 - self.chance)
        return found


def shared_errors(
    answers: Int[NDArray[np.int64], "models items"],
    candidates: Int[NDArray[np.int64], "candidates items"],
    gold: Int[NDArray[np.int64], " items"],
    kinds: Int[NDArray[np.int64], " items"],
    panel: Bool[NDArray[np.bool_], " models"],
) -> SharedErrors:
    """Agreement on wrong answers of the model in question (first) and of all controls.

    Args:
        answers: Codes of answers; equal codes are equal answers, ``ILLEGIBLE`` is none.
        candidates: The same of the candidates.
        gold: Codes of the right answers.
        kinds: Kind of every item; what is popular is counted within a kind.
        panel: Which of the models form the panel; the first does.

    Raises:
        ValueError: If the panel has fewer than three members beside the first, or lacks the first.
    """
    if not panel[0] or panel.sum() < 4:
        raise ValueError("the panel needs the model in question and three others")
    wrong = (answers != ILLEGIBLE) & (answers != gold)
    near = _nearness((answers == gold).mean(axis=1), panel)
    parts = [
        _with_candidate(answers, wrong, row, (row != ILLEGIBLE) & (row != gold), kinds, near)
        for row in candidates
    ]
    both, observed, chance, deviation = (np.stack(one, axis=1) for one in zip(*parts, strict=True))
    return SharedErrors(both.astype(np.int64), observed, chance, deviation)


def same_wrong(
    answers: Int[NDArray[np.int64], " items"],
    candidate: Int[NDArray[np.int64], " items"],
    gold: Int[NDArray[np.int64], " items"],
) -> Bool[NDArray[np.bool_], " items"]:
    """Items at which two models give the same wrong answer."""
    return np.asarray((answers == candidate) & (answers != gold) & (answers != ILLEGIBLE), dtype=bool)


def _nearness(
    accuracy: Float[NDArray[np.float64], " models"], panel: Bool[NDArray[np.bool_], " models"]
) -> Float[NDArray[np.float64], "models models"]:
    """How much each member of the panel (columns) counts as an example for each model (rows)."""
    spread = max(float(accuracy[panel].std()), _LEAST_SPREAD)
    near = np.exp(-0.5 * ((accuracy[:, None] - accuracy[None, :]) / spread) ** 2) * panel[None, :]
    near[~panel, 0] = 0.0  # outsiders are held against the same others as the model in question
    np.fill_diagonal(near, 0.0)
    # Weights are of members: were all far off, they would still be the only examples there are.
    found: NDArray[np.float64] = near / np.maximum(near.max(axis=1, keepdims=True), 1e-12)
    return found


def _with_candidate(
    answers: Int[NDArray[np.int64], "models items"],
    wrong: Bool[NDArray[np.bool_], "models items"],
    said: Int[NDArray[np.int64], " items"],
    mistaken: Bool[NDArray[np.bool_], " items"],
    kinds: Int[NDArray[np.int64], " items"],
    near: Float[NDArray[np.float64], "models models"],
) -> tuple[NDArray[np.float64], ...]:
    both = wrong & mistaken
    same = both & (answers == said)
    alike, errors = _of_kind(answers, wrong, said, kinds)
    # Smoothed by half an answer of each sort, so that nothing is impossible.
    usual = (near @ alike + 0.5) / (near @ errors + 1.0)
    here = (near @ same + _SHRINK * usual) / (near @ both + _SHRINK)
    own = (alike - same + _SHRINK * usual) / (errors - wrong + _SHRINK)
    chance = np.clip(np.maximum(here, own), _LEAST, _MOST) * both
    count = both.sum(axis=1)
    spread = np.sqrt((chance * (1 - chance)).sum(axis=1))
    deviation = (same.sum(axis=1) - chance.sum(axis=1)) / np.maximum(spread, 1e-12)
    shares = np.maximum(count, 1)
    none = count == 0
    observed = np.where(none, np.nan, same.sum(axis=1) / shares)
    expected = np.where(none, np.nan, chance.sum(axis=1) / shares)
    return count.astype(np.float64), observed, expected, np.where(none, 0.0, deviation)


def _of_kind(
    answers: Int[NDArray[np.int64], "models items"],
    wrong: Bool[NDArray[np.bool_], "models items"],
    said: Int[NDArray[np.int64], " items"],
    kinds: Int[NDArray[np.int64], " items"],
) -> tuple[Counts, Counts]:
    """Wrong answers within each item's kind that are what the candidate said at it, and all wrong ones."""
    alike, errors = np.zeros(answers.shape), np.zeros(answers.shape)
    for kind in np.unique(kinds):
        places = np.flatnonzero(kinds == kind)
        given = np.where(wrong[:, places], answers[:, places], ILLEGIBLE - 1)
        equal = given[:, :, None] == said[places][None, None, :]
        alike[:, places] = equal.sum(axis=1)
        errors[:, places] = wrong[:, places].sum(axis=1, keepdims=True)
    return alike, errors
