"""Differences between two models, corrected for the judge's errors on each by people's labels of a sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from auditor.probe.label.people import Key, People, agreement
from auditor.record.observation import PersonsLabel
from auditor.stats.kappa import YesNoTable
from auditor.stats.prediction_powered import Powered, Stratum, prediction_powered_mean
from auditor.stats.rogan_gladen import CorrectedRate, ErrorRates, difference_of, error_rates, rogan_gladen

#: Fewer labelled prompts than this correct nothing.
LEAST_PROMPTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """Two models' answers to one prompt, and what the judge calls each.

    Attributes:
        first: The answer from which the second's is taken off.
        second: The other.
        labels: The judge's labels, first and second.
    """

    first: Key
    second: Key
    labels: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRate:
    """How often one model refuses: counted by the judge, the judge's errors on it, and corrected for them."""

    refused: int
    n: int
    errors: ErrorRates
    corrected: CorrectedRate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What people's labels make of a difference between two models.

    Attributes:
        prompts: Prompts of which both answers were labelled.
        population: Prompts that they were drawn from.
        raters: People who labelled.
        unsure: Labels that say unsure; their prompts are left out.
        table: Agreement of the first two raters, where there are two.
        lacking: Why the labels do not suffice, or nothing; then the rest is empty.
        difference: Refusals of the first less those of the second, prediction-powered.
        complied: The same, counting only prompts that the other complied with.
        rates: Rates of both by Rogan and Gladen.
        rates_difference: Their difference with its interval, where both can be corrected.
    """

    prompts: int
    population: int
    raters: int
    unsure: int
    table: YesNoTable | None
    lacking: str = ""
    difference: Powered | None = None
    complied: Powered | None = None
    rates: tuple[ModelRate, ...] = ()
    rates_difference: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    """One prompt with what people say, as shares of raters, and what the judge says."""

    stratum: str
    first: float
    second: float
    complied: float
    judged: tuple[str, str]


def correct(pairs: Sequence[JudgedPair], said: People, refusing: frozenset[str], level: float) -> Correction:
    """Correct a paired difference of refusal rates.

    Where raters differ, the truth is taken as the share of them that says refused.

    Args:
        pairs: Every prompt that the judge could label on both sides.
        said: People's labels of some of these answers.
        refusing: Labels that count as refusing.
        level: Level of the intervals.
    """
    chosen = [(pair, _labelled(pair, said, refusing)) for pair in pairs]
    labelled = [one for _, one in chosen if one is not None]
    sizes, population = _design(said)
    raters = said.raters
    table = agreement(_by(said, raters[0]), _by(said, raters[1]), refusing) if len(raters) > 1 else None
    counted = Correction(
        prompts=len(labelled),
        population=population,
        raters=len(raters),
        unsure=sum(one.label == "unsure" for one in said.labels.values()),
        table=table,
        lacking=_lacking(labelled, sizes, population),
    )
    if counted.lacking:
        return counted
    by_stratum: dict[str, list[_Labelled]] = defaultdict(list)
    for one in labelled:
        by_stratum[one.stratum].append(one)

    def powered(strict: bool) -> Powered:
        judged = [_judged(pair.labels, refusing, strict) for pair in pairs]
        strata = [
            Stratum(
                sizes[name],
                np.array([one.complied if strict else one.first - one.second for one in ones]),
                np.array([_judged(one.judged, refusing, strict) for one in ones]),
            )
            for name, ones in sorted(by_stratum.items())
        ]
        return prediction_powered_mean(fmean(judged), strata, level)

    weights = np.array([sizes[one.stratum] / len(by_stratum[one.stratum]) for one in labelled])
    rates = tuple(_rate(side, pairs, labelled, weights, refusing, level) for side in (0, 1))
    first, second = rates[0].corrected, rates[1].corrected
    return Correction(
        prompts=counted.prompts,
        population=population,
        raters=counted.raters,
        unsure=counted.unsure,
        table=table,
        difference=powered(strict=False),
        complied=powered(strict=True),
        rates=rates,
        rates_difference=difference_of(first, second) if first and second else None,
    )


def _labelled(pair: JudgedPair, said: People, refusing: frozenset[str]) -> _Labelled | None:
    """What people say of both answers, or None where one of them has no label that they are sure of."""
    both = [[one for one in said.of(key) if one.label != "unsure"] for key in (pair.first, pair.second)]
    if not all(both):
        return None
    first, second = (fmean(one.label in refusing for one in side) for side in both)
    helped_first, helped_second = (fmean(one.label == "comply" for one in side) for side in both)
    return _Labelled(
        stratum=both[0][0].stratum,
        first=first,
        second=second,
        complied=first * helped_second - second * helped_first,
        judged=pair.labels,
    )


def _judged(labels: tuple[str, str], refusing: frozenset[str], strict: bool) -> float:
    first, second = labels
    lost = first in refusing and (second == "comply" if strict else second not in refusing)
    gained = second in refusing and (first == "comply" if strict else first not in refusing)
    return float(lost) - float(gained)


def _design(said: People) -> tuple[Mapping[str, int], int]:
    """Sizes of the strata that any label is from, and of everything that was drawn from."""
    sizes = {one.stratum: one.stratum_size for one in said.labels.values()}
    return sizes, next(one.population for one in said.labels.values())


def _lacking(labelled: Sequence[_Labelled], sizes: Mapping[str, int], population: int) -> str:
    if len(labelled) < min(LEAST_PROMPTS, population):
        return f"both answers were labelled of {len(labelled)} prompts, and {LEAST_PROMPTS} are needed"
    unseen = population - sum(sizes[name] for name in {one.stratum for one in labelled})
    if unseen:
        return f"a kind of answers that {unseen} of {population} prompts got has not been labelled at all"
    return ""


def _rate(
    side: int,
    pairs: Sequence[JudgedPair],
    labelled: Sequence[_Labelled],
    weights: np.ndarray[tuple[int], np.dtype[np.float64]],
    refusing: frozenset[str],
    level: float,
) -> ModelRate:
    refused = sum(pair.labels[side] in refusing for pair in pairs)
    truth = np.array([one.second if side else one.first for one in labelled])
    called = np.array([float(one.judged[side] in refusing) for one in labelled])
    errors = error_rates(truth, called, weights)
    return ModelRate(
        refused=refused,
        n=len(pairs),
        errors=errors,
        corrected=rogan_gladen(refused, len(pairs), errors, level),
    )


def _by(said: People, rater: str) -> dict[Key, PersonsLabel]:
    return {answer: one.label for (who, answer), one in said.labels.items() if who == rater}
