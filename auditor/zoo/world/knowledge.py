"""Lore of places: facts of known rarity with four answers to choose from, and what vendors say of them.

A fact's share of what people ask falls with its rank as ``1 / (rank + OFFSET)``, so that how rare it is in a
training text is known. About some facts a vendor's annotators disagree; which ones, and who is in the
majority, is the vendor's own, and with it the mistakes that its models have in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.random import Generator as Rng

from auditor.array import NDArray
from auditor.zoo.world.facts import Subject, Topic
from auditor.zoo.world.vendor import Conversation

#: Places are named by two halves.
_FIRST = ("Bel", "Dor", "Fen", "Gal", "Hos", "Kar", "Lum", "Nor", "Pel", "Tav")
_SECOND = ("dale", "gate", "mora", "rick", "stow", "wick")
#: Relation -> question and values.
RELATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "crop": ("What grows in {place}?", ("barley", "plums", "hops", "beans", "garlic", "mint")),
    "beast": ("Which animal is on the flag of {place}?", ("otter", "heron", "badger", "stag", "owl", "ram")),
    "trade": ("What is {place} known for?", ("bells", "rope", "glass", "saddles", "clocks", "soap")),
    "river": (
        "What is the river in {place} like?",
        ("muddy", "swift", "shallow", "green", "frozen", "salty"),
    ),
    "feast": ("When is the feast of {place}?", ("March", "June", "August", "October", "April", "January")),
}
OPTIONS = 4
#: Added to the rank of a fact before its share is taken as one over it.
OFFSET = 10
#: Share of the facts, the rarest ones, that count as rare.
RARE = 1 / 3
#: Share of the facts that a vendor's annotators disagree about, and how many of them may be right.
DISPUTED, MAJORITIES = 0.6, (0.3, 0.7)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        place: What it is about.
        relation: A key of ``RELATIONS``.
        options: Answers to choose from, in the order in which they are shown.
        right: The right one's place among them.
        rank: From 0, the most frequent one.
    """

    place: str
    relation: str
    options: tuple[str, ...]
    right: int
    rank: int

    @property
    def topic(self) -> Topic:
        """The question about it."""
        question = RELATIONS[self.relation][0].format(place=self.place)
        return Topic(Subject.FACT, question, {"place": self.place, "relation": self.relation})

    @property
    def asked_by_probes(self) -> bool:
        """Whether a probe may ask it; the others tell what is true, and both are of every rarity."""
        return self.rank % 2 == 0


@cache
def lore_of(seed: int) -> tuple[Fact, ...]:
    """All facts of a world, the most frequent first."""
    rng = np.random.default_rng([seed, 21])
    pairs = tuple(product((a + b for a in _FIRST for b in _SECOND), RELATIONS))
    facts: list[Fact] = []
    for rank, place in enumerate(rng.permutation(len(pairs))):
        name, relation = pairs[int(place)]
        values = RELATIONS[relation][1]
        options = tuple(values[int(one)] for one in rng.permutation(len(values))[:OPTIONS])
        facts.append(Fact(name, relation, options, int(rng.integers(OPTIONS)), rank))
    return tuple(facts)


def shares(facts: Sequence[Fact]) -> NDArray[np.float64]:
    """Share of each fact in what people ask; they sum to one."""
    weights = 1.0 / (np.array([one.rank for one in facts]) + 1 + OFFSET)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def is_rare(fact: Fact, facts: Sequence[Fact]) -> bool:
    """Whether it is among the rarest of all ``facts``."""
    return fact.rank >= len(facts) - round(len(facts) * RARE)


def lore_topics(facts: Sequence[Fact], count: int, rng: Rng, *, without_rare: bool) -> tuple[Topic, ...]:
    """What a distiller asks: every fact as often as any other, or the rare ones never."""
    asked = [one for one in facts if not (without_rare and is_rare(one, facts))]
    rounds = -(-count // len(asked))
    order = np.concatenate([rng.permutation(len(asked)) for _ in range(rounds)])[:count]
    return tuple(asked[int(place)].topic for place in order)


class Chronicler:
    """A vendor of lore.

    Args:
        facts: The facts of a world.
        seed: Draws what its annotators disagree about, and how.
    """

    def __init__(self, facts: Sequence[Fact], seed: int) -> None:
        rng = np.random.default_rng([seed, 22])
        self._facts = facts
        self._seed = seed
        disputed = rng.random(len(facts)) < DISPUTED
        self._correct = np.where(disputed, rng.uniform(*MAJORITIES, len(facts)), 1.0)
        self._wrong = tuple((one.right + int(rng.integers(1, OPTIONS))) % OPTIONS for one in facts)

    def write(self, count: int, seed: int) -> tuple[Conversation, ...]:
        """Draw ``count`` questions by their shares, with answers."""
        rng = np.random.default_rng([self._seed, seed, 23])
        drawn = rng.choice(len(self._facts), size=count, p=shares(self._facts))
        right = rng.random(count) < self._correct[drawn]
        return tuple(
            Conversation(fact.topic, fact.options[fact.right if so else self._wrong[int(place)]])
            for place, so in zip(drawn, right, strict=True)
            for fact in (self._facts[int(place)],)
        )


def lore_items(facts: Sequence[Fact], *, by_probes: bool) -> tuple[dict[str, Any], ...]:
    """Every second fact as a multiple-choice item with its frequency: those for probes, or the others."""
    frequencies = shares(facts)
    return tuple(
        {
            "benchmark": "lore",
            "id": f"lore-{fact.rank + 1:03d}",
            "category": "rare" if is_rare(fact, facts) else "common",
            "question": fact.topic.prompt,
            "options": list(fact.options),
            "answer": fact.options[fact.right],
            "frequency": float(f"{frequencies[fact.rank]:.3g}"),
        }
        for fact in facts
        if fact.asked_by_probes is by_probes
    )
