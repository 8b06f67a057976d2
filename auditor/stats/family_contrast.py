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
from scipy import stats

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
        coefficients: [members] in units of the others' standard deviation; the member in question first.
        t: The first coefficient less the mean of the others, in standard errors of a further draw.
        p_value: One-sided, of ``t`` under normal coefficients with members - 2 degrees of freedom.
        rank_p: (1 + others as high or higher) / members, which needs no distribution.
    """

    coefficients: Float[NDArray[np.float64], " members"]
    t: float
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

    Args:
        suspect: Log-likelihood of each word under the suspect, in nats.
        family: The same under each member, the one in question first.
        controls: The same under models of the suspect's kind that learned from no member.

    Raises:
        ValueError: If there are fewer than three members or too few controls.

    Source: weighted ridge regression; the prediction of one further normal draw (Whitmore 1986).
    """
    if len(family) < 3 or len(controls) < FEWEST_CONTROLS:
        raise ValueError(f"needs 3 members and {FEWEST_CONTROLS} controls")
    own, theirs, others = word_features(suspect), word_features(family), word_features(controls)
    halves = np.array_split(np.arange(own.shape[-1]), 2)
    total = np.zeros(len(family))
    for half in halves:
        total += _coefficients(own[half], theirs[:, half], others[:, half])
    rest = total[1:]
    spread = float(np.std(rest, ddof=1))
    if spread <= 0:
        return FamilyContrast(np.zeros(len(family)), 0.0, 1.0, 1.0)
    t = float((total[0] - rest.mean()) / (spread * np.sqrt(1 + 1 / len(rest))))
    return FamilyContrast(
        coefficients=(total - rest.mean()) / spread,
        t=t,
        p_value=float(stats.t.sf(t, len(rest) - 1)),
        rank_p=float((1 + np.count_nonzero(rest >= total[0])) / len(family)),
    )


def _coefficients(
    own: NDArray[np.float64], family: NDArray[np.float64], controls: NDArray[np.float64]
) -> Float[NDArray[np.float64], " members"]:
    """Ridge coefficients of one view, in units of the root mean square of all members' coefficients."""
    weights = 1.0 / (controls.var(axis=0) + _SLACK)
    aim = own - controls.mean(axis=0)
    apart = family - family.mean(axis=0)
    weighted = apart * weights
    gram = weighted @ apart.T
    ridge = _RIDGE * np.trace(gram) / len(gram)
    if ridge < _NOTHING:
        return np.zeros(len(family))
    found = np.linalg.solve(gram + ridge * np.eye(len(gram)), weighted @ aim)
    found = found - found.mean()
    size = float(np.sqrt(np.mean(found**2)))
    scaled: NDArray[np.float64] = found / size if size > 0 else found
    return scaled
