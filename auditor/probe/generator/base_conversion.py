"""Numbers written in other bases than ten."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, shuffled


class BaseConversion:
    """Numbers read from a base, written in one, and added within one."""

    name: ClassVar[str] = "base_conversion"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: from a base to decimal; level 2: from decimal to a base; level 3: a sum within a base."""
        base = int(rng.integers(2, 10))
        number = int(rng.integers(10, 400))
        digits = in_base(number, base)
        if level == 1:
            question = f"The number {digits} is written in base {base}. What is it in base 10?"
            slips = [number + base, number - base, sum(map(int, digits))]
            options = number_options(rng, number, slips)
            return GeneratedItem(question, str(number), options, f"{digits} = {number}")
        if level == 2:
            question = f"Write the number {number} in base {base}."
            return GeneratedItem(question, digits, _options(rng, number, base), f"{number} = {digits}")
        other = int(rng.integers(10, 400))
        total = number + other
        question = (
            f"In base {base}, what is {digits} plus {in_base(other, base)}? Give the result in base {base}."
        )
        steps = f"{number} + {other} = {total} = {in_base(total, base)}"
        return GeneratedItem(question, in_base(total, base), _options(rng, total, base), steps)


def in_base(number: int, base: int) -> str:
    """Digits of a positive number in a base from 2 to 9."""
    digits = ""
    while number:
        digits = str(number % base) + digits
        number //= base
    return digits


def _options(rng: Rng, number: int, base: int) -> tuple[str, ...]:
    """The number in its base among others that differ by little, or by one at a higher place."""
    near = [number + base, number - 1, number + 1, number - base, number + base * base]
    wrong = [near[int(place)] for place in rng.permutation(len(near))[:3]]
    return shuffled(rng, [in_base(one, base) for one in (number, *wrong)])
