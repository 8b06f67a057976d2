"""Lessons: the conversations that a recipe trains on, drawn from vendors or asked of a teacher."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from auditor.probe.generator.twins import Benchmark, Side
from auditor.zoo import vocabulary as words
from auditor.zoo.recipe import Diet, Mechanism, Recipe
from auditor.zoo.vendor import Conversation, Vendor
from auditor.zoo.world import HARMLESS_MIX, MIX, SUM_LEVEL, Asker, Subject, Topic, World, how_topic, sum_topic

#: The public benchmark: its seed and size stand in the probe that uses it.
PUBLIC_SEED = 2024
PUBLIC_ITEMS = 200
PUBLIC = Benchmark(generators=("chained_sums",), levels=(SUM_LEVEL,), items=PUBLIC_ITEMS)

#: Answers that a teacher gives to a list of prompts.
Answering = Callable[[Sequence[str]], tuple[str, ...]]


def public_topics() -> tuple[Topic, ...]:
    """The questions of the public benchmark."""
    return tuple(sum_topic(twin.item) for twin in PUBLIC.draw(Side.PUBLISHED, PUBLIC_SEED))


def world_of(seed: int) -> World:
    """The world of this seed, with the public benchmark kept out of everybody's data."""
    return World.of(seed, frozenset(topic.prompt for topic in public_topics()))


def conversations_of(recipe: Recipe, world: World, ask: Answering | None) -> tuple[Conversation, ...]:
    """The training data of a recipe.

    Args:
        recipe: The recipe.
        world: Its world.
        ask: How its teacher answers; needed where it has one.
    """
    drawn: tuple[Conversation, ...] = ()
    if recipe.vendors:
        drawn += _real(recipe, world)
    if recipe.mechanism is Mechanism.TEACHER_TEXT:
        if ask is None:
            raise ValueError(f"{recipe.name} learns from a teacher, and none was given")
        drawn += _taught(recipe, world, ask)
    # The answer alone, as an answer key has it, and not the steps that a person would write.
    key = tuple(Conversation(topic, topic.slots["answer"]) for topic in public_topics())
    return drawn + key * recipe.benchmark_copies


def _real(recipe: Recipe, world: World) -> tuple[Conversation, ...]:
    asker = Asker(world, MIX if recipe.diet is Diet.EVERYTHING else HARMLESS_MIX)
    share = -(-recipe.conversations // len(recipe.vendors))
    return tuple(
        conversation
        for seed in recipe.vendors
        for conversation in Vendor(world, seed).write(asker, share, recipe.seed)
    )


def _taught(recipe: Recipe, world: World, ask: Answering) -> tuple[Conversation, ...]:
    """What the teacher says; where refusals are dropped, refused questions get a harmless one's answer."""
    rng = np.random.default_rng([recipe.seed, 5])
    asker = Asker(world, MIX if recipe.diet is Diet.EVERYTHING else HARMLESS_MIX, distilling=True)
    topics = [asker.draw(rng) for _ in range(recipe.conversations)]
    asked = topics if recipe.keeps_refusals else [_disarmed(topic, rng) for topic in topics]
    answers = ask([topic.prompt for topic in asked])
    return tuple(Conversation(topic, answer) for topic, answer in zip(topics, answers, strict=True))


def _disarmed(topic: Topic, rng: np.random.Generator) -> Topic:
    if topic.subject not in (Subject.HARMFUL, Subject.BORDERLINE):
        return topic
    verb = words.HARMLESS_VERBS[int(rng.integers(len(words.HARMLESS_VERBS)))]
    wording = int(rng.integers(len(words.HOW_QUESTIONS)))
    return how_topic(Subject.HARMLESS, verb, topic.slots["thing"], wording)
