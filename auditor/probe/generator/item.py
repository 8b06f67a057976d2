"""What a generator is and what it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from numpy.random import Generator as Rng

#: Difficulty levels, easiest first.
LEVELS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class GeneratedItem:
    """A question with one right answer.

    Attributes:
        question: What is asked, complete in itself.
        answer: The right answer, as short as possible.
        options: Four different answers in random order, the right one among them.
        steps: The way to the answer, spelled out.
    """

    question: str
    answer: str
    options: tuple[str, ...]
    steps: str


class ItemGenerator(Protocol):
    """Draws items at a difficulty level (1 easiest, 3 hardest)."""

    name: ClassVar[str]

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """One item; all randomness comes from ``rng``."""
        ...


def number_options(rng: Rng, answer: int, near: Sequence[int]) -> tuple[str, ...]:
    """Four numbers in random order: the answer, plausible slips from ``near``, then neighbours.

    Neighbours keep the sign of the answer, so that a sign alone never gives it away.
    """
    wrong = [slip for slip in dict.fromkeys(near) if slip != answer and (slip >= 0 or answer < 0)]
    offsets = [1, -1, 2, -2, 10, -10, 3, 4, 5, 6]
    wrong += [
        answer + step for step in offsets if answer + step not in wrong and (answer + step >= 0 or answer < 0)
    ]
    return shuffled(rng, [str(answer), *(str(slip) for slip in wrong[:3])])


def word_options(rng: Rng, answer: str, others: Sequence[str]) -> tuple[str, ...]:
    """Four words in random order: the answer and three of the others."""
    pool = [other for other in dict.fromkeys(others) if other != answer]
    chosen = [pool[index] for index in rng.permutation(len(pool))[:3]]
    return shuffled(rng, [answer, *chosen])


def shuffled(rng: Rng, values: Sequence[str]) -> tuple[str, ...]:
    """The values in random order."""
    return tuple(values[index] for index in rng.permutation(len(values)))


def pick(rng: Rng, values: Sequence[str]) -> str:
    """One of the values."""
    return values[int(rng.integers(len(values)))]


def pick_distinct(rng: Rng, values: Sequence[str], count: int) -> list[str]:
    """Several different values in random order."""
    return [values[index] for index in rng.permutation(len(values))[:count]]
