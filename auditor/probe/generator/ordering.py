"""Who comes first: orders told in pieces."""

from __future__ import annotations

import itertools
from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, pick, pick_distinct, word_options

_PEOPLE = (
    "Ada",
    "Bela",
    "Cleo",
    "Dov",
    "Elin",
    "Fritz",
    "Gwen",
    "Henk",
    "Iris",
    "Juno",
    "Kofi",
    "Lars",
    "Mina",
)
_RELATIONS = (
    ("is taller than", "the tallest", "the shortest"),
    ("is older than", "the oldest", "the youngest"),
    ("finished before", "the first to finish", "the last to finish"),
    ("lives further north than", "the one who lives furthest north", "the one who lives furthest south"),
    ("paid more than", "the one who paid the most", "the one who paid the least"),
)


class Ordering:
    """A total order given as neighbouring pairs in random order."""

    name: ClassVar[str] = "ordering"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: 4 people, an end is asked for; level 2: 5 people; level 3: 6 people, a middle place."""
        people = pick_distinct(rng, _PEOPLE, level + 3)
        relation, first, last = _RELATIONS[int(rng.integers(len(_RELATIONS)))]
        pairs = [f"{one} {relation} {two}." for one, two in itertools.pairwise(people)]
        told = [pairs[index] for index in rng.permutation(len(pairs))]
        if level < 3:
            end = pick(rng, (first, last))
            answer = people[0] if end == first else people[-1]
            asked = f"Who is {end}?"
        else:
            place = int(rng.integers(1, len(people) - 1))
            answer = people[place]
            asked = f"Put them in order, beginning with {first}. Who is number {place + 1}?"
        question = f"{' '.join(told)} {asked}"
        return GeneratedItem(question, answer, word_options(rng, answer, people), " > ".join(people))
