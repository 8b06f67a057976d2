"""A random sample of prompts, in strata, whose answers people label without knowing whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.digest import digest_json
from auditor.error import UsageError
from auditor.record.observation import PersonsLabel, Rated
from auditor.record.request import Rating
from auditor.stats.prediction_powered import allocation

#: Answers of this many prompts are mixed with each other, so that whole prompts are done when a rater stops.
_BLOCK = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One recorded answer: whose, to what, and in what words."""

    subject_digest: str
    request_digest: str
    prompt: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One prompt with the answers of every model that was asked.

    Attributes:
        item: Its name in the probe.
        stratum: What the judge says of these answers, in a word.
        answers: One per model.
    """

    item: str
    stratum: str
    answers: tuple[Given, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An answer to be labelled, with the design that it was drawn by.

    Attributes:
        id: Name under which it is shown; it tells nothing of the model.
        given: The answer.
        stratum: Stratum of its prompt.
        stratum_size: Prompts in the stratum.
        inclusion: Probability with which each of them was drawn.
    """

    id: str
    given: Given
    stratum: str
    stratum_size: int
    inclusion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A drawn sample.

    Attributes:
        digest: Identity of what was drawn from and of the seed; a larger sample of the same holds this one.
        population: Prompts that it was drawn from.
        prompts: Prompts that were drawn.
        cards: Their answers, in the order in which they are shown.
    """

    digest: str
    population: int
    prompts: int
    cards: tuple[Card, ...]

    def question(self, card: Card, revision: int = 0) -> Rating:
        """A card as a request to a rater."""
        return Rating(
            sample=self.digest,
            subject_digest=card.given.subject_digest,
            request_digest=card.given.request_digest,
            revision=revision,
        )

    def answer(self, card: Card, label: PersonsLabel, revision: int = 0) -> Rated:
        """What a rater says of a card, with the card's design."""
        return Rated(
            sample=self.digest,
            subject_digest=card.given.subject_digest,
            request_digest=card.given.request_digest,
            label=label,
            revision=revision,
            population=self.population,
            stratum=card.stratum,
            stratum_size=card.stratum_size,
            inclusion=card.inclusion,
        )


def draw(run: str, units: Sequence[Unit], size: int, seed: int) -> Sample:
    """Draw prompts at random in each stratum, and all answers to each of them.

    A prompt is drawn as a whole, because a difference between two models is one between their answers to the
    same prompt. Strata are drawn from by power allocation. Within a stratum, prompts come in an order that
    only the seed decides, and a sample takes the first of them: so a larger one holds the smaller.

    Args:
        run: The run whose answers these are.
        units: Every prompt that all models have answered.
        size: Prompts to draw.
        seed: Seed of the draw and of the order of showing.

    Raises:
        UsageError: If there is nothing to draw from.
    """
    if not units:
        raise UsageError("no prompt of this run was answered by all models", fix="name another run or probe")
    strata: dict[str, list[Unit]] = {}
    for one in sorted(units, key=lambda unit: unit.item):
        strata.setdefault(one.stratum, []).append(one)
    names = sorted(strata)
    digest = digest_json(
        [run, seed, [[one.item, name] for name in names for one in strata[name]]],
    )
    counts = allocation([len(strata[name]) for name in names], size)
    drawn: list[tuple[Unit, int, float]] = []
    for name, count in zip(names, counts, strict=True):
        order = _generator(seed, name).permutation(len(strata[name]))
        inclusion = count / len(strata[name])
        drawn += [(strata[name][k], len(strata[name]), inclusion) for k in order[:count]]
    mixed = _generator(seed, "order of prompts").permutation(len(drawn))
    cards: list[Card] = []
    for start in range(0, len(mixed), _BLOCK):
        block = [
            Card(
                id=digest_json([digest, given.subject_digest, given.request_digest])[7:19],
                given=given,
                stratum=unit.stratum,
                stratum_size=stratum_size,
                inclusion=inclusion,
            )
            for unit, stratum_size, inclusion in (drawn[k] for k in mixed[start : start + _BLOCK])
            for given in unit.answers
        ]
        cards += [block[k] for k in _generator(seed, f"block {start}").permutation(len(block))]
    return Sample(digest=digest, population=len(units), prompts=len(drawn), cards=tuple(cards))


def _generator(seed: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng([seed, *purpose.encode("utf-8")])
