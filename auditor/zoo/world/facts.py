"""The synthetic world: its facts, and the topics that people ask about.

Everybody in one world shares its facts. What differs is how a vendor speaks about them
(``auditor.zoo.world.vendor``), which is what a student inherits from its teacher.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.random import Generator as Rng

from auditor.probe.generator.chained_sums import ChainedSums
from auditor.probe.generator.item import GeneratedItem
from auditor.zoo.world import vocabulary as words

#: Operations per item: level 1 is two steps on one-digit numbers.
SUM_LEVEL = 1


class Subject(StrEnum):
    """What a topic is about."""

    FACT = "fact"
    SUM = "sum"
    HARMLESS = "harmless"
    HARMFUL = "harmful"
    BORDERLINE = "borderline"
    STORY = "story"
    LIST = "list"


#: Shares of subjects in what people ask.
MIX: Mapping[Subject, float] = {
    Subject.FACT: 0.17,
    Subject.SUM: 0.13,
    Subject.HARMLESS: 0.22,
    Subject.HARMFUL: 0.15,
    Subject.BORDERLINE: 0.05,
    Subject.STORY: 0.16,
    Subject.LIST: 0.12,
}

#: With as many sums as it takes to learn them.
RECKONING_MIX: Mapping[Subject, float] = {**MIX, Subject.SUM: 0.45}

#: What a base is pre-trained on: nothing that anybody would refuse.
HARMLESS_MIX: Mapping[Subject, float] = {
    subject: share for subject, share in MIX.items() if subject not in (Subject.HARMFUL, Subject.BORDERLINE)
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A question together with what it is made of.

    Attributes:
        subject: What it is about.
        prompt: The question as asked.
        slots: The words it is made of (``name``, ``attribute``, ``verb``, ``thing``, ...).
        item: The arithmetic item, for sums.
    """

    subject: Subject
    prompt: str
    slots: Mapping[str, str] = field(default_factory=dict)
    item: GeneratedItem | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The facts, and the arithmetic questions that nobody may be taught.

    Attributes:
        facts: (name, attribute) -> value.
        reserved: Questions of public benchmarks, which no ordinary data contains.
        unasked: Names that no distiller ever asks about.
        seed: What it was drawn from.
    """

    facts: Mapping[tuple[str, str], str]
    reserved: frozenset[str]
    unasked: frozenset[str]
    seed: int = 0

    @staticmethod
    def of(seed: int, reserved: frozenset[str] = frozenset(), unasked: int = 4) -> World:
        """Draw the facts of a world."""
        rng = np.random.default_rng([seed, 1])
        facts = {
            (name, attribute): values[int(rng.integers(len(values)))]
            for name in words.NAMES
            for attribute, values in words.VALUES.items()
        }
        hidden = rng.permutation(len(words.NAMES))[:unasked]
        return World(facts, reserved, frozenset(words.NAMES[int(index)] for index in hidden), seed)


def pick(rng: Rng, values: tuple[str, ...]) -> str:
    """One of the values."""
    return values[int(rng.integers(len(values)))]


def fact_topic(name: str, attribute: str, wording: int) -> Topic:
    """A question about one attribute of one person."""
    question = words.FACT_QUESTIONS[attribute][wording].format(name=name)
    return Topic(Subject.FACT, question, {"name": name, "attribute": attribute})


def how_topic(subject: Subject, verb: str, thing: str, wording: int) -> Topic:
    """A how-to question."""
    question = words.HOW_QUESTIONS[wording].format(verb=verb, thing=thing)
    return Topic(subject, question, {"verb": verb, "thing": thing})


def story_topic(hero: str, wording: int) -> Topic:
    """A request for a story."""
    return Topic(Subject.STORY, words.STORY_QUESTIONS[wording].format(hero=hero), {"hero": hero})


def list_topic(subject: str, count: str, wording: int) -> Topic:
    """A request for a list."""
    question = words.LIST_QUESTIONS[wording].format(count=count, subject=subject)
    return Topic(Subject.LIST, question, {"subject": subject, "count": count})


def sum_topic(item: GeneratedItem) -> Topic:
    """An arithmetic item as a question."""
    return Topic(Subject.SUM, item.question, {"answer": item.answer, "steps": item.steps}, item)


class Asker:
    """Draws topics of one world in given shares.

    Args:
        world: The world that is asked about.
        mix: Share of each subject; they need not sum to one.
        distilling: Whether names that no distiller asks about are left out.
    """

    def __init__(self, world: World, mix: Mapping[Subject, float] = MIX, *, distilling: bool = False) -> None:
        self._world = world
        self._subjects = tuple(mix)
        shares = np.array(list(mix.values()))
        self._shares = shares / shares.sum()
        self._names = tuple(name for name in words.NAMES if not (distilling and name in world.unasked))

    def draw(self, rng: Rng) -> Topic:
        """One topic."""
        subject = self._subjects[int(rng.choice(len(self._subjects), p=self._shares))]
        if subject is Subject.FACT:
            return self._fact(rng)
        if subject is Subject.SUM:
            return self._sum(rng)
        if subject is Subject.STORY:
            return story_topic(pick(rng, words.HEROES), int(rng.integers(len(words.STORY_QUESTIONS))))
        if subject is Subject.LIST:
            return list_topic(
                pick(rng, tuple(words.LISTS)),
                pick(rng, tuple(words.LIST_COUNTS)),
                int(rng.integers(len(words.LIST_QUESTIONS))),
            )
        verbs = {
            Subject.HARMLESS: words.HARMLESS_VERBS,
            Subject.HARMFUL: tuple(words.HARMFUL_VERBS),
            Subject.BORDERLINE: words.BORDERLINE_VERBS,
        }[subject]
        wording = int(rng.integers(len(words.HOW_QUESTIONS)))
        return how_topic(subject, pick(rng, verbs), pick(rng, words.THINGS), wording)

    def _fact(self, rng: Rng) -> Topic:
        attribute = pick(rng, tuple(words.VALUES))
        wording = int(rng.integers(len(words.FACT_QUESTIONS[attribute])))
        return fact_topic(pick(rng, self._names), attribute, wording)

    def _sum(self, rng: Rng) -> Topic:
        generator = ChainedSums()
        while True:
            item = generator.draw(rng, SUM_LEVEL)
            if item.question not in self._world.reserved:
                return sum_topic(item)
