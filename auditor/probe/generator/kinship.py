"""Who is what to whom in a family told in pieces."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, pick_distinct, shuffled

_WOMEN = (
    "Ana",
    "Birte",
    "Carla",
    "Dilek",
    "Efua",
    "Freya",
    "Gita",
    "Hilda",
    "Imke",
    "Jana",
    "Katya",
    "Lucia",
)
_MEN = (
    "Aldo",
    "Bram",
    "Cyril",
    "Diego",
    "Emre",
    "Felix",
    "Gustav",
    "Hamid",
    "Idris",
    "Jonas",
    "Karel",
    "Luca",
)
#: What somebody is called who is a parent, a child, or a sibling of another: woman's word, man's word.
_LINKS = {"parent": ("mother", "father"), "child": ("daughter", "son"), "sibling": ("sister", "brother")}
_REVERSE = {"parent": "child", "child": "parent", "sibling": "sibling"}
#: Chains of links from the first person to the last, and what the first is to the last.
_SHORT: dict[tuple[str, ...], tuple[str, str]] = {
    ("parent", "parent"): ("grandmother", "grandfather"),
    ("sibling", "parent"): ("aunt", "uncle"),
    ("child", "sibling"): ("niece", "nephew"),
    ("child", "child"): ("granddaughter", "grandson"),
}
_LONG: dict[tuple[str, ...], tuple[str, str]] = {
    ("parent", "parent", "parent"): ("great-grandmother", "great-grandfather"),
    ("sibling", "parent", "parent"): ("great-aunt", "great-uncle"),
    ("child", "child", "sibling"): ("great-niece", "great-nephew"),
    ("child", "child", "child"): ("great-granddaughter", "great-grandson"),
    ("child", "sibling", "parent"): ("cousin", "cousin"),
}


class Kinship:
    """Two or three links of a family, and what the first person is to the last."""

    name: ClassVar[str] = "kinship"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: two links; level 2: three; level 3: three out of order, some of them told in reverse."""
        known = _SHORT if level == 1 else _LONG
        chains = tuple(known)
        chain = chains[int(rng.integers(len(chains)))]
        sexes = [int(rng.integers(2)) for _ in range(len(chain) + 1)]
        women, men = pick_distinct(rng, _WOMEN, 4), pick_distinct(rng, _MEN, 4)
        people = [(women, men)[sex].pop() for sex in sexes]
        told = []
        for place, link in enumerate(chain):
            one, other = place, place + 1
            # The first person's sex is known by the first link only, which is never turned round.
            if level == 3 and place and rng.random() < 0.5:
                one, other, link = other, one, _REVERSE[link]
            told.append(f"{people[one]} is the {_LINKS[link][sexes[one]]} of {people[other]}.")
        if level == 3:
            told = [told[int(place)] for place in rng.permutation(len(told))]
        answer = known[chain][sexes[0]]
        words = [one for pair in known.values() for one in dict.fromkeys(pair) if one != answer]
        wrong = pick_distinct(rng, words, 3)
        question = f"{' '.join(told)} What is {people[0]} to {people[-1]}?"
        return GeneratedItem(question, answer, shuffled(rng, [answer, *wrong]), " of ".join(chain))
