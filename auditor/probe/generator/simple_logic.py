"""Truth and lies, membership and implication over invented kinds of thing."""

from __future__ import annotations

import itertools
from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, pick_distinct, shuffled

_KINDS = (
    "zorks",
    "plims",
    "brens",
    "doves of Tal",
    "quills",
    "marns",
    "vints",
    "ombers",
    "lurks",
    "snails of Po",
)
_OPTIONS = ("yes", "no", "it cannot be known", "only sometimes")


class SimpleLogic:
    """Chains of 'all', 'no' and 'some', with one conclusion asked for."""

    name: ClassVar[str] = "simple_logic"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """A chain of ``level + 1`` universal statements, one of which may be negative or be missing."""
        kinds = pick_distinct(rng, _KINDS, level + 2)
        form = int(rng.integers(3))
        links = [f"All {first} are {second}." for first, second in itertools.pairwise(kinds)]
        if form == 0:
            answer = "yes"
        elif form == 1:
            links[-1] = f"No {kinds[-2]} are {kinds[-1]}."
            answer = "no"
        else:
            # The last link is reversed: everything in the last kind is in the one before, not vice versa.
            links[-1] = f"All {kinds[-1]} are {kinds[-2]}."
            answer = "it cannot be known"
        told = [links[index] for index in rng.permutation(len(links))]
        question = f"{' '.join(told)} Is every one of the {kinds[0]} one of the {kinds[-1]}?"
        return GeneratedItem(question, answer, shuffled(rng, _OPTIONS), " ".join(links))
