"""Agreement on what others would not have said: excess over a panel, weighted by surprise.

Two models agree on most of what everybody who speaks the language says; that carries nothing. So agreement
at each position is taken less what the panel has in common with the candidate there, and weighted by how
surprising that would be, in nats: what the whole panel says has weight next to zero.

A member of the panel is compared with the others, the model in question among them, and an outsider with the
same others as the model in question. So everybody in the panel is treated alike, and where the model in
question is exchangeable with the panel, so are their scores.

Source: self-information as weight (Shannon 1948); standardised excess of agreement over its expectation
(Cohen 1960), the expectation from the panel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray

#: Added to the panel's agreement and disagreement, so that what nobody shares is not infinitely surprising.
_SLACK = 0.5

Agreements = Float[NDArray[np.float64], "models candidates positions"]


def shared_mass(first: Mapping[str, float], second: Mapping[str, float], *, exact: bool) -> float:
    """Probability that two distributions over pieces of text have in common, 0 to 1.

    One less the total variation distance, where both know all their pieces.

    Args:
        first: Probabilities of some pieces.
        second: Probabilities of some pieces.
        exact: Whether only equal pieces are the same. Else a piece also stands for every longer one that
            begins with it, as it must where tokenizers cut words in different places.
    """
    if exact:
        return float(sum(min(mass, second[text]) for text, mass in first.items() if text in second))
    left = dict(second)
    found = 0.0
    for text, mass in sorted(first.items(), key=lambda pair: (-pair[1], pair[0])):
        alike = [one for one in left if one and text and (one.startswith(text) or text.startswith(one))]
        for other in sorted(alike, key=lambda one: (one != text, one)):
            taken = min(mass, left[other])
            left[other] -= taken
            mass -= taken
            found += taken
    return found


def surprise_agreement(
    agreements: Agreements, panel: Bool[NDArray[np.bool_], " models"]
) -> Float[NDArray[np.float64], "models candidates"]:
    """How far each model agrees with each candidate where the panel does not, in standard deviations.

    Deviations are those of positions that are independent of each other, which they are not: the scale is to
    be taken from the panel.

    Args:
        agreements: Agreement of every model with every candidate at every position, 0 to 1. The model in
            question is the first.
        panel: Which of the models form the panel; the first does.

    Raises:
        ValueError: If the panel has fewer than three members beside the first, or lacks the first.
    """
    found = np.zeros(agreements.shape[:2])
    for place, (excess, weight, expected) in enumerate(_excesses(agreements, panel)):
        spread = np.sqrt((weight**2 * expected * (1 - expected)).sum(axis=1))
        found[place] = (weight * excess).sum(axis=1) / np.maximum(spread, 1e-12)
    return found


def surprise_excess(
    agreements: Agreements, panel: Bool[NDArray[np.bool_], " models"]
) -> Float[NDArray[np.float64], "candidates positions"]:
    """What each position adds to the first model's score, as a share of all weight; sums to its effect."""
    excess, weight, _ = next(_excesses(agreements, panel))
    share: NDArray[np.float64] = weight * excess / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    return share


def _excesses(
    agreements: Agreements, panel: Bool[NDArray[np.bool_], " models"]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Excess, weight and expectation of every model, each candidates by positions."""
    if not panel[0] or panel.sum() < 4:
        raise ValueError("the panel needs the model in question and three others")
    total = agreements[panel].sum(axis=0)
    others = int(panel.sum()) - 1
    for place, own in enumerate(agreements):
        left_out = own if panel[place] else agreements[0]
        expected = (total - left_out + _SLACK) / (others + 2 * _SLACK)
        yield own - expected, -np.log(expected), expected


def against_rivals(
    scores: Float[NDArray[np.float64], "models candidates"],
) -> Float[NDArray[np.float64], "models candidates"]:
    """Each score less the mean of the model's scores with the other candidates; unchanged with one.

    An abler model agrees more with every able candidate: what it has in common with all drops out.
    """
    count = scores.shape[1]
    if count < 2:
        return scores
    contrast: NDArray[np.float64] = scores - (scores.sum(axis=1, keepdims=True) - scores) / (count - 1)
    return contrast
