"""Published items and their fresh twins: the same generators under two seeds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np

from auditor.probe.generator.item import GeneratedItem
from auditor.probe.generator.registry import generator


class Side(IntEnum):
    """Published or fresh; the number also keeps the two draws apart where both seeds are equal."""

    PUBLISHED = 0
    FRESH = 1


@dataclass(frozen=True, slots=True)
class Twin:
    """A drawn item with the stratum (generator and level) and the side it was drawn for."""

    stratum: str
    side: Side
    number: int
    item: GeneratedItem

    @property
    def id(self) -> str:
        """Name of the item within the probe."""
        return f"{self.stratum}/{self.side.name.lower()}-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A benchmark made by generators.

    Attributes:
        generators: Names of the item generators.
        levels: Difficulty levels drawn from each.
        items: Items on each side in all, spread evenly over generators and levels, rounded up.
    """

    generators: tuple[str, ...]
    levels: tuple[int, ...]
    items: int

    def draw(self, side: Side, seed: int) -> tuple[Twin, ...]:
        """The items of one side, in a fixed order; repeated questions are left in."""
        strata = [(name, level) for name in self.generators for level in self.levels]
        each = -(-self.items // len(strata))
        drawn: list[Twin] = []
        for place, (name, level) in enumerate(strata):
            rng = np.random.default_rng([seed, int(side), place])
            drawn += [Twin(f"{name}-{level}", side, n, generator(name).draw(rng, level)) for n in range(each)]
        return tuple(drawn)

    @lru_cache(maxsize=8)  # noqa: B019 - the benchmark is a small frozen value, and planning asks repeatedly
    def twins(self, public_seed: int, fresh_seed: int) -> tuple[Twin, ...]:
        """Both sides, without any question that was drawn more than once in all.

        What is dropped depends on the pooled questions only, not on which side drew them, so what is
        left stays exchangeable between the sides.
        """
        drawn = (*self.draw(Side.PUBLISHED, public_seed), *self.draw(Side.FRESH, fresh_seed))
        times = Counter(one.item.question for one in drawn)
        return tuple(one for one in drawn if times[one.item.question] == 1)


def option_named(text: str, options: Sequence[str]) -> str:
    """The option that a written answer settles on: the last one it names as a whole word, or ``""``.

    Of two options that begin at the same place the longer one counts.
    """
    best, place = "", -1
    for option in sorted(options, key=len):
        for match in re.finditer(
            rf"(?<!\w)(?<!\d[.,])-?{re.escape(option)}(?!\w|[.,]\d)", text, flags=re.IGNORECASE
        ):
            negative = match.group().startswith("-") and not option.startswith("-")
            if not negative and match.start() >= place:
                best, place = option, match.start()
    return best
