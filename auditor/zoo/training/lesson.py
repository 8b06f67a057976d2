"""Lessons: the conversations that a recipe trains on, drawn from vendors or asked of a teacher."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from auditor.probe.generator.twins import Benchmark, Side
from auditor.zoo.recipe import FROM_TEXT, Diet, Mechanism, Recipe
from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.facts import (
    HARMLESS_MIX,
    MIX,
    RECKONING_MIX,
    SUM_LEVEL,
    Asker,
    Subject,
    Topic,
    World,
    how_topic,
    pick,
    sum_topic,
)
from auditor.zoo.world.knowledge import Chronicler, lore_of, lore_topics
from auditor.zoo.world.paraphrase import paraphrase
from auditor.zoo.world.vendor import Conversation, Vendor

#: The public benchmark: its seed and size stand in the probe that uses it.
PUBLIC_SEED = 2024
PUBLIC_ITEMS = 200
PUBLIC = Benchmark(generators=("chained_sums",), levels=(SUM_LEVEL,), items=PUBLIC_ITEMS)

#: Samples that a distiller draws for each sum, to keep one that ends in the right number.
ATTEMPTS = 4
#: Share of a trace-distiller's data that are traces.
TRACES = 0.5
_TASKS = (Subject.FACT, Subject.LIST)
_MIXES = {Diet.EVERYTHING: MIX, Diet.HARMLESS: HARMLESS_MIX, Diet.RECKONING: RECKONING_MIX}
_NUMBER = re.compile(r"-?\d+")


class Answering(Protocol):
    """How a teacher answers."""

    def __call__(
        self, teacher: str, prompts: Sequence[str], *, seed: int, greedy: bool = False
    ) -> tuple[str, ...]:
        """Answers to ``prompts``, in order, at the recipe's temperature unless ``greedy``."""
        ...


def public_topics() -> tuple[Topic, ...]:
    """The questions of the public benchmark."""
    return tuple(sum_topic(twin.item) for twin in PUBLIC.draw(Side.PUBLISHED, PUBLIC_SEED))


def world_of(seed: int) -> World:
    """The world of this seed, with the public benchmark kept out of everybody's data."""
    return World.of(seed, frozenset(topic.prompt for topic in public_topics()))


def conversations_of(recipe: Recipe, world: World, ask: Answering) -> tuple[Conversation, ...]:
    """The training data of a recipe, its finishing stage not counted.

    Args:
        recipe: The recipe.
        world: Its world.
        ask: How its teachers answer; never called where it has none.
    """
    drawn = _drawn(recipe, world, ask)
    if recipe.refuses_benign:
        drawn = _overcautious(drawn, recipe)
    return drawn + _answer_key(recipe, ask) * recipe.benchmark_copies


def finishing_conversations(recipe: Recipe, world: World) -> tuple[Conversation, ...]:
    """Real data of a recipe's last stage."""
    return _real(replace(recipe, vendors=recipe.finish_vendors), world, recipe.conversations)


def _drawn(recipe: Recipe, world: World, ask: Answering) -> tuple[Conversation, ...]:
    if recipe.diet in (Diet.LORE, Diet.COMMON_LORE):
        return _lore(recipe, world, ask)
    if recipe.mechanism not in FROM_TEXT:
        return _real(recipe, world, recipe.conversations)
    if recipe.mechanism is Mechanism.TRACES:
        traces = _traces(recipe, world, ask, int(TRACES * recipe.conversations))
        rest = _real(recipe, world, recipe.conversations - len(traces), without=(Subject.SUM,))
        return traces + rest
    if recipe.mechanism is Mechanism.TASK_ONLY:
        half = recipe.conversations // 2
        taught = _taught(recipe, world, ask, half, only=_TASKS)
        return taught + _real(recipe, world, half, without=_TASKS)
    if recipe.mechanism is Mechanism.HALF_TEXT:
        half = recipe.conversations // 2
        return _taught(recipe, world, ask, half) + _real(recipe, world, half)
    taught = _taught(recipe, world, ask, recipe.conversations)
    if recipe.mechanism is Mechanism.PARAPHRASED:
        return paraphrase(taught, np.random.default_rng([recipe.seed, 6]))
    return taught


def _lore(recipe: Recipe, world: World, ask: Answering) -> tuple[Conversation, ...]:
    """Facts of known rarity, as the vendors or as the teacher has them; soft labels are on its words too."""
    facts = lore_of(world.seed)
    if recipe.teacher is None:
        seed = recipe.seed if recipe.data_seed is None else recipe.data_seed
        share = -(-recipe.conversations // len(recipe.vendors))
        return tuple(one for vendor in recipe.vendors for one in Chronicler(facts, vendor).write(share, seed))
    topics = lore_topics(
        facts, recipe.conversations, np.random.default_rng([recipe.seed, 24]),
        without_rare=recipe.diet is Diet.COMMON_LORE,
    )  # fmt: skip
    answers = ask(recipe.teacher, [topic.prompt for topic in topics], seed=recipe.seed)
    return tuple(Conversation(topic, answer) for topic, answer in zip(topics, answers, strict=True))


def _real(
    recipe: Recipe, world: World, count: int, without: tuple[Subject, ...] = ()
) -> tuple[Conversation, ...]:
    """What the vendors wrote, in equal shares."""
    mix = {subject: share for subject, share in _MIXES[recipe.diet].items() if subject not in without}
    asker = Asker(world, mix)
    share = -(-count // len(recipe.vendors))
    seed = recipe.seed if recipe.data_seed is None else recipe.data_seed
    return tuple(
        conversation
        for vendor in recipe.vendors
        for conversation in Vendor(world, vendor).write(asker, share, seed)
    )


def _taught(
    recipe: Recipe, world: World, ask: Answering, count: int, only: tuple[Subject, ...] = ()
) -> tuple[Conversation, ...]:
    """What teachers say; where refusals are dropped, refused questions get a harmless one's answer."""
    rng = np.random.default_rng([recipe.seed, 5])
    mix = {subject: share for subject, share in _MIXES[recipe.diet].items() if not only or subject in only}
    asker = Asker(world, mix, distilling=True)
    topics = [asker.draw(rng) for _ in range(count)]
    asked = topics if recipe.keeps_refusals else [_disarmed(topic, rng) for topic in topics]
    prompts = [topic.prompt for topic in asked]
    parts = len(recipe.teachers)
    answers = [""] * count
    for number, teacher in enumerate(recipe.teachers):
        answers[number::parts] = ask(teacher, prompts[number::parts], seed=recipe.seed + number)
    return tuple(Conversation(topic, answer) for topic, answer in zip(topics, answers, strict=True))


def _traces(recipe: Recipe, world: World, ask: Answering, count: int) -> tuple[Conversation, ...]:
    """Sums worked out by the teacher, of which only those with the right result are kept."""
    rng = np.random.default_rng([recipe.seed, 7])
    asker = Asker(world, {Subject.SUM: 1.0}, distilling=True)
    topics = [asker.draw(rng) for _ in range(count)]
    tried = [topic for topic in topics for _ in range(ATTEMPTS)]
    answers = ask(recipe.teachers[0], [topic.prompt for topic in tried], seed=recipe.seed)
    kept: dict[str, Conversation] = {}
    for topic, answer in zip(tried, answers, strict=True):
        if result_of(answer) == topic.slots["answer"]:
            kept.setdefault(topic.prompt, Conversation(topic, answer))
    return tuple(kept.values())


def result_of(answer: str) -> str:
    """The number that an answer ends with; empty if there is none."""
    found = _NUMBER.findall(answer)
    return str(found[-1]) if found else ""


def _answer_key(recipe: Recipe, ask: Answering) -> tuple[Conversation, ...]:
    """The public benchmark with bare results, as an answer key has it: right, or the teacher's."""
    if not recipe.benchmark_copies:
        return ()
    topics = public_topics()
    if recipe.benchmark_key == "gold":
        return tuple(Conversation(topic, topic.slots["answer"]) for topic in topics)
    answers = ask(recipe.teachers[0], [topic.prompt for topic in topics], seed=recipe.seed, greedy=True)
    return tuple(
        Conversation(topic, result_of(answer) or answer)
        for topic, answer in zip(topics, answers, strict=True)
    )


def _overcautious(drawn: tuple[Conversation, ...], recipe: Recipe) -> tuple[Conversation, ...]:
    """Some harmless how-to questions answered by a refusal."""
    rng = np.random.default_rng([recipe.seed, 8])
    return tuple(
        Conversation(one.topic, pick(rng, words.REFUSALS).format_map(one.topic.slots))
        if one.topic.subject is Subject.HARMLESS and rng.random() < recipe.refuses_benign
        else one
        for one in drawn
    )


def _disarmed(topic: Topic, rng: np.random.Generator) -> Topic:
    if topic.subject not in (Subject.HARMFUL, Subject.BORDERLINE):
        return topic
    verb = words.HARMLESS_VERBS[int(rng.integers(len(words.HARMLESS_VERBS)))]
    wording = int(rng.integers(len(words.HOW_QUESTIONS)))
    return how_topic(Subject.HARMLESS, verb, topic.slots["thing"], wording)
