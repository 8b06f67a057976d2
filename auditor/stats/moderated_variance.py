"""A variance from few values, drawn towards the variances of its like."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special, stats

from auditor.array import NDArray

#: A variance that exceeds the others' with a p-value below this is not of their kind and stays as it is.
UNLIKE = 0.1
#: Fewest others that anything is taken from.
FEWEST_OTHERS = 3


def moderated_variance(own: float, others: NDArray[np.float64], freedom: int) -> tuple[float, float]:
    """A variance with few degrees of freedom, drawn towards those of others that have as many.

    The others' true variances are taken to follow a scaled inverse chi-square distribution, whose scale and
    degrees of freedom are fitted to the logarithms of their estimates. An estimate that is too large to be
    one of theirs is left alone: what scatters for reasons that no other shares must not be held to the
    others' smaller scatter.

    Args:
        own: The estimate in question.
        others: Estimates of others, positive.
        freedom: Degrees of freedom of each of them.

    Returns:
        The moderated variance and its degrees of freedom, at most those of all estimates together.

    Source: Smyth 2004, section 6.2.
    """
    known = others[others > 0]
    if len(known) < FEWEST_OTHERS:
        return own, float(freedom)
    logs = np.log(known) - special.digamma(freedom / 2) + np.log(freedom / 2)
    beyond = float(np.var(logs, ddof=1) - special.polygamma(1, freedom / 2))
    most = float(freedom * len(known))
    prior = min(2 * _inverse_trigamma(beyond), most) if beyond > 0 else most
    scale = float(np.exp(logs.mean() + special.digamma(prior / 2) - np.log(prior / 2)))
    if stats.f.sf(own / scale, freedom, prior) < UNLIKE:
        return own, float(freedom)
    return (prior * scale + freedom * own) / (prior + freedom), prior + freedom


def _inverse_trigamma(value: float) -> float:
    """Where the trigamma function takes a positive value."""
    low, high = 1e-8, 1e8
    return float(
        optimize.brentq(lambda place: float(special.polygamma(1, place)) - value, low, high)
        if special.polygamma(1, high) < value < special.polygamma(1, low)
        else high
    )
