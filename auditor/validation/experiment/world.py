"""Questions with right answers, asked in the world that a population was built in."""

from __future__ import annotations

import json
from pathlib import Path

from auditor.probe.spec import ProbeSpec


def in_world(spec: ProbeSpec, population: Path) -> ProbeSpec:
    """The probe with the facts of a population's world; as it is where it asks for none, or none is known.

    Every seed of the zoo has a world of its own, in which the same people have other trades and pets. The
    shipped items hold the answers of one of them.
    """
    seed = seed_of(population)
    if seed is None:
        return spec
    from auditor.zoo.training.lesson import world_of
    from auditor.zoo.world.suites import ABOUT_FACTS

    items = ABOUT_FACTS.get(spec.id)
    return spec if items is None else spec.with_items(items(world_of(seed)))


def seed_of(population: Path) -> int | None:
    """The seed that a population was built with, by the mark that its builder left; None without one."""
    try:
        found = json.loads((population / "build.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    seed = found.get("seed") if isinstance(found, dict) else None
    return seed if isinstance(seed, int) else None
