"""How much two models answer alike beyond what their accuracies explain.

Two models that are nearly always right agree nearly always. What is left when that is taken off is agreement
on what they get wrong, and how sure they are of it.

Source: Goel et al. 2025, Great Models Think Alike and this Undermines AI Oversight, section 3 (CAPA).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from auditor.array import NDArray

_RESAMPLES = 1000
#: The two models' accuracies leave no disagreement to be had below this.
_NO_ROOM = 1e-9

Shares = Float[NDArray[np.float64], "items options"]
Keys = Int[NDArray[np.int64], " items"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Chance-adjusted agreement of two models.

    Attributes:
        kappa: 1 for the same probabilities everywhere, 0 for what their accuracies explain.
        observed: Mean probability that both give the same option.
        expected: The same of independent models of these accuracies.
    """

    kappa: float
    observed: float
    expected: float


def _parts(first: Shares, second: Shares, keys: Keys, options: Keys) -> Float[NDArray[np.float64], "items 4"]:
    items = np.arange(len(keys))
    return np.column_stack(
        [(first * second).sum(axis=1), first[items, keys], second[items, keys], 1 / (options - 1)]
    )


def _kappa(means: Float[NDArray[np.float64], "... 4"]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    observed, right, other, wrong = np.moveaxis(means, -1, 0)
    expected = right * other + (1 - right) * (1 - other) * wrong
    room = 1 - expected
    kappa = np.where(room > _NO_ROOM, (observed - expected) / np.maximum(room, _NO_ROOM), 0.0)
    return kappa, expected


def agreement(first: Shares, second: Shares, keys: Keys, options: Keys) -> Agreement:
    """Chance-adjusted probabilistic agreement.

    Independent models agree where both are right, and where both are wrong and choose the same of the wrong
    options, each as likely as any.

    Args:
        first: Probability of each option, 0 where an item has fewer; a model that only answers gives 1 to
            its answer, and nothing to any option where its answer is none of them.
        second: The other model's.
        keys: Place of the right option.
        options: Number of options, two or more.

    Raises:
        ValueError: Without items, or with an item of fewer than two options.
    """
    if not len(keys) or (options < 2).any():
        raise ValueError("agreement takes items with two options or more")
    means = _parts(first, second, keys, options).mean(axis=0)
    kappa, expected = _kappa(means)
    return Agreement(float(kappa), float(means[0]), float(expected))


def agreement_interval(
    first: Shares,
    second: Shares,
    keys: Keys,
    options: Keys,
    rng: np.random.Generator,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of kappa over items."""
    parts = _parts(first, second, keys, options)
    count = len(parts)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=_RESAMPLES) / count
    kappa, _ = _kappa(weights @ parts)
    low, high = np.quantile(kappa, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class SharedMistakes:
    """Mistakes of two models.

    Attributes:
        both_wrong: Items that both got wrong.
        same: Of these, items at which they gave the same wrong answer.
    """

    both_wrong: int
    same: int

    @property
    def share(self) -> float:
        """Share of common mistakes that are the same; 0 where there are none."""
        return self.same / self.both_wrong if self.both_wrong else 0.0


def shared_mistakes(
    both_wrong: Bool[NDArray[np.bool_], " items"], same: Bool[NDArray[np.bool_], " items"]
) -> SharedMistakes:
    """Count items that both got wrong, and those of them where they said the same."""
    return SharedMistakes(int(both_wrong.sum()), int((both_wrong & same).sum()))
