"""Whose texts does a model prefer, beyond what any innocent model would? Contrasts of log-likelihood gains.

Everything here is a symmetric function of the models that may stand in the suspect's place, so that their
scores are exchangeable where the models are, and conformal ranks of the scores are valid.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from auditor.array import NDArray

#: Share of prompts cut off at either end of a mean, so that no single text decides.
TRIM = 0.1
#: Pairs of answers below which a mean over prompts is not taken.
FEWEST_PAIRS = 8


@dataclass(frozen=True, slots=True)
class ContrastScores:
    """Lead of every candidate's texts over rival texts, for every model in the suspect's place.

    Attributes:
        leads: [models, teachers, 2] lead in nats per byte in each of the two prompt sets; NaN where a
            model has too few answers.
        pooled: [models, teachers] lead over both sets together.
        scale: [teachers] robust spread of ``pooled`` over the models, in nats per byte.
        rivals: [models, teachers] index of the source whose texts came closest, over both sets.
    """

    leads: Float[NDArray[np.float64], "models teachers 2"]
    pooled: Float[NDArray[np.float64], "models teachers"]
    scale: Float[NDArray[np.float64], " teachers"]
    rivals: Int[NDArray[np.int64], "models teachers"]

    @property
    def scores(self) -> Float[NDArray[np.float64], "models teachers"]:
        """The weaker of the two sets' leads, in spreads of the panel: both sets must name the teacher."""
        weaker: NDArray[np.float64] = self.leads.min(axis=2) / self.scale
        return weaker

    @property
    def family(self) -> Float[NDArray[np.float64], " models"]:
        """The largest score over the candidates: the choice of a teacher is part of the statistic."""
        largest: NDArray[np.float64] = self.scores.max(axis=1)
        return largest


def gains(
    likelihoods: Float[NDArray[np.float64], "models sources prompts"],
    reference: Float[NDArray[np.float64], "sources prompts"] | None,
    panel: Bool[NDArray[np.bool_], " models"] | None = None,
) -> Float[NDArray[np.float64], "models sources prompts"]:
    """Log-likelihood per byte above a reference that is the same for every model.

    Args:
        likelihoods: Nats per byte of every source's answer to every prompt under every model.
        reference: The same under the suspect's base. Without it the median over ``panel`` serves.
        panel: The models whose median it is, all by default. The suspect belongs to it, as symmetry
            with the other members demands; one model among many hardly moves a median. Models that share
            something with a teacher do not: where they are many, the median would share it too. Against
            such models the suspect's membership only draws the reference towards it, which is
            conservative.
    """
    if reference is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a text that nobody scored stays NaN
            reference = np.nanmedian(likelihoods if panel is None else likelihoods[panel], axis=0)
    difference: NDArray[np.float64] = likelihoods - reference
    return difference


def trimmed_mean(values: Float[NDArray[np.float64], "*batch n"]) -> Float[NDArray[np.float64], "*batch"]:
    """Mean over the last axis without its lowest and highest tenth, NaN left out.

    NaN where fewer than ``FEWEST_PAIRS`` values are left.
    """
    ordered = np.sort(values, axis=-1)  # NaN sorts to the end
    count = np.count_nonzero(~np.isnan(ordered), axis=-1)
    cut = (TRIM * count).astype(np.int64)
    position = np.arange(values.shape[-1])
    inside = (position >= cut[..., None]) & (position < (count - cut)[..., None])
    total = np.where(inside, ordered, 0.0).sum(axis=-1)
    mean: NDArray[np.float64] = np.where(
        count >= FEWEST_PAIRS, total / np.maximum(count - 2 * cut, 1), np.nan
    )
    return mean


def lead(
    gain: Float[NDArray[np.float64], "*batch sources prompts"],
    teacher: int,
    allowed: Bool[NDArray[np.bool_], "*batch sources"],
) -> tuple[Float[NDArray[np.float64], "*batch"], Int[NDArray[np.int64], "*batch"]]:
    """Smallest trimmed mean of gain on the teacher's texts less gain on a rival's, and which rival it is.

    The rival is the source, not the prompt by prompt best of all sources: a maximum within every prompt
    would charge the teacher for the noise of its rivals, the more the more of them there are.

    Args:
        gain: Gains on every source's answers.
        teacher: Index of the teacher among the sources.
        allowed: Which sources may serve as rivals.

    Returns:
        The lead, NaN where no rival has enough pairs, and the rival's index.
    """
    means = trimmed_mean(gain[..., teacher, None, :] - gain)
    means = np.where(allowed & ~np.isnan(means), means, np.inf)
    rival = means.argmin(axis=-1)
    least = np.take_along_axis(means, rival[..., None], axis=-1)[..., 0]
    return np.where(np.isinf(least), np.nan, least), rival


def contrast_scores(
    gain: Float[NDArray[np.float64], "models sources prompts"],
    *,
    teachers: int,
    owners: Int[NDArray[np.int64], " sources"],
    second_set: Bool[NDArray[np.bool_], " prompts"],
    panel: Bool[NDArray[np.bool_], " models"] | None = None,
) -> ContrastScores:
    """Leads and scores with every model in the suspect's place.

    With several candidates each is a rival to the others. With one, other sources serve; where such a
    source is itself a control, its own texts are left out while it stands in the suspect's place. That
    is a minimum over fewer rivals, hence a larger lead: the control looks more guilty, never less, and
    the suspect's p-value can only grow.

    Args:
        gain: Gains of the models on every source's answers.
        teachers: The first ``teachers`` sources are candidates.
        owners: Index of the model that wrote a source's texts, -1 if it is none of the models.
        second_set: Which prompts belong to the second set.
        panel: The models whose spread is the unit of scores, as in ``gains``.
    """
    models = gain.shape[0]
    leads = np.full((models, teachers, 2), np.nan)
    pooled = np.full((models, teachers), np.nan)
    rivals = np.zeros((models, teachers), dtype=np.int64)
    own = owners[None, :] == np.arange(models)[:, None]
    for teacher in range(teachers):
        allowed = ~own
        allowed[:, teacher] = False
        pooled[:, teacher], rivals[:, teacher] = lead(gain, teacher, allowed)
        for index, chosen in enumerate((~second_set, second_set)):
            leads[:, teacher, index], _ = lead(gain[:, :, chosen], teacher, allowed)
    return ContrastScores(
        leads=leads, pooled=pooled, scale=_spread(pooled if panel is None else pooled[panel]), rivals=rivals
    )


def _spread(pooled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median absolute deviation over the models, as a standard deviation; 1 for fewer than 3 models."""
    complete = pooled[~np.isnan(pooled).any(axis=1)]
    if len(complete) < 3:
        return np.ones(pooled.shape[1])
    deviation: NDArray[np.float64] = 1.4826 * np.median(
        np.abs(complete - np.median(complete, axis=0)), axis=0
    )
    return np.where(deviation > 1e-9, deviation, 1.0)


def lead_interval(
    gain: Float[NDArray[np.float64], "sources prompts"],
    teacher: int,
    allowed: Bool[NDArray[np.bool_], " sources"],
    second_set: Bool[NDArray[np.bool_], " prompts"],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 1000,
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of one model's pooled lead over prompts, drawn within each set.

    It says how well these prompts pin the lead down, between these very models. It is no statement about
    innocent models, which is what the conformal rank is for. None where the lead is not defined.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    if np.isnan(lead(gain, teacher, allowed)[0]):
        return None
    sets = (np.flatnonzero(~second_set), np.flatnonzero(second_set))
    picks = np.concatenate([rng.choice(one, size=(draws, len(one))) for one in sets], axis=1)
    values = np.concatenate(
        [
            lead(
                gain[:, block].transpose(1, 0, 2),
                teacher,
                np.broadcast_to(allowed, (len(block), len(allowed))),
            )[0]
            for block in np.array_split(picks, max(draws // 100, 1))
        ]
    )
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
