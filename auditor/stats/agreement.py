"""Agreement of two models beyond what everybody else explains, and its rank in a crossed design.

*Partial agreement.* What everybody says who has the same data tells nothing about a teacher. Behaviour of
each model is a vector (log-probabilities over items and outputs, or similarities over pairs of items); the
agreement of two models is the correlation of what is left of either when all the other models in the scan
are regressed out. All pairs at once are read off the inverse of the correlation matrix.

*Crossed rank.* Rows are models in the suspect's place: the suspect and controls of one stratum. Columns are
models in the teacher's place: the teacher and its twins. If the suspect is exchangeable with the controls,
and the teacher with its twins given the data that they share, then the table of agreements is unchanged in
distribution when its rows, and when its columns, are put into another order; so the cell of suspect and
teacher is equally likely to have any rank among all cells. With n controls and k twins p-values go down to
1/((n+1)(k+1)): numbers multiply, where a rank among controls or among twins alone would have one of them.

Source: Whittaker 1990, chapter 5 (partial correlations from the inverse); Ha and Sun 2014 (ridge); Aldous
1981 (separately exchangeable arrays); Vovk, Gammerman and Shafer 2005 (ranks of exchangeable scores).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray

#: Added to the diagonal of the correlation matrix, whose inverse would be all noise without it.
RIDGE = 0.003
#: Added to a probability before its logarithm is taken.
FLOOR = 0.01


def standardised(
    behaviour: Float[NDArray[np.float64], "models features"],
) -> Float[NDArray[np.float64], "models features"]:
    """Rows with mean zero and length one; a row that does not vary becomes zeros."""
    centred = behaviour - behaviour.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    rows: NDArray[np.float64] = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-12)
    return rows


def partial_agreement(
    behaviour: Float[NDArray[np.float64], "models features"], ridge: float = RIDGE
) -> Float[NDArray[np.float64], "models models"]:
    """Correlation of every two models given all the others, from -1 to 1, with ones on the diagonal.

    Put the models into another order, and the result is put into the same one: nothing here knows who is
    the suspect.

    Args:
        behaviour: What each model does, as a vector.
        ridge: Added to the diagonal of the correlation matrix.
    """
    rows = standardised(behaviour)
    inverse = np.linalg.inv(rows @ rows.T + ridge * np.eye(len(rows)))
    scale = np.sqrt(np.diag(inverse))
    partial: NDArray[np.float64] = -inverse / np.outer(scale, scale)
    np.fill_diagonal(partial, 1.0)
    return partial


@dataclass(frozen=True, slots=True)
class CrossedRank:
    """Where the first cell of a table of agreements ranks among all of its cells.

    Attributes:
        rows: Models in the suspect's place, the suspect included.
        columns: Models in the teacher's place, the teacher included.
        reached: Other cells that are as high as the first or higher.
    """

    rows: int
    columns: int
    reached: int

    @property
    def p_value(self) -> float:
        """(1 + other cells as high or higher) / cells."""
        return (1 + self.reached) / (self.rows * self.columns)

    @property
    def smallest(self) -> float:
        """The smallest p-value that this table could have given."""
        return 1 / (self.rows * self.columns)


def crossed_rank(table: Float[NDArray[np.float64], "rows columns"]) -> CrossedRank:
    """Rank of the first row's first cell. A tie counts against the claim.

    Under exchangeable rows and exchangeable columns the p-value is uniform or larger.

    Args:
        table: Agreements; the suspect is the first row and the teacher the first column.

    Raises:
        ValueError: If a cell is NaN, or there is none.
    """
    if not table.size or np.isnan(table).any():
        raise ValueError("a rank in a table needs numbers in all of its cells")
    rows, columns = table.shape
    return CrossedRank(rows, columns, int(np.count_nonzero(table >= table[0, 0])) - 1)


def in_spreads(
    table: Float[NDArray[np.float64], "rows columns"],
) -> Float[NDArray[np.float64], "rows columns"]:
    """A table in robust spreads about its median, so that tables of unlike quantities can be averaged.

    The order of cells is kept, and neither rows nor columns are told apart.
    """
    deviation = table - np.median(table)
    spread = 1.4826 * float(np.median(np.abs(deviation)))
    scaled: NDArray[np.float64] = deviation / (spread if spread > 1e-12 else 1.0)
    return scaled


def others_of(table: Float[NDArray[np.float64], "rows columns"]) -> Float[NDArray[np.float64], " cells"]:
    """All cells but the first."""
    return np.asarray(table.ravel()[1:], dtype=np.float64)


def doubt_features(
    probabilities: Float[NDArray[np.float64], "items outputs"], *, centred: bool
) -> Float[NDArray[np.float64], " features"]:
    """A model's distributions as one vector: square roots of its probabilities.

    Distances between such vectors are Hellinger's. Small probabilities count for more than they are, since
    most of what a student takes over lies in what a teacher thinks of outputs that it does not choose.

    Args:
        probabilities: Rows sum to one.
        centred: Whether each output's mean over the items is taken out. It says how fond a model is of it,
            which depends on how it was trained more than on whom it learned from. Only where an output
            means the same in every item.

    Source: Hellinger 1909; Hinton, Vinyals and Dean 2015 (knowledge in small probabilities).
    """
    return _flat(np.sqrt(probabilities), centred)


def odds_features(
    probabilities: Float[NDArray[np.float64], "items outputs"], *, centred: bool
) -> Float[NDArray[np.float64], " features"]:
    """A model's distributions as one vector: centred log-probabilities, each raised by ``FLOOR`` before.

    Of many outputs most are unlikely, and how unlikely each of them is tells two models apart that choose
    alike. What is next to impossible must not decide, hence the floor.

    Args:
        probabilities: Rows sum to one.
        centred: As in ``doubt_features``.

    Source: Aitchison 1986 (centred log-ratio).
    """
    logs = np.log(probabilities + FLOOR)
    return _flat(logs - logs.mean(axis=1, keepdims=True), centred)


def choice_features(
    probabilities: Float[NDArray[np.float64], "items outputs"], *, centred: bool
) -> Float[NDArray[np.float64], " features"]:
    """A model's likeliest outputs as one vector of ones and zeros; ties go to the first.

    Who learned from a teacher's labels copies where it decides otherwise than its like, not its doubts.

    Args:
        probabilities: Rows sum to one.
        centred: As in ``doubt_features``.
    """
    chosen = np.eye(probabilities.shape[1])[probabilities.argmax(axis=1)]
    return _flat(chosen, centred)


def _flat(values: NDArray[np.float64], centred: bool) -> NDArray[np.float64]:
    return (values - values.mean(axis=0) if centred else values).ravel()


def similarity_features(
    vectors: Float[NDArray[np.float64], "items width"],
) -> Float[NDArray[np.float64], " pairs"]:
    """An embedder's geometry as one vector: cosines of all pairs of items, centred in rows and columns.

    It does not change when the space is turned or mirrored, and has one length whatever the width, so
    that embedders of different make can be compared.

    Source: Kriegeskorte, Mur and Bandettini 2008 (representational similarity); Kornblith et al. 2019
    (centring).
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(length, 1e-12)
    cosines = unit @ unit.T
    centred = cosines - cosines.mean(axis=0) - cosines.mean(axis=1, keepdims=True) + cosines.mean()
    first, second = np.triu_indices(len(unit), 1)
    pairs: NDArray[np.float64] = centred[first, second]
    return pairs
