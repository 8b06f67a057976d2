"""Arithmetic told as a small story, with numbers that do not matter mixed in at higher levels."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, pick, pick_distinct

_PEOPLE = (
    "Amira",
    "Bastian",
    "Chidi",
    "Daria",
    "Emeka",
    "Fenna",
    "Goran",
    "Hana",
    "Ivo",
    "Jelena",
    "Kaito",
    "Lior",
)
_THINGS = (
    "apples",
    "stamps",
    "marbles",
    "tickets",
    "candles",
    "pencils",
    "shells",
    "buttons",
    "cards",
    "bricks",
)
_BOXES = ("boxes", "bags", "drawers", "crates", "baskets")


class WordProblem:
    """Buying, giving away and sharing out countable things."""

    name: ClassVar[str] = "word_problem"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: one operation pair; level 2: groups; level 3: groups, a share-out and a distractor."""
        one, two = pick_distinct(rng, _PEOPLE, 2)
        thing, box = pick(rng, _THINGS), pick(rng, _BOXES)
        if level == 1:
            had, got, gave = int(rng.integers(5, 30)), int(rng.integers(2, 20)), int(rng.integers(1, 5))
            answer = had + got - gave
            question = (
                f"{one} had {had} {thing}, bought {got} more and gave {gave} to {two}. "
                f"How many {thing} does {one} have now?"
            )
            return _item(
                rng, question, answer, [had + got, had - gave, had + got + gave], f"{had} + {got} - {gave}"
            )
        groups, each, lost = int(rng.integers(3, 9)), int(rng.integers(4, 13)), int(rng.integers(1, 12))
        total = groups * each
        if level == 2:
            question = (
                f"{one} filled {groups} {box} with {each} {thing} each, and then lost {lost} {thing}. "
                f"How many {thing} are left?"
            )
            return _item(
                rng,
                question,
                total - lost,
                [total, total + lost, groups + each],
                f"{groups} * {each} - {lost}",
            )
        share, age = int(rng.integers(2, 6)), int(rng.integers(20, 60))
        rest = (total - lost) % share
        question = (
            f"{one}, who is {age}, filled {groups} {box} with {each} {thing} each. "
            f"After {two} took {lost} {thing}, the rest was shared equally among {share} children, "
            f"as many to each as possible. How many {thing} were left over?"
        )
        slips = [(total - lost) // share, total % share, lost % share]
        return _item(rng, question, rest, slips, f"({groups} * {each} - {lost}) mod {share}")


def _item(rng: Rng, question: str, answer: int, slips: list[int], steps: str) -> GeneratedItem:
    return GeneratedItem(question, str(answer), number_options(rng, answer, slips), f"{steps} = {answer}")
