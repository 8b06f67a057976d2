"""Sequences that go on by a rule that is told."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options


class NumberSequence:
    """The number at a later place of a sequence whose beginning and rule are given."""

    name: ClassVar[str] = "number_sequence"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: equal steps; level 2: times and plus; level 3: every number from the two before it."""
        start, step = int(rng.integers(2, 40)), int(rng.integers(2, 20))
        if level == 1:
            place = int(rng.integers(5, 15))
            numbers = [start + step * n for n in range(place + 1)]
            rule = f"every next number is {step} more than the one before"
            told = f"begins with {start}"
        elif level == 2:
            factor, place = int(rng.integers(2, 4)), int(rng.integers(4, 6))
            numbers = [start]
            while len(numbers) <= place:
                numbers.append(factor * numbers[-1] + step)
            rule = f"every next number is {factor} times the one before, plus {step}"
            told = f"begins with {start}"
        else:
            second, place = int(rng.integers(2, 40)), int(rng.integers(5, 8))
            numbers = [start, second]
            while len(numbers) <= place:
                numbers.append(numbers[-1] + numbers[-2] + step)
            rule = f"every next number is the sum of the two before it, plus {step}"
            told = f"begins with {start} and {second}"
        answer = numbers[place - 1]
        question = f"A sequence {told}, and {rule}. Which number stands at place {place}?"
        slips = [numbers[place], numbers[place - 2], answer + step]
        return GeneratedItem(
            question, str(answer), number_options(rng, answer, slips), ", ".join(map(str, numbers[:place]))
        )
