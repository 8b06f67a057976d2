"""Which of several models that one recipe made does another one follow? A regression on their differences.

A teacher and its twins come from one recipe and the same data; only the seeds differ. To a model that
learned from that data and from none of them, they are exchangeable: whatever it shares with one it shares
with all. What it shares with the teacher more than with the twins, it has from the teacher.

Everything here treats the members of the family alike, so that their coefficients are exchangeable
wherever the members are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import optimize, special, stats

from auditor.array import NDArray
from auditor.stats.word_features import word_features

#: Variance added to that of the controls, so that no word that they agree on has an unbounded weight.
_SLACK = 0.05
#: Share of the mean diagonal that is added to the normal equations.
_RIDGE = 0.1
#: Sum of squares below which members do not differ but by rounding.
_NOTHING = 1e-9
#: Fewest controls that a word's variance is estimated from.
FEWEST_CONTROLS = 3

Words = Float[NDArray[np.float64], " words"]


@dataclass(frozen=True, slots=True)
class FamilyContrast:
    """How much more a model follows one member of a family than the others.

    Attributes:
        coefficients: [members] in units of ``spread``, less the mean of the others; the member in question
            first.
        t: The first coefficient less the mean of the others, in standard errors of a further draw.
        freedom: Degrees of freedom of ``t``: members - 2, and what the controls add.
        p_value: One-sided, of ``t`` under normal coefficients.
        rank_p: (1 + others as high or higher) / members, which needs no distribution.
    """

    coefficients: Float[NDArray[np.float64], " members"]
    t: float
    freedom: float
    p_value: float
    rank_p: float


def family_contrast(
    suspect: Words,
    family: Float[NDArray[np.float64], "members words"],
    controls: Float[NDArray[np.float64], "controls words"],
) -> FamilyContrast:
    """Regress the suspect on the members of a family, and hold the first against the others.

    Features are taken less the controls' mean (suspect) or the family's (members), and weighted by one over
    the controls' variance: where models that know none of the family differ among themselves, the suspect's
    difference says little.

    How far coefficients scatter by chance is estimated from the suspect's own on the others, of which there
    are few, and moderated by what the same scatter is in each control: the more alike the controls' are, the
    more they count.

    Args:
        suspect: Log-likelihood of each word under the suspect, in nats.
        family: The same under each member, the one in question first.
        controls: The same under models of the suspect's kind that learned from no member.

    Raises:
        ValueError: If there are fewer than three members or too few controls.

    Source: weighted ridge regression; the prediction of one further normal draw (Whitmore 1986); moderated
    variances (Smyth 2004, section 6).
    """
    if len(family) < 3 or len(controls) < FEWEST_CONTROLS:
        raise ValueError(f"needs 3 members and {FEWEST_CONTROLS} controls")
    own, theirs, others = word_features(suspect), word_features(family), word_features(controls)
    views = np.array_split(np.arange(own.shape[-1]), 2)
    total = np.zeros((1 + len(controls), len(family)))
    for view in views:
        total += _coefficients(own[view], theirs[:, view], others[:, view])
    rest = total[:, 1:]
    variances = rest.var(axis=1, ddof=1)
    if variances[0] <= 0:
        return FamilyContrast(np.zeros(len(family)), 0.0, len(family) - 2, 1.0, 1.0)
    variance, freedom = moderated_variance(float(variances[0]), variances[1:], len(family) - 2)
    centred = (total[0] - rest[0].mean()) / np.sqrt(variance)
    t = float(centred[0] / np.sqrt(1 + 1 / rest.shape[1]))
    return FamilyContrast(
        coefficients=centred,
        t=t,
        freedom=freedom,
        p_value=float(stats.t.sf(t, freedom)),
        rank_p=float((1 + np.count_nonzero(rest[0] >= total[0, 0])) / len(family)),
    )


def _coefficients(
    own: NDArray[np.float64], family: NDArray[np.float64], controls: NDArray[np.float64]
) -> Float[NDArray[np.float64], "models members"]:
    """Ridge coefficients in one view, of the suspect (first) and of every control held against the others.

    They are in units of the root mean square of the controls', so that views can be added up.
    """
    weights = 1.0 / (controls.var(axis=0) + _SLACK)
    apart = family - family.mean(axis=0)
    weighted = apart * weights
    gram = weighted @ apart.T
    ridge = _RIDGE * np.trace(gram) / len(gram)
    if ridge < _NOTHING:
        return np.zeros((1 + len(controls), len(family)))
    aims = np.concatenate([own[None], controls]) - controls.mean(axis=0)
    found = np.linalg.solve(gram + ridge * np.eye(len(gram)), weighted @ aims.T).T
    # A control is held against the others alone; its own part in the mean is taken out again.
    found[1:] *= len(controls) / (len(controls) - 1)
    found -= found.mean(axis=1, keepdims=True)
    size = float(np.sqrt(np.mean(found[1:] ** 2)))
    scaled: NDArray[np.float64] = found / size if size > 0 else found
    return scaled


def moderated_variance(own: float, others: NDArray[np.float64], freedom: int) -> tuple[float, float]:
    """A variance with few degrees of freedom, drawn towards those of others that have as many.

    The others' true variances are taken to follow a scaled inverse chi-square distribution, whose scale and
    degrees of freedom are fitted to the logarithms of their estimates.

    Args:
        own: The estimate in question.
        others: Estimates of others, positive.
        freedom: Degrees of freedom of each of them.

    Returns:
        The moderated variance and its degrees of freedom, at most those of all estimates together.

    Source: Smyth 2004, section 6.2.
    """
    known = others[others > 0]
    if len(known) < FEWEST_CONTROLS:
        return own, float(freedom)
    logs = np.log(known) - special.digamma(freedom / 2) + np.log(freedom / 2)
    beyond = float(np.var(logs, ddof=1) - special.polygamma(1, freedom / 2))
    most = float(freedom * len(known))
    prior = min(2 * _inverse_trigamma(beyond), most) if beyond > 0 else most
    scale = float(np.exp(logs.mean() + special.digamma(prior / 2) - np.log(prior / 2)))
    return (prior * scale + freedom * own) / (prior + freedom), prior + freedom


def _inverse_trigamma(value: float) -> float:
    """Where the trigamma function takes a positive value."""
    low, high = 1e-8, 1e8
    return float(
        optimize.brentq(lambda place: float(special.polygamma(1, place)) - value, low, high)
        if special.polygamma(1, high) < value < special.polygamma(1, low)
        else high
    )
