"""Facts of known rarity, and the family of models that learn them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from auditor.digest import digest_json
from auditor.zoo.making.bench import Bench, maker_of
from auditor.zoo.population.presets import recipes
from auditor.zoo.recipe import Birth, Diet, Mechanism, Part, Recipe
from auditor.zoo.register import register_of
from auditor.zoo.training.lesson import conversations_of, world_of
from auditor.zoo.world.knowledge import (
    OFFSET,
    OPTIONS,
    RELATIONS,
    Chronicler,
    is_rare,
    lore_items,
    lore_of,
    lore_topics,
    shares,
)

FACTS = lore_of(1)
FAMILY = {one.name: one for one in recipes("knowledge", 1)}
#: Digests of the recipes of seed 1 as they were before there was this family.
BEFORE = {
    "demo": "sha256:f741faf22bbce2b999e6bff4a22c4ae0edb8c974fb18b638805e6ea353204943",
    "small": "sha256:3989c182bb8c02bd7f843b4f481f92d74847e35f76ad91689e86a09a1b8f3bcd",
    "full": "sha256:fbb3c2df05433522aac2f940629de6de258f55012e71c40fe5108a4e3d2ac111",
}


def test_facts_are_the_world_s_own_and_each_has_its_right_answer_among_four() -> None:
    assert lore_of(1) is FACTS
    assert lore_of.__wrapped__(1) == FACTS != lore_of(2)
    assert len({one.topic.prompt for one in FACTS}) == len(FACTS) == 300
    assert [one.rank for one in FACTS] == list(range(300))
    for one in FACTS:
        assert len(set(one.options)) == OPTIONS
        assert set(one.options) <= set(RELATIONS[one.relation][1])
    assert set(Counter(one.right for one in FACTS)) == set(range(OPTIONS))


def test_facts_are_drawn_as_often_as_is_stated() -> None:
    expected = shares(FACTS)
    assert expected.sum() == pytest.approx(1)
    assert expected[0] / expected[-1] == pytest.approx((300 + OFFSET) / (1 + OFFSET))
    drawn = Counter(one.topic.prompt for one in Chronicler(FACTS, 5).write(60_000, 0))
    counts = np.array([drawn[one.topic.prompt] for one in FACTS])
    assert chisquare(counts, expected * 60_000).pvalue > 1e-4


def test_vendors_disagree_within_and_among_themselves_about_some_facts() -> None:
    said: dict[int, dict[str, set[str]]] = {}
    for seed in (5, 6):
        for one in Chronicler(FACTS, seed).write(60_000, 0):
            said.setdefault(seed, {}).setdefault(one.topic.prompt, set()).add(one.answer)
    disputed = {seed: {prompt for prompt, its in of.items() if len(its) == 2} for seed, of in said.items()}
    assert all(0.5 < len(its) / 300 < 0.7 for its in disputed.values())
    assert disputed[5] != disputed[6]
    assert all(len(its) <= 2 for of in said.values() for its in of.values())


def test_distillers_ask_every_fact_equally_often_or_never_a_rare_one() -> None:
    rng = np.random.default_rng(0)
    every = Counter(one.prompt for one in lore_topics(FACTS, 900, rng, without_rare=False))
    assert set(every.values()) == {3}
    rare = {one.topic.prompt for one in FACTS if is_rare(one, FACTS)}
    asked = {one.prompt for one in lore_topics(FACTS, 900, rng, without_rare=True)}
    assert len(rare) == 100
    assert asked == {one.topic.prompt for one in FACTS} - rare


def test_probes_and_truth_share_no_fact_and_both_are_of_every_rarity() -> None:
    probes, truth = (lore_items(FACTS, by_probes=side) for side in (True, False))
    assert not {one["question"] for one in probes} & {one["question"] for one in truth}
    assert len(probes) == len(truth) == 150
    assert all(sum(one["category"] == "rare" for one in side) == 50 for side in (probes, truth))
    assert all(one["answer"] in one["options"] for one in (*probes, *truth))


@pytest.mark.parametrize("preset", sorted(BEFORE))
def test_other_recipes_are_what_they_were(preset: str) -> None:
    others = [one.digest for one in recipes(preset, 1)]
    assert digest_json(others) == BEFORE[preset]


def test_the_family_is_a_population_of_its_own() -> None:
    """Its teachers would be candidates of every other language model of ``full``."""
    assert not {one.name for one in recipes("full", 1)} & set(FAMILY)


def _members() -> dict[str, tuple[str, ...]]:
    births = [
        Birth(recipe=one, world_seed=1, parents={}, data_digest="", model_digest="", parameters=1, loss=0.0)
        for one in FAMILY.values()
    ]
    return {one.name: one.traits for one in register_of(births)}


def test_traits_are_registered_and_controls_have_none() -> None:
    traits = _members()
    found = Counter(trait for its in traits.values() for trait in its)
    assert found == {"tail-lost": 4, "calibration-lost": 4}
    innocents = [one for one in FAMILY.values() if one.part is Part.INNOCENT]
    teachers = {one.vendors for one in FAMILY.values() if one.part is Part.TEACHER}
    assert sum(one.vendors in teachers for one in innocents) == 6
    assert sum(one.vendors not in teachers for one in innocents) == 6
    assert not any(traits[one.name] for one in innocents)


def _brief(name: str) -> Recipe:
    recipe = FAMILY[name]
    return replace(recipe, conversations=120, schedule=replace(recipe.schedule, steps=3, rows=8, warmup=1))


def test_a_teacher_and_its_students_are_made_and_rare_facts_are_not_asked(tmp_path: Path) -> None:
    bench = Bench(1, tmp_path / "models")
    for name in ("knowledge-teacher-1", "knowledge-soft-1", "tail-lost-1"):
        recipe = _brief(name)
        product = maker_of(recipe)(recipe, bench)
        assert product.parameters > 10_000
        assert np.isfinite(product.loss)
        assert (bench.models / name / "model.safetensors").is_file()


def test_a_student_hears_its_teacher_and_nobody_else() -> None:
    recipe = _brief("tail-lost-3")
    assert recipe.mechanism is Mechanism.SOFT_LABELS
    assert recipe.diet is Diet.COMMON_LORE
    asked: list[str] = []

    def ask(teacher: str, prompts, *, seed: int, greedy: bool = False) -> tuple[str, ...]:
        asked.append(teacher)
        return tuple(f"so {prompt}" for prompt in prompts)

    data = conversations_of(recipe, world_of(1), ask)
    assert asked == ["knowledge-teacher-1"]
    assert all(one.answer == f"so {one.topic.prompt}" for one in data)
