"""The presets, parents before their children."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from auditor.error import UsageError
from auditor.zoo.population.classifier import classifier_family
from auditor.zoo.population.demo import demo
from auditor.zoo.population.embedder import embedder_family
from auditor.zoo.population.knowledge import knowledge_family
from auditor.zoo.population.lineage import BRIEF, FULL, brief_lineage, lineage
from auditor.zoo.population.masked import masked_family
from auditor.zoo.population.policy import policy_family
from auditor.zoo.recipe import Recipe

_FAMILIES = (masked_family, embedder_family, classifier_family, policy_family)
#: Place of the family that is a population of its own: its teachers would be candidates of every other model.
_OF_KNOWLEDGE = len(_FAMILIES)


def _small(origin: int) -> tuple[Recipe, ...]:
    return brief_lineage(origin, BRIEF)


def _full(origin: int) -> tuple[Recipe, ...]:
    return (
        *lineage(origin, FULL),
        *(one for number, family in enumerate(_FAMILIES) for one in family(*_place(origin, number))),
    )


def _knowledge(origin: int) -> tuple[Recipe, ...]:
    return knowledge_family(*_place(origin, _OF_KNOWLEDGE))


def _place(origin: int, number: int) -> tuple[int, tuple[int, int]]:
    """Seeds of a family, and of its teacher's vendor and a stranger."""
    first = origin + 20_000 + 1000 * number
    return first, (first + 101, first + 102)


_MAKERS: Mapping[str, Callable[[int], tuple[Recipe, ...]]] = {
    "demo": demo,
    "small": _small,
    "full": _full,
    "knowledge": _knowledge,
}
PRESETS = tuple(_MAKERS)


def recipes(preset: str, seed: int) -> tuple[Recipe, ...]:
    """The recipes of a preset.

    Args:
        preset: Name of the preset.
        seed: Shifts every seed in it: vendors, initialisations, data.

    Raises:
        UsageError: If there is no such preset.
    """
    if preset not in _MAKERS:
        raise UsageError(f"there is no preset '{preset}'", fix=f"use one of: {', '.join(PRESETS)}")
    return _MAKERS[preset](seed * 100_000)
