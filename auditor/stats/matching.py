"""Do two layers hold the same neurons? Matchings by linear assignment, and tests with a known null.

Cosines between sketched rows say nothing by themselves: the best of a thousand chance cosines is high,
and unrelated models share coarse structure. What is tested is therefore the *matching*: whether it keeps
the order of neurons, and whether two different matrices of the block give the same one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment

from auditor.array import NDArray
from auditor.stats.combination import (
    log10_fixed_points,
    log10_predictive_count,
    order_log10_p,
    spearman_log10_p,
)

#: Neurons that enter a matching: assignment is cubic, and this many decide at any p-value of interest.
MOST_NEURONS = 768
#: Scrambled matchings that show how often the two matrices agree where the bases are unrelated.
SCRAMBLES = 4


@dataclass(frozen=True, slots=True)
class LayerSketch:
    """One block, sketched.

    Attributes:
        layer: Index of the block.
        first: [m, k] sketched rows of the gate or input matrix.
        second: [m, k] sketched rows of the up or output matrix, of the same neurons.
        norms: [m] lengths of the neurons' rows.
        kept: [m] original indices of the neurons.
    """

    layer: int
    first: NDArray[Any]
    second: NDArray[Any]
    norms: NDArray[Any]
    kept: NDArray[Any]


@dataclass(frozen=True, slots=True)
class LayerMatch:
    """Two blocks compared.

    Attributes:
        suspect_layer: Block of the suspect.
        teacher_layer: Block of the other model.
        neurons: Neurons matched.
        order: Spearman correlation of a neuron's index with that of its partner.
        order_log10_p: log10 of its p-value.
        agreeing: Neurons that both matrices match with the same partner.
        mean_cosine: Mean cosine of matched rows of the first matrix, sketch noise included.
        choices: Neurons among which partners were chosen.
        scrambled: Agreeing neurons after each scrambling.
    """

    suspect_layer: int
    teacher_layer: int
    neurons: int
    order: float
    order_log10_p: float
    agreeing: int
    mean_cosine: float
    choices: int
    scrambled: tuple[int, ...]

    @property
    def agreement_log10_p(self) -> float:
        """log10 of the p-value of the agreement."""
        return self.log10_p_of(self.agreeing)

    def log10_p_of(self, agreeing: int) -> float:
        """log10 of the p-value that so many agreeing neurons would have."""
        return max(
            log10_fixed_points(agreeing, self.neurons, self.choices),
            log10_predictive_count(agreeing, self.scrambled),
        )

    def least_agreeing(self, log10_p: float) -> int | None:
        """Fewest agreeing neurons with a p-value of ``10**log10_p`` or less; None if no number has one."""
        counts = range(self.neurons + 1)
        least = bisect_left(counts, -log10_p, key=lambda count: -self.log10_p_of(count))
        return least if least <= self.neurons else None

    @property
    def agreement(self) -> float:
        """Share of matched neurons on which the two matrices agree."""
        return self.agreeing / max(self.neurons, 1)


def unit_rows(sketch: NDArray[Any]) -> Float[NDArray[np.float64], "m k"]:
    """Rows without what they share, scaled to length 1; rows of zeros stay zero.

    What they share is their mean and the leading eighth of their principal directions: a few residual
    dimensions of large scale, on which unrelated models can seem to agree in both matrices at once. A
    copy is recognised by the many small directions that are left.
    """
    centred = sketch.astype(np.float64) - sketch.astype(np.float64).mean(axis=0)
    shared = min(centred.shape) // 8
    if shared:
        _, directions = np.linalg.eigh(centred.T @ centred)
        leading = directions[:, -shared:]
        centred = centred - (centred @ leading) @ leading.T
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    scaled: NDArray[np.float64] = centred / np.where(lengths > 1e-9, lengths, 1.0)
    return scaled


def largest(norms: NDArray[Any], most: int = MOST_NEURONS) -> Int[NDArray[np.int64], " n"]:
    """Positions of the ``most`` largest norms, in ascending order of position."""
    return np.sort(np.argsort(-norms.astype(np.float64), kind="stable")[:most]).astype(np.int64)


def pair_layers(
    suspect: Sequence[LayerSketch], other: Sequence[LayerSketch]
) -> tuple[tuple[LayerSketch, LayerSketch], ...]:
    """Pair blocks one to one so that the rows of their first matrices are closest in sum.

    For models of different depth. Closeness is the mean over the suspect's rows of the best cosine. Only
    cosines of the first matrix are used, never the order of neurons nor the second matrix, so the tests
    of ``compare_layers`` stay valid after this choice. No block is used twice: two tests on one block
    would not be independent.
    """
    if not suspect or not other:
        return ()
    ours = [unit_rows(one.first[largest(one.norms)]) for one in suspect]
    theirs = [unit_rows(one.first[largest(one.norms)]) for one in other]
    closeness = np.array([[float((a @ c.T).max(axis=1).mean()) for c in theirs] for a in ours])
    rows, columns = linear_sum_assignment(closeness, maximize=True)
    return tuple((suspect[int(row)], other[int(column)]) for row, column in zip(rows, columns, strict=True))


def compare_layers(suspect: LayerSketch, teacher: LayerSketch, seed: int) -> LayerMatch:
    """Match the neurons of two blocks and test the matching in two ways.

    *Order*: under independent initialisation training is equivariant to renaming neurons, so the
    partner's index is in random order, whatever rows look like. *Agreement*: the matchings of two
    different matrices coincide on as many neurons as two random injections do. Rows that are long in
    both matrices could raise that count between unrelated models; so it is also held against the
    matchings found after the sketch coordinates of the teacher were permuted and their signs flipped,
    alike in both matrices, which keeps all structure within a model and breaks what is shared between
    models. The larger p-value counts.

    Args:
        suspect: Sketch of the suspect's block.
        teacher: Sketch of the other model's block, made with the same projection.
        seed: Seeds the scrambling.
    """
    ours, theirs = largest(suspect.norms), largest(teacher.norms)
    a, b = unit_rows(suspect.first[ours]), unit_rows(suspect.second[ours])
    c, d = unit_rows(teacher.first[theirs]), unit_rows(teacher.second[theirs])
    index_a, index_c = suspect.kept[ours].astype(np.int64), teacher.kept[theirs].astype(np.int64)
    if len(a) > len(c):
        a, b, c, d = c, d, a, b
        index_a, index_c = index_c, index_a
    partner = _assign(a, c)
    agreeing = int(np.count_nonzero(partner == _assign(b, d)))
    order, log10_p = order_test(index_a, index_c[partner])
    return LayerMatch(
        suspect_layer=suspect.layer,
        teacher_layer=teacher.layer,
        neurons=len(a),
        order=order,
        order_log10_p=log10_p,
        agreeing=agreeing,
        mean_cosine=float(np.sum(a * c[partner], axis=1).mean()),
        choices=len(c),
        scrambled=tuple(_scrambled_agreements(a, b, c, d, seed)),
    )


def compare_order(ours: NDArray[Any], theirs: NDArray[Any]) -> tuple[float, float, int]:
    """Match the rows of two sketches and test whether the matching keeps their order.

    Args:
        ours: [n, k] sketched rows.
        theirs: [m, k] sketched rows, made with the same projection.

    Returns:
        Spearman's correlation, log10 of its p-value, and the number of matched rows.
    """
    mine, other = (largest(np.linalg.norm(one.astype(np.float64), axis=1)) for one in (ours, theirs))
    a, c = unit_rows(ours[mine]), unit_rows(theirs[other])
    if len(a) > len(c):
        a, c, mine, other = c, a, other, mine
    order, log10_p = order_test(mine, other[_assign(a, c)])
    return order, log10_p, len(a)


def order_test(
    ours: Int[NDArray[np.int64], " n"], theirs: Int[NDArray[np.int64], " n"]
) -> tuple[float, float]:
    """Spearman's correlation of matched indices, and log10 of its p-value.

    The p-value is the larger of Spearman's and of a finite-sample bound on discordant pairs, so that it
    holds however far in the tail.
    """
    coefficient, log10_p = spearman_log10_p(ours, theirs)
    return coefficient, max(log10_p, order_log10_p(ours, theirs))


def _assign(a: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.int64]:
    """The partner in ``c`` of every row of ``a`` that maximises the sum of cosines."""
    _, partner = linear_sum_assignment(a @ c.T, maximize=True)
    return np.asarray(partner, dtype=np.int64)


def _scrambled_agreements(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    d: NDArray[np.float64],
    seed: int,
) -> list[int]:
    """Agreement counts after signed permutations of the teacher's sketch coordinates."""
    rng = np.random.default_rng(seed)
    width = c.shape[1]
    counts = []
    for _ in range(SCRAMBLES):
        order = rng.permutation(width)
        signs = rng.choice(np.array([-1.0, 1.0]), width)
        counts.append(
            int(np.count_nonzero(_assign(a, c[:, order] * signs) == _assign(b, d[:, order] * signs)))
        )
    return counts
