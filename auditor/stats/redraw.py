"""Was this answer picked from among redrawn ones by chance? Exact tests of exchangeability within groups.

A group holds everything that a source said to one prompt: first what was logged, then what it said when it
was asked again. If the model that scores them has never met the logged ones, all of a group are draws from
one distribution, and each subset of its size is as likely to be the logged one. That is randomness which
the design itself creates; nothing is assumed of the scores.

Everything that is estimated along the way (residuals, spreads) is a symmetric function of a group's
members, so that it does not know which of them were logged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from auditor.array import NDArray

#: Random relabellings that are summed at a time.
_BLOCK = 256
_FLAT = 1e-9
#: Share of the mean diagonal that is added to the normal equations, so that references may be alike.
_RIDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Groups:
    """Members of all groups, one after the other.

    Attributes:
        sizes: [groups] members of each group.
        logged: [groups] how many of them, the first ones, were logged.
    """

    sizes: Int[NDArray[np.int64], " groups"]
    logged: Int[NDArray[np.int64], " groups"]

    @property
    def owner(self) -> Int[NDArray[np.int64], " members"]:
        """The group of each member."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def starts(self) -> Int[NDArray[np.int64], " groups"]:
        """Place of each group's first member."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    def alike(self) -> Iterator[tuple[Int[NDArray[np.int64], " some"], int, int]]:
        """Groups of one size and one number of logged members, with both numbers."""
        shapes = np.stack([self.sizes, self.logged], axis=1)
        for size, logged in np.unique(shapes, axis=0):
            yield np.flatnonzero((shapes == (size, logged)).all(axis=1)), int(size), int(logged)

    def first(self, count: int) -> Groups:
        """The first ``count`` groups."""
        return Groups(self.sizes[:count], self.logged[:count])


def centred(
    values: Float[NDArray[np.float64], "members ..."], groups: Groups
) -> Float[NDArray[np.float64], "members ..."]:
    """Values less the mean of their group."""
    if not len(groups.sizes):
        return values
    sums = np.add.reduceat(values, groups.starts, axis=0)
    means = sums / groups.sizes.reshape(-1, *[1] * (values.ndim - 1))
    difference: NDArray[np.float64] = values - means[groups.owner]
    return difference


def standardised(
    values: Float[NDArray[np.float64], " members"], groups: Groups
) -> Float[NDArray[np.float64], " members"]:
    """Values in standard deviations from the mean of their group; 0 where a group is flat."""
    around = centred(values, groups)
    if not len(groups.sizes):
        return around
    spread = np.sqrt(np.add.reduceat(around**2, groups.starts) / groups.sizes)
    spread = np.where(spread > _FLAT, spread, np.inf)
    scaled: NDArray[np.float64] = around / spread[groups.owner]
    return scaled


def residuals(
    values: Float[NDArray[np.float64], " members"],
    references: Float[NDArray[np.float64], "members references"],
    groups: Groups,
) -> Float[NDArray[np.float64], " members"]:
    """What is left of ``values`` within groups after their regression on the references.

    The coefficients come from all members alike, so that they are the same whichever were logged: the
    residuals are as exchangeable as the values, and far less noisy where the references say the same.

    Args:
        values: Scores under the model in question.
        references: Scores under models that may know the source but never met the logged answers.
        groups: Who belongs together.
    """
    own = centred(values, groups)
    if references.shape[1] == 0 or not len(own):
        return own
    others = centred(references, groups)
    gram = others.T @ others
    ridge = _RIDGE * np.trace(gram) / len(gram) + _FLAT
    weights = np.linalg.solve(gram + ridge * np.eye(len(gram)), others.T @ own)
    left: NDArray[np.float64] = own - others @ weights
    return left


def log_e_values(
    scores: Float[NDArray[np.float64], " members"], groups: Groups, bets: Sequence[float]
) -> Float[NDArray[np.float64], "groups bets"]:
    """Logarithm of each group's e-value at each size of bet.

    With w = exp(bet * score), the e-value of a group of k members with r logged ones is the product of w
    over the logged, divided by the mean of that product over all subsets of r members. Its mean over the
    subsets is 1 by construction. For r = 1 it is k w_0 / sum(w).

    Source: the softmax betting of Waudby-Smith and Ramdas 2024 (JRSS B 86) on ranks; elementary symmetric
    polynomials for several logged members.
    """
    found = np.zeros((len(groups.sizes), len(bets)))
    starts = groups.starts
    for places, size, logged in groups.alike():
        table = scores[starts[places][:, None] + np.arange(size)]
        for column, bet in enumerate(bets):
            weights = np.exp(bet * table)
            mean_product = _mean_product(weights, logged)
            found[places, column] = bet * table[:, :logged].sum(axis=1) - np.log(mean_product)
    return found


def _mean_product(
    weights: Float[NDArray[np.float64], "groups size"], chosen: int
) -> Float[NDArray[np.float64], " groups"]:
    """Mean over all subsets of ``chosen`` members of the product of their weights."""
    size = weights.shape[1]
    # means[j] is the mean product over j-subsets of the members so far; means keep the numbers near 1.
    means = np.zeros((chosen + 1, len(weights)))
    means[0] = 1.0
    for seen in range(1, size + 1):
        for j in range(min(chosen, seen), 0, -1):
            without = means[j] * (seen - j) / seen if seen > j else 0.0
            means[j] = without + means[j - 1] * weights[:, seen - 1] * j / seen
    product: NDArray[np.float64] = means[chosen]
    return product


@dataclass(frozen=True, slots=True)
class EProcess:
    """Evidence against exchangeability after each group.

    Attributes:
        log_e: [groups] natural logarithm of the mean over bets of the product of e-values so far.
    """

    log_e: Float[NDArray[np.float64], " groups"]

    @property
    def final(self) -> float:
        """Log e-value after the last group; 0 without any."""
        return float(self.log_e[-1]) if len(self.log_e) else 0.0

    @property
    def largest(self) -> float:
        """The largest log e-value on the way, at least 0: exp of its negative is an anytime p-value."""
        return float(max(self.log_e.max(), 0.0)) if len(self.log_e) else 0.0

    def reaches(self, evidence: float) -> int | None:
        """Groups after which the e-value first reached ``evidence``, or None."""
        reached = np.flatnonzero(self.log_e >= np.log(evidence))
        return int(reached[0]) + 1 if len(reached) else None


def e_process(log_values: Float[NDArray[np.float64], "groups bets"]) -> EProcess:
    """Multiply e-values over the groups for every bet, and average over the bets.

    A product of e-values of independent groups is a test martingale; so is a fixed mean of martingales.
    Stopping at any time keeps the guarantee (Ville's inequality).

    Source: Ramdas, Grünwald, Vovk and Shafer 2023, Statistical Science 38, 576.
    """
    running = np.cumsum(log_values, axis=0)
    if not len(running):
        return EProcess(np.zeros(0))
    most = running.max(axis=1)
    log_mean = most + np.log(np.exp(running - most[:, None]).mean(axis=1))
    return EProcess(log_mean)


@dataclass(frozen=True, slots=True)
class Relabelling:
    """A permutation test within groups.

    Attributes:
        mean: Mean score of the logged members.
        upper_p: Probability of a mean as high or higher under random relabelling.
        two_sided_p: Twice the smaller tail, at most 1.
        smallest_p: The smallest ``upper_p`` that this number of relabellings can give.
    """

    mean: float
    upper_p: float
    two_sided_p: float
    smallest_p: float


def relabelling_test(
    scores: Float[NDArray[np.float64], " members"],
    groups: Groups,
    rng: np.random.Generator,
    draws: int = 9999,
) -> Relabelling:
    """Sum of the logged members' scores among its values under random relabelling within groups.

    The observed labelling counts as one of the draws, which makes the p-value exact and not an estimate.

    Source: Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9, 39.
    """
    observed = float(scores[_logged_mask(groups)].sum())
    totals = np.zeros(draws)
    starts = groups.starts
    for places, size, logged in groups.alike():
        table = scores[starts[places][:, None] + np.arange(size)]
        for begin in range(0, draws, _BLOCK):
            count = min(_BLOCK, draws - begin)
            totals[begin : begin + count] += _random_sums(table, logged, count, rng)
    slack = 1e-9 * max(1.0, abs(observed))
    upper = (1 + int(np.count_nonzero(totals >= observed - slack))) / (1 + draws)
    lower = (1 + int(np.count_nonzero(totals <= observed + slack))) / (1 + draws)
    count_logged = max(int(groups.logged.sum()), 1)
    return Relabelling(observed / count_logged, upper, min(1.0, 2 * min(upper, lower)), 1 / (1 + draws))


def _random_sums(
    table: Float[NDArray[np.float64], "groups size"], logged: int, count: int, rng: np.random.Generator
) -> Float[NDArray[np.float64], " count"]:
    """Sums over all groups of ``logged`` random members of each, ``count`` times."""
    rows, size = table.shape
    if logged == 1:
        picked = rng.integers(size, size=(count, rows))
        total: NDArray[np.float64] = table[np.arange(rows), picked].sum(axis=1)
        return total
    if logged >= size:
        return np.full(count, table.sum())
    sums = np.zeros(count)
    taken: list[NDArray[np.int64]] = []  # in ascending order for every draw and row
    every_row = np.arange(rows)
    for left in range(size, size - logged, -1):
        # The n-th of those that are left: a place further for each one taken at or before it.
        picked = rng.integers(left, size=(count, rows))
        for one in taken:
            picked += picked >= one
        sums += table[every_row, picked].sum(axis=1)
        # Put in its place: the smaller of two stays, the larger one goes on.
        moving = picked
        for place, one in enumerate(taken):
            taken[place], moving = np.minimum(one, moving), np.maximum(one, moving)
        taken.append(moving)
    return sums


def _logged_mask(groups: Groups) -> Bool[NDArray[np.bool_], " members"]:
    if not len(groups.sizes):
        return np.zeros(0, dtype=bool)
    within = np.arange(int(groups.sizes.sum())) - groups.starts[groups.owner]
    return np.asarray(within < groups.logged[groups.owner], dtype=bool)


def mean_interval(
    scores: Float[NDArray[np.float64], " members"],
    groups: Groups,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 1000,
) -> tuple[float, float]:
    """Percentile bootstrap interval over groups of the logged members' mean score.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    mask = _logged_mask(groups)
    sums = np.add.reduceat(np.where(mask, scores, 0.0), groups.starts)
    counts = groups.logged.astype(np.float64)
    picks = rng.integers(len(sums), size=(draws, len(sums)))
    means = sums[picks].sum(axis=1) / np.maximum(counts[picks].sum(axis=1), 1.0)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def detectable_advantage(groups: int, size: int, alpha: float, power: float = 0.8) -> float:
    """Mean standardised score of logged answers that a relabelling test finds with the given power.

    One logged answer among ``size`` has variance 1 under the null in units of its group's spread, and
    about as much under a faint effect. It cannot exceed sqrt(size - 1); infinity says that no effect
    would be found.

    Args:
        groups: Prompts with one logged answer each.
        size: Members of a group.
        alpha: Level of the test.
        power: Probability of finding it.
    """
    from scipy import stats

    if groups < 1:
        return float("inf")
    least = float((stats.norm.isf(alpha) + stats.norm.isf(1 - power)) / np.sqrt(groups))
    return least if least <= np.sqrt(size - 1) else float("inf")


def prompts_needed(advantage: float, alpha: float, power: float = 0.8) -> int:
    """Prompts with one logged answer each that find a mean standardised score of ``advantage``."""
    from scipy import stats

    return int(np.ceil(((stats.norm.isf(alpha) + stats.norm.isf(1 - power)) / advantage) ** 2))
