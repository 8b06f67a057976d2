"""One model's gap between two kinds of item, against the gaps of models that serve as references."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import optimize, stats

from auditor.array import NDArray

#: Fewest references: two of them have one difference, which says nothing about how far gaps scatter.
FEWEST_REFERENCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceInDifferences:
    """The suspect's gap less the references' mean gap.

    Attributes:
        value: The difference.
        low: Lower end of its interval.
        high: Upper end.
        p_value: One-sided, that the suspect's gap is no larger than a reference's would be.
        error: Standard error of the difference, how far models differ included.
        freedom: Degrees of freedom behind it.
    """

    value: float
    low: float
    high: float
    p_value: float
    error: float
    freedom: int

    def smallest_detectable(self, alpha: float, power: float = 0.8) -> float:
        """Smallest difference that is found at one-sided level ``alpha`` with the given power.

        Infinite where nothing scatters at all, as with models that give one answer to everything.
        """
        return self.error * _errors_needed(self.freedom, alpha, power) if self.error > 0.0 else math.inf


def planned_difference(references: int, items: int, spread: float, alpha: float, power: float = 0.8) -> float:
    """Smallest difference that will be found with the given power where models differ by chance alone.

    Args:
        references: How many there will be.
        items: Items that all will answer.
        spread: Standard deviation over items of a model's difference between the two kinds of item, less what
            all models have in common.
        alpha: One-sided level.
        power: Chance of finding it.
    """
    error = spread / math.sqrt(items) * math.sqrt(1.0 + 1.0 / references)
    return error * _errors_needed(references - 1, alpha, power, least=1.0)


def _errors_needed(freedom: int, alpha: float, power: float, least: float = 0.0) -> float:
    """How many standard errors a difference must have to be found with the given power.

    The error itself is estimated: it is averaged over where its estimate may fall (a noncentral t, taken on a
    grid of quantiles, which is stable at small levels and few degrees of freedom).

    Args:
        freedom: Degrees of freedom of the estimated error.
        alpha: One-sided level.
        power: Chance of finding the difference.
        least: Share of the true error that its estimate is never taken to fall below.
    """
    quantiles = (np.arange(2000) + 0.5) / 2000
    estimates = np.sqrt(stats.chi2.ppf(quantiles, freedom) / freedom)
    reach = float(stats.t.isf(alpha, freedom)) * np.maximum(estimates, least)

    def short_of(errors: float) -> float:
        return float(stats.norm.sf(reach - errors).mean()) - power

    return float(optimize.brentq(short_of, 0.0, float(reach.max()) + 10.0))


def difference_in_differences(
    own: Float[NDArray[np.float64], " items"],
    references: Float[NDArray[np.float64], "references items"],
    level: float = 0.95,
) -> DifferenceInDifferences:
    """Hold the suspect's mean gap against those of references over the same items.

    Models have gaps of their own, of whatever origin: the same items in another order are harder for one and
    easier for another. A bootstrap over items and a handful of references takes that scatter for smaller
    than it is. Here the suspect is one more draw among the references, so that the error is that of the
    prediction of one further model; it is never taken to be smaller than chance among items alone makes it.

    Args:
        own: Score on the one kind of item minus score on the other, for each pair of the suspect.
        references: The same for each reference.
        level: Two-sided level of the interval.

    Raises:
        ValueError: If there are fewer than three references or two items.

    Source: prediction of one further normal draw (Whitmore 1986); compare Card and Krueger (1994) for the
        design, Donald and Lang (2007) for few groups.
    """
    count, items = references.shape
    if count < FEWEST_REFERENCES or items < 2:
        raise ValueError(f"needs {FEWEST_REFERENCES} references and 2 items")
    value = float(own.mean() - references.mean())
    models = float(references.mean(axis=1).std(ddof=1)) * math.sqrt(1.0 + 1.0 / count)
    among_items = float((own - references.mean(axis=0)).std(ddof=1)) / math.sqrt(items)
    error, freedom = max(models, among_items), count - 1
    if error <= 0.0:
        return DifferenceInDifferences(
            value=value, low=value, high=value, p_value=1.0, error=0.0, freedom=freedom
        )
    reach = error * float(stats.t.isf((1.0 - level) / 2.0, freedom))
    return DifferenceInDifferences(
        value=value,
        low=value - reach,
        high=value + reach,
        p_value=float(stats.t.sf(value / error, freedom)),
        error=error,
        freedom=freedom,
    )
