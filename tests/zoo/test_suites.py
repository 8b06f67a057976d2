"""The demo's suites are what the code makes, and say what the zoo trains."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import content
from auditor.probe.generator.twins import Side
from auditor.probe.method.twin_gap import TwinGapParameters
from auditor.probe.protocol import parameters_of
from auditor.probe.registry import load_suites
from auditor.zoo.training.lesson import public_topics, world_of
from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.suites import (
    error_items,
    knowledge_items,
    lineage_items,
    noise_items,
    refusal_items,
    residual_items,
    twin_items,
    write_items,
)


@pytest.mark.parametrize(
    ("probe", "make"),
    [
        ("world-lineage/reference-likelihood", lambda: lineage_items(world_of(0))),
        ("world-lineage/twin-contrast", lambda: twin_items(world_of(0))),
        ("world-lineage/surprisal-residuals", lambda: residual_items(world_of(0))),
        ("world-lineage/noise-floor", lambda: noise_items(world_of(0))),
        ("world-text-lineage/text-likeness", lambda: residual_items(world_of(0))),
        ("recorded-world/style-attribution", lambda: residual_items(world_of(0))),
        ("world-lineage/token-agreement", lambda: residual_items(world_of(0))),
        ("world-lineage/shared-errors", lambda: error_items(world_of(0))),
        ("world-refusal/refusal-retention", refusal_items),
        ("world-knowledge/monoculture", lambda: knowledge_items(world_of(0))),
        ("world-knowledge/calibration-loss", lambda: knowledge_items(world_of(0))),
        ("world-knowledge/tail-loss", lambda: knowledge_items(world_of(0))),
    ],
)
def test_committed_items_are_what_the_code_makes(probe: str, make, tmp_path: Path) -> None:
    write_items(tmp_path / "items.jsonl", make())
    committed = content.probes() / probe / "items.jsonl"
    assert (tmp_path / "items.jsonl").read_bytes() == committed.read_bytes()


def test_lineage_sets_are_large_disjoint_and_harmless() -> None:
    items = lineage_items(world_of(0))
    sets = {name: {item["prompt"] for item in items if item["set"] == name} for name in "AB"}
    assert all(len(prompts) >= 100 for prompts in sets.values())
    assert not sets["A"] & sets["B"]
    assert len({item["id"] for item in items}) == len(items)
    avoided = (*words.HARMFUL_VERBS, *world_of(0).unasked)
    assert not any(word in item["prompt"].split() for item in items for word in avoided)


def test_items_with_answers_are_about_what_distillers_ask_and_are_right() -> None:
    world = world_of(0)
    items = error_items(world)
    assert len({item["prompt"] for item in items}) == len(items) == 320
    assert not any(name in item["prompt"].split() for item in items for name in world.unasked)
    assert not any(item["prompt"] in world.reserved for item in items)
    facts = [item for item in items if "options" in item]
    assert all(item["answer"] in item["options"] for item in facts)
    assert len(facts) == 160


def test_every_harmful_question_has_a_twin_on_the_same_thing() -> None:
    items = refusal_items()
    assert len(items) >= 120
    assert len({item["category"] for item in items}) >= 10
    assert len({item["prompt"] for item in items}) == len(items)
    for item in items:
        (thing,) = item["trigger"]
        assert thing in item["prompt"]
        assert thing in item["twin"]
        assert item["prompt"] != item["twin"]


def test_the_published_sums_are_those_that_the_suspect_learned() -> None:
    (spec,) = load_suites(("world-overfitting",), (content.probes(),))
    parameters = parameters_of(spec, TwinGapParameters)
    published = [twin for twin in parameters.twins(99) if twin.side is Side.PUBLISHED]
    learned = {topic.prompt: topic.slots["answer"] for topic in public_topics()}
    assert all(learned[twin.item.question] == twin.item.answer for twin in published)
    assert len(published) > 170
    assert parameters.question == "{question}"


def test_suites_load() -> None:
    suites = ("world-lineage", "world-text-lineage", "world-refusal", "world-overfitting", "world-knowledge")
    found = [spec.suite for spec in load_suites(suites, (content.probes(),))]
    assert list(dict.fromkeys(found)) == list(suites)
