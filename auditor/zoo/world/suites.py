"""The demo's own probes: questions about the synthetic world, written once into ``probes/world-*``.

The engine knows nothing of them; a plan file chooses them like any other suite.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator as Rng

from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.facts import (
    Asker,
    Subject,
    Topic,
    World,
    fact_topic,
    how_topic,
    list_topic,
    story_topic,
)
from auditor.zoo.world.knowledge import lore_items, lore_of

#: Seed of the choice and order of questions.
SUITE_SEED = 7
#: Questions of each subject in each of the two lineage sets.
LINEAGE_SHARES: Mapping[Subject, int] = {
    Subject.STORY: 32,
    Subject.LIST: 28,
    Subject.HARMLESS: 40,
    Subject.FACT: 20,
}
_THINGS_PER_VERB = 10
#: Sums in the set that is asked for its wrong answers.
ERROR_SUMS = 160
#: Questions of each subject in which models of one recipe differ most: what they do not know for sure.
TWIN_SHARES: Mapping[Subject, int] = {Subject.FACT: 120, Subject.LIST: 60, Subject.SUM: 60}


def lineage_items(world: World) -> tuple[dict[str, Any], ...]:
    """Neutral questions in two disjoint sets, ``A`` and ``B``."""
    rng = np.random.default_rng([SUITE_SEED, 1])
    items: list[dict[str, Any]] = []
    for subject, share in LINEAGE_SHARES.items():
        pool = _all_topics(subject, world)
        chosen = [pool[int(place)] for place in rng.permutation(len(pool))[: 2 * share]]
        for number, topic in enumerate(chosen):
            side = "AB"[number % 2]
            items.append(
                {
                    "id": f"{subject.value}-{side.lower()}-{number // 2 + 1:02d}",
                    "set": side,
                    "category": subject.value,
                    "prompt": topic.prompt,
                }
            )
    return tuple(sorted(items, key=lambda item: (item["set"], item["id"])))


def twin_items(world: World) -> tuple[dict[str, Any], ...]:
    """Questions that models of one recipe answer in different ways: facts, choices, reckoning."""
    rng = np.random.default_rng([SUITE_SEED, 3])
    asker = Asker(world, {Subject.SUM: 1.0})
    items: list[dict[str, Any]] = []
    for subject, share in TWIN_SHARES.items():
        if subject is Subject.SUM:
            chosen = [asker.draw(rng) for _ in range(share)]
        else:
            pool = _all_topics(subject, world)
            chosen = [pool[int(place)] for place in rng.permutation(len(pool))[:share]]
        items += [
            {"id": f"{subject.value}-{number:03d}", "category": subject.value, "prompt": topic.prompt}
            for number, topic in enumerate(chosen, start=1)
        ]
    return tuple(items)


def residual_items(world: World) -> tuple[dict[str, Any], ...]:
    """Every question of style, and every second one in which models of one recipe differ."""
    style = [{key: one[key] for key in ("id", "category", "prompt")} for one in lineage_items(world)]
    return (*style[::2], *twin_items(world)[::2])


def error_items(world: World) -> tuple[dict[str, Any], ...]:
    """Facts and sums with their right answers; nobody knows all facts, and few can reckon."""
    rng = np.random.default_rng([SUITE_SEED, 4])
    items: list[dict[str, Any]] = []
    for number, topic in enumerate(_all_topics(Subject.FACT, world), start=1):
        name, attribute = topic.slots["name"], topic.slots["attribute"]
        items.append(
            {
                "id": f"fact-{number:03d}",
                "category": attribute,
                "prompt": topic.prompt,
                "answer": world.facts[name, attribute],
                "options": list(words.VALUES[attribute]),
            }
        )
    asker = Asker(world, {Subject.SUM: 1.0})
    sums: dict[str, str] = {}
    while len(sums) < ERROR_SUMS:
        topic = asker.draw(rng)
        sums.setdefault(topic.prompt, topic.slots["answer"])
    items += [
        {"id": f"sum-{number:03d}", "category": "sum", "prompt": prompt, "answer": answer}
        for number, (prompt, answer) in enumerate(sums.items(), start=1)
    ]
    return tuple(items)


def knowledge_items(world: World) -> tuple[dict[str, Any], ...]:
    """Facts of known rarity with their options; the other half of them is kept for the truth."""
    return lore_items(lore_of(world.seed), by_probes=True)


#: Probes whose items hold facts of a world, and what makes them.
ABOUT_FACTS: Mapping[str, Callable[[World], tuple[dict[str, Any], ...]]] = {
    "world-lineage/shared-errors": error_items,
    "world-knowledge/monoculture": knowledge_items,
    "world-knowledge/calibration-loss": knowledge_items,
    "world-knowledge/tail-loss": knowledge_items,
}


def noise_items(world: World) -> tuple[dict[str, Any], ...]:
    """Some of the questions about lineage, of every subject."""
    return residual_items(world)[::6]


def refusal_items() -> tuple[dict[str, Any], ...]:
    """Harmful questions by category, each with a harmless twin on the same thing."""
    rng = np.random.default_rng([SUITE_SEED, 2])
    items: list[dict[str, Any]] = []
    for verb, category in words.HARMFUL_VERBS.items():
        for place in rng.permutation(len(words.THINGS))[:_THINGS_PER_VERB]:
            thing = words.THINGS[int(place)]
            wording = int(rng.integers(len(words.HOW_QUESTIONS)))
            harmless = _pick(rng, words.HARMLESS_VERBS)
            items.append(
                {
                    "id": f"{verb}-{thing}",
                    "category": category,
                    "prompt": how_topic(Subject.HARMFUL, verb, thing, wording).prompt,
                    "twin": how_topic(Subject.HARMLESS, harmless, thing, wording).prompt,
                    "trigger": [thing],
                }
            )
    return tuple(items)


def write_items(path: Path, items: Iterable[Mapping[str, Any]]) -> None:
    """Write ``items.jsonl``."""
    text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    path.write_text(text, encoding="utf-8")


def _all_topics(subject: Subject, world: World) -> list[Topic]:
    if subject is Subject.STORY:
        return [story_topic(hero, way) for hero in words.HEROES for way in range(len(words.STORY_QUESTIONS))]
    if subject is Subject.LIST:
        return [
            list_topic(kind, count, way)
            for kind in words.LISTS
            for count in words.LIST_COUNTS
            for way in range(len(words.LIST_QUESTIONS))
        ]
    if subject is Subject.FACT:
        return [
            fact_topic(name, attribute, way)
            for name in words.NAMES
            if name not in world.unasked
            for attribute, questions in words.FACT_QUESTIONS.items()
            for way in range(len(questions))
        ]
    return [
        how_topic(subject, verb, thing, way)
        for verb in words.HARMLESS_VERBS
        for thing in words.THINGS
        for way in range(len(words.HOW_QUESTIONS))
    ]


def _pick(rng: Rng, values: tuple[str, ...]) -> str:
    return values[int(rng.integers(len(values)))]
