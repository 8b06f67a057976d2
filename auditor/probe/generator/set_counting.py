"""Overlapping groups: how many belong to one, to both, to none."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, pick, pick_distinct

_CROWDS = ("travellers", "students", "neighbours", "members of a club", "guests", "workers", "players")
_TRAITS = (
    "speak Dutch",
    "own a bicycle",
    "play chess",
    "drink tea",
    "sing in a choir",
    "keep bees",
    "can swim",
    "bake bread",
    "read maps",
)


class SetCounting:
    """Groups that overlap, told by their sizes and the sizes of what they share."""

    name: ClassVar[str] = "set_counting"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: everybody is in one of two groups; level 2: some are in none; level 3: three groups."""
        crowd = pick(rng, _CROWDS)
        if level == 3:
            return _three(rng, crowd)
        one, two = pick_distinct(rng, _TRAITS, 2)
        first, second, both, none = (int(size) for size in rng.integers(2, 40, size=4))
        told = f"{first + both} {one}, {second + both} {two}, and {both} do both"
        if level == 1:
            answer = first + second + both
            question = f"Of some {crowd}, {told}. Everybody does one at least. How many {crowd} are there?"
            slips = [answer + both, first + second, answer - both]
            return _item(rng, question, answer, slips, f"{first + both} + {second + both} - {both}")
        total = first + second + both + none
        question = f"Of {total} {crowd}, {told}. How many do neither?"
        slips = [max(total - first - second - 2 * both, 0), none + both, first + second]
        return _item(rng, question, none, slips, f"{total} - ({first + both} + {second + both} - {both})")


def _three(rng: Rng, crowd: str) -> GeneratedItem:
    one, two, three = pick_distinct(rng, _TRAITS, 3)
    alone = [int(size) for size in rng.integers(1, 20, size=3)]
    pairs = [int(size) for size in rng.integers(1, 10, size=3)]  # one and two, one and three, two and three
    every, none = int(rng.integers(1, 8)), int(rng.integers(1, 30))
    total = sum(alone) + sum(pairs) + every + none
    sizes = [
        alone[0] + pairs[0] + pairs[1] + every,
        alone[1] + pairs[0] + pairs[2] + every,
        alone[2] + pairs[1] + pairs[2] + every,
    ]
    shared = [size + every for size in pairs]
    question = (
        f"Of {total} {crowd}, {sizes[0]} {one}, {sizes[1]} {two} and {sizes[2]} {three}. "
        f"{shared[0]} do the first and the second, {shared[1]} the first and the third, {shared[2]} the "
        f"second and the third, and {every} do all three. How many do none of them?"
    )
    steps = f"{total} - ({' + '.join(map(str, sizes))} - {' - '.join(map(str, shared))} + {every})"
    return _item(rng, question, none, [none + every, abs(none - every), abs(none - 2 * every)], steps)


def _item(rng: Rng, question: str, answer: int, slips: list[int], steps: str) -> GeneratedItem:
    return GeneratedItem(question, str(answer), number_options(rng, answer, slips), f"{steps} = {answer}")
