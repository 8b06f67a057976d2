"""Likeness of every model to every other in one channel, paired by prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from auditor.array import NDArray
from auditor.probe.style.channels import Channel, Codes, Rows

#: Keeps a prompt on which nobody is alike from outweighing all others.
_FLOOR = 0.02

Square = Float[NDArray[np.float64], "models models"]


@dataclass(frozen=True)
class Design:
    """Whose answers are compared, and which of them tell what is common.

    Attributes:
        answers: For each prompt the answer of every model, or None.
        counted: Models that tell how rare a term is; further samples of a model do not.
        apart: Pairs of independent models of different makers: what everybody says counts little.
        second_half: Which prompts belong to the second half.
        followed: Model whose likeness is kept prompt by prompt: the suspect.
    """

    answers: Sequence[Sequence[str | None]]
    counted: Bool[NDArray[np.bool_], " models"]
    apart: Bool[NDArray[np.bool_], "models models"]
    second_half: Bool[NDArray[np.bool_], " prompts"]
    followed: int


@dataclass(frozen=True)
class Comparison:
    """Likeness in one channel, from 0 (no term in common) to 1.

    Attributes:
        whole: Weighted mean over all prompts that both answered; NaN where there is none.
        halves: The same over each half of the prompts.
        shares: The followed model's part: prompt by prompt its weighted cosines with everyone.
        weights: Weight of each of these, 0 where one of the two did not answer.
    """

    whole: Square
    halves: tuple[Square, Square]
    shares: Float[NDArray[np.float64], "prompts models"]
    weights: Float[NDArray[np.float64], "prompts models"]


def compare(design: Design, channel: Channel) -> Comparison:
    """Compare everyone with everyone in one channel.

    Terms are weighted by their rarity among the models within the prompt, and those of a single model are
    dropped. A prompt weighs 1 / (.02 + median cosine of independent pairs).
    """
    size = len(design.counted)
    sums, weights = np.zeros((2, size, size)), np.zeros((2, size, size))
    shares = np.zeros((len(design.answers), size))
    share_weights = np.zeros((len(design.answers), size))
    for number, answers in enumerate(design.answers):
        answered = np.array([bool(one) for one in answers])
        both = answered[:, None] & answered[None, :]
        cosines = prompt_cosines(*channel.terms(answers), design.counted & answered)
        pairs = design.apart & both
        if not pairs.any():
            continue
        weight = 1.0 / (_FLOOR + float(np.median(cosines[pairs])))
        half = int(design.second_half[number])
        sums[half] += weight * (cosines * both)
        weights[half] += weight * both
        shares[number] = weight * (cosines * both)[design.followed]
        share_weights[number] = weight * both[design.followed]
    return Comparison(
        whole=_ratio(sums.sum(axis=0), weights.sum(axis=0)),
        halves=(_ratio(sums[0], weights[0]), _ratio(sums[1], weights[1])),
        shares=shares,
        weights=share_weights,
    )


def prompt_cosines(rows: Rows, codes: Codes, counted: Bool[NDArray[np.bool_], " models"]) -> Square:
    """Cosines of the models' answers to one prompt.

    Args:
        rows: Model of each term.
        codes: The term.
        counted: Models that tell how rare a term is.
    """
    from scipy import sparse

    size = len(counted)
    kinds, places = np.unique(codes, return_inverse=True)
    bag = sparse.csr_matrix((np.ones(len(rows)), (rows, places)), shape=(size, len(kinds)))
    bag.sum_duplicates()
    users = _users(bag, counted)
    kept = users >= 2
    if not kept.any():
        return np.zeros((size, size))
    rarity = np.log(max(int(counted.sum()), 1) / users[kept])
    weighted = bag[:, np.flatnonzero(kept)].multiply(rarity[None, :]).tocsr()
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    unit = sparse.diags(scale) @ weighted
    cosines: Square = np.clip(np.asarray((unit @ unit.T).toarray(), dtype=np.float64), 0.0, 1.0)
    return cosines


def _users(bag: object, counted: Bool[NDArray[np.bool_], " models"]) -> Int64[NDArray[np.int64], " terms"]:
    """How many of the counted models use each term."""
    chosen = bag[np.flatnonzero(counted)]  # type: ignore[index]
    return np.bincount(chosen.indices, minlength=chosen.shape[1]).astype(np.int64)


def _ratio(sums: Square, weights: Square) -> Square:
    return np.divide(sums, weights, out=np.full_like(sums, np.nan), where=weights > 0)
