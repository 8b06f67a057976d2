"""Whether a model's probabilities say how often it is right, and how much a temperature would mend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from auditor.array import NDArray

#: Temperatures that are tried: from a sixteenth to sixteen.
_COLDEST, _HOTTEST = 1 / 16, 16.0

Scores = Float[NDArray[np.float64], "items options"]
Keys = Int[NDArray[np.int64], " items"]


def probabilities(scores: Scores, temperature: float | Float[NDArray[np.float64], " items"] = 1.0) -> Scores:
    """Probability of each option.

    Args:
        scores: Log-likelihoods of the options in nats; minus infinity where an item has fewer options.
        temperature: Divides them; one for all items, or one for each.
    """
    heat = np.broadcast_to(np.asarray(temperature, dtype=np.float64), (len(scores),))[:, None]
    scaled = scores / heat
    shares: Scores = np.exp(scaled - logsumexp(scaled, axis=1, keepdims=True))
    return shares


def brier(shares: Scores, keys: Keys) -> Float[NDArray[np.float64], " items"]:
    """Squared distance of each item's probabilities from what is right, from 0 to 2.

    Source: Brier 1950, Monthly Weather Review 78, 1.
    """
    right = shares[np.arange(len(keys)), keys]
    distances: NDArray[np.float64] = (shares**2).sum(axis=1) - 2 * right + 1
    return distances


def best_temperature(scores: Scores, keys: Keys) -> float:
    """The temperature under which the right options are likeliest, from 1/16 to 16.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks, section 4.2.
    """

    def surprise(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(keys)), keys]))

    found = minimize_scalar(surprise, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(found.x))


@dataclass(frozen=True, slots=True)
class Refitted:
    """One model's probabilities as they are, and with a temperature from items other than those it is put on.

    Attributes:
        shares: Probabilities as they are.
        own: Brier score of each item.
        mended: The same with the temperature that fits the other half of the items.
        temperature: Geometric mean of the two halves' temperatures; above 1 for a model that is too sure.
    """

    shares: Scores
    own: Float[NDArray[np.float64], " items"]
    mended: Float[NDArray[np.float64], " items"]
    temperature: float

    @property
    def excess(self) -> Float[NDArray[np.float64], " items"]:
        """What is lost by the wrong temperature, item by item."""
        return self.own - self.mended


def refitted(scores: Scores, keys: Keys) -> Refitted:
    """Brier scores before and after a refit of the temperature, each half of the items by the other's.

    Args:
        scores: Log-likelihoods of the options.
        keys: Place of each item's right option.

    Raises:
        ValueError: With fewer than four items.
    """
    if len(keys) < 4:
        raise ValueError("a refit takes four items or more")
    half = np.arange(len(keys)) % 2
    found = [best_temperature(scores[half != side], keys[half != side]) for side in (0, 1)]
    heat = np.where(half == 0, found[0], found[1])
    shares = probabilities(scores)
    mended = brier(probabilities(scores, heat), keys)
    return Refitted(shares, brier(shares, keys), mended, float(np.sqrt(found[0] * found[1])))


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence.

    Attributes:
        low: Least confidence.
        high: Greatest.
        items: Answers in it.
        confidence: Mean confidence.
        right: Answers that were right.
    """

    low: float
    high: float
    items: int
    confidence: float
    right: int


def reliability(shares: Scores, keys: Keys, bins: int = 5) -> tuple[Bin, ...]:
    """How often answers are right, by the probability of the chosen option; empty bins are left out."""
    chosen = shares.argmax(axis=1)
    confidence, right = shares.max(axis=1), chosen == keys
    places = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    return tuple(
        Bin(
            place / bins,
            (place + 1) / bins,
            int((places == place).sum()),
            float(confidence[places == place].mean()),
            int(right[places == place].sum()),
        )
        for place in range(bins)
        if (places == place).any()
    )


def expected_calibration_error(bins: tuple[Bin, ...]) -> float:
    """Mean distance between confidence and accuracy over bins; biased upward in small samples.

    Source: Naeini, Cooper and Hauskrecht 2015, equation 3.
    """
    total = sum(one.items for one in bins)
    return sum(one.items * abs(one.right / one.items - one.confidence) for one in bins) / total
