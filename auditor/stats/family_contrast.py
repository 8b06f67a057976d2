"""Which of several models that one recipe made does another one follow? A regression on their differences.

A teacher and its twins come from one recipe and the same data; only the seeds differ. To a model that
learned from that data and from none of them, they are exchangeable: whatever it shares with one it shares
with all. What it shares with the teacher more than with the twins, it has from the teacher.

Everything here treats the members of the family alike, so that their coefficients are exchangeable
wherever the members are; and it treats the suspect and its peers alike, so that their standings are
exchangeable wherever these models are.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from auditor.array import NDArray
from auditor.stats.moderated_variance import moderated_variance
from auditor.stats.word_features import word_features

#: Variance added to that of the controls, so that no word that they agree on has an unbounded weight.
_SLACK = 0.05
#: Share of the mean diagonal that is added to the normal equations.
_RIDGE = 0.1
#: Sum of squares below which members do not differ but by rounding.
_NOTHING = 1e-9
#: Fewest controls that a word's variance is estimated from.
FEWEST_CONTROLS = 3
#: Groups of prompts that are left out in turn.
GROUPS = 40

Words = Float[NDArray[np.float64], " words"]
#: Coefficients of every model on every member.
Table = Float[NDArray[np.float64], "models members"]


@dataclass(frozen=True, slots=True)
class FamilyContrast:
    """How much more a model follows one member of a family than the others.

    Attributes:
        coefficients: [members] less the mean of the others, in standard deviations of the others'; the member
            in question first.
        t: The first coefficient less the mean of the others, in standard errors of a further draw.
        freedom: Degrees of freedom of ``t``: members - 2, and what the controls add.
        p_value: One-sided, of ``t`` under normal coefficients.
        rank_p: (1 + others as high or higher) / members, which needs no distribution.
        standings: [1 + peers] the suspect's first coefficient less the mean of the others, in its standard
            errors over prompts, then that of each of its peers.
    """

    coefficients: Float[NDArray[np.float64], " members"]
    t: float
    freedom: float
    p_value: float
    rank_p: float
    standings: Float[NDArray[np.float64], " models"]


def family_contrast(
    suspect: Words,
    family: Float[NDArray[np.float64], "members words"],
    controls: Float[NDArray[np.float64], "controls words"],
    prompts: Int[NDArray[np.integer[Any]], " words"],
    peers: Float[NDArray[np.float64], "peers words"] | None = None,
) -> FamilyContrast:
    """Regress the suspect on the members of a family, and hold the first against the others.

    Features are taken less the mean of the panel (models) or of the family (members), and weighted by one
    over the variance of the panel: where models that learned from none of the family differ among themselves,
    the suspect's difference says little. The panel is the suspect, its peers and the controls together, so
    that suspect and peers are treated alike.

    How far coefficients scatter by chance is estimated from the suspect's own on the others, of which there
    are few, and moderated by the same scatter in each control. Models scatter unequally, the less sure their
    coefficients are the more; so it is measured in standard errors over prompts, in which they are alike.

    Args:
        suspect: Log-likelihood of each word under the suspect, in nats.
        family: The same under each member, the one in question first.
        controls: The same under models of the suspect's kind that learned from no member.
        prompts: The prompt that each word answers; words of one prompt stand and fall together.
        peers: The same under models that the suspect may be like without having learned from a member.

    Raises:
        ValueError: If there are fewer than three members or too few controls.

    Source: weighted ridge regression; delete-a-group jackknife (Kott 2001); the prediction of one further
    normal draw (Whitmore 1986); moderated variances (Smyth 2004, section 6).
    """
    if len(family) < 3 or len(controls) < FEWEST_CONTROLS:
        raise ValueError(f"needs 3 members and {FEWEST_CONTROLS} controls")
    known = suspect[None] if peers is None else np.concatenate([suspect[None], peers])
    models, members = word_features(np.concatenate([known, controls])), word_features(family)
    found, left_out = _both_views(models, members, prompts % GROUPS)
    contrast = np.full(len(family), -1.0 / (len(family) - 1))
    contrast[0] = 1.0
    errors = _standard_errors(left_out @ contrast)
    standings = np.divide(found @ contrast, errors, out=np.zeros_like(errors), where=errors > 0)[: len(known)]
    scatter = found[:, 1:].std(axis=1, ddof=1)
    if scatter[0] <= 0 or errors[0] <= 0:
        return FamilyContrast(np.zeros(len(family)), 0.0, len(family) - 2, 1.0, 1.0, standings)
    relative = np.divide(scatter, errors, out=np.zeros_like(scatter), where=errors > 0) ** 2
    variance, freedom = moderated_variance(float(relative[0]), relative[1:], len(family) - 2)
    centred = (found[0] - found[0, 1:].mean()) / (errors[0] * np.sqrt(variance))
    t = float(centred[0] / np.sqrt(1 + 1 / (len(family) - 1)))
    return FamilyContrast(
        coefficients=centred,
        t=t,
        freedom=freedom,
        p_value=float(stats.t.sf(t, freedom)),
        rank_p=float((1 + np.count_nonzero(found[0, 1:] >= found[0, 0])) / len(family)),
        standings=standings,
    )


def _both_views(
    models: NDArray[np.float64], members: NDArray[np.float64], groups: NDArray[np.integer[Any]]
) -> tuple[Table, Float[NDArray[np.float64], "groups models members"]]:
    """Coefficients in both views together, and the same with each group of prompts left out.

    A view counts by one over its usual standard error.
    """
    found = np.zeros((len(models), len(members)))
    left_out = np.zeros((GROUPS, *found.shape))
    for view in np.array_split(np.arange(models.shape[-1]), 2):
        inner, toward = _inner_products(models[:, view], members[:, view], groups)
        whole = _coefficients(inner.sum(axis=0), toward.sum(axis=0))
        parts = np.stack(
            [
                _coefficients(inner.sum(axis=0) - less, toward.sum(axis=0) - missing)
                for less, missing in zip(inner, toward, strict=True)
            ]
        )
        usual = float(np.median(_standard_errors(parts)))
        if usual > 0:
            found += whole / usual
            left_out += parts / usual
    return found, left_out


def _inner_products(
    models: NDArray[np.float64], members: NDArray[np.float64], groups: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted inner products of the members with each other and with the models, by group of prompts."""
    weights = 1.0 / (models.var(axis=0) + _SLACK)
    aims = models - models.mean(axis=0)
    apart = members - members.mean(axis=0)
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(GROUPS + 1))
    aims, apart, weighted = aims[:, order], apart[:, order], (apart * weights)[:, order]
    inner = np.empty((GROUPS, len(members), len(members)))
    toward = np.empty((GROUPS, len(members), len(models)))
    for group, (start, end) in enumerate(itertools.pairwise(bounds)):
        inner[group] = weighted[:, start:end] @ apart[:, start:end].T
        toward[group] = weighted[:, start:end] @ aims[:, start:end].T
    return inner, toward


def _coefficients(inner: NDArray[np.float64], toward: NDArray[np.float64]) -> Table:
    """Ridge coefficients of every model, less their mean over the members."""
    ridge = _RIDGE * np.trace(inner) / len(inner)
    if ridge < _NOTHING:
        return np.zeros(toward.T.shape)
    found: NDArray[np.float64] = np.linalg.solve(inner + ridge * np.eye(len(inner)), toward)
    centred: NDArray[np.float64] = (found - found.mean(axis=0)).T
    return centred


def _standard_errors(left_out: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard errors over prompts, from estimates with each group of them left out (first axis)."""
    apart = left_out - left_out.mean(axis=0)
    count = len(left_out)
    errors: NDArray[np.float64] = np.sqrt((count - 1) / count * (apart**2).sum(axis=0))
    return errors
