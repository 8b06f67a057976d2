"""Lists of numbers, sorted, sifted and added up by order."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, pick


class ListOperations:
    """Orders to be carried out one after the other on a short list of different numbers."""

    name: ClassVar[str] = "list_operations"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: sort and pick; level 2: sift and add; level 3: reverse, drop, multiply, sift and add."""
        numbers = [int(one) + 2 for one in rng.permutation(48)[: 5 + level]]
        listed = ", ".join(map(str, numbers))
        if level == 1:
            place = int(rng.integers(2, len(numbers)))
            order = pick(rng, ("smallest", "largest"))
            ordered = sorted(numbers, reverse=order == "largest")
            answer = ordered[place - 1]
            question = (
                f"Sort the list {listed} beginning with the {order} number. Which number stands at place "
                f"{place}?"
            )
            slips = [numbers[place - 1], ordered[place], ordered[place - 2]]
            return _item(rng, question, answer, slips, ordered)
        if level == 2:
            kind = pick(rng, ("even", "odd"))
            left = [one for one in numbers if (one % 2 == 0) != (kind == "even")]
            question = (
                f"Take all {kind} numbers out of the list {listed} and add up what is left. What is the sum?"
            )
            return _item(rng, question, sum(left), [sum(numbers) - sum(left), sum(numbers), len(left)], left)
        drop, factor, least = int(rng.integers(1, 4)), int(rng.integers(2, 5)), int(rng.integers(20, 60))
        grown = [factor * one for one in numbers[::-1][drop:]]
        left = [one for one in grown if one > least]
        first = "first number" if drop == 1 else f"first {drop} numbers"
        question = (
            f"Reverse the list {listed}. Then leave its {first} away, multiply each of the others by "
            f"{factor}, and add up those that are larger than {least} by now. What is the sum?"
        )
        return _item(
            rng, question, sum(left), [sum(grown), sum(left) // factor, sum(grown) - sum(left)], left
        )


def _item(rng: Rng, question: str, answer: int, slips: list[int], row: list[int]) -> GeneratedItem:
    steps = f"{', '.join(map(str, row)) or 'nothing'}: {answer}"
    return GeneratedItem(question, str(answer), number_options(rng, answer, slips), steps)
