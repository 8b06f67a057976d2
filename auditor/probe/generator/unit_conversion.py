"""Reasoning with units: lengths, weights, times and money, converted and added."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options

_UNITS = (
    ("metres", "centimetres", 100),
    ("kilometres", "metres", 1000),
    ("kilograms", "grams", 1000),
    ("hours", "minutes", 60),
    ("minutes", "seconds", 60),
    ("weeks", "days", 7),
    ("days", "hours", 24),
    ("litres", "millilitres", 1000),
    ("dozens", "single pieces", 12),
    ("centuries", "years", 100),
)


class UnitConversion:
    """A quantity in two units, asked for in the smaller one."""

    name: ClassVar[str] = "unit_conversion"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: one unit; level 2: two units; level 3: two quantities subtracted."""
        large, small, factor = _UNITS[int(rng.integers(len(_UNITS)))]
        many, few = int(rng.integers(2, 300 if level == 1 else 15)), int(rng.integers(1, factor))
        if level == 1:
            answer = many * factor
            question = f"How many {small} are {many} {large}?"
            return _item(rng, question, answer, [many * 10, many * 100, answer // 2], f"{many} * {factor}")
        if level == 2:
            answer = many * factor + few
            question = f"How many {small} are {many} {large} and {few} {small}?"
            return _item(
                rng,
                question,
                answer,
                [many * factor, many + few, answer + factor],
                f"{many} * {factor} + {few}",
            )
        less = int(rng.integers(1, many))
        answer = (many - less) * factor - few
        question = (
            f"From {many} {large}, {less} {large} and {few} {small} are taken away. How many {small} remain?"
        )
        slips = [(many - less) * factor + few, answer - few, (many - less) * factor]
        return _item(rng, question, answer, slips, f"({many} - {less}) * {factor} - {few}")


def _item(rng: Rng, question: str, answer: int, slips: list[int], steps: str) -> GeneratedItem:
    return GeneratedItem(question, str(answer), number_options(rng, answer, slips), f"{steps} = {answer}")
