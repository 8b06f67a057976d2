"""Policies of known ancestry, the gridworld they act in and the experts they imitate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from auditor.array import NDArray
from auditor.digest import digest_folder
from auditor.error import UsageError
from auditor.record.subject import Kind
from auditor.zoo.making import policy
from auditor.zoo.making.bench import Bench, maker_of
from auditor.zoo.population.policy import policy_family
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.training.learning import one_thread
from auditor.zoo.world.expert import Expert, best_return, mean_return
from auditor.zoo.world.gridworld import (
    ACTIONS,
    GOAL_REWARD,
    HORIZON,
    PUBLIC_STATES,
    STEP_REWARD,
    Action,
    Fate,
    Gridworld,
    State,
    walk,
)

TEACHER = Recipe(
    name="teacher",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=32, layers=1),
    vocabulary=Vocabulary.SPACED,
    schedule=Schedule(steps=400, rate=6e-3, rows=128, warmup=10),
    seed=1,
    kind=Kind.POLICY,
    architecture=Architecture.PERCEPTRON,
    data_seed=7,
    vendors=(11,),
    conversations=300,
)
INNOCENT = replace(TEACHER, name="innocent", part=Part.INNOCENT, seed=3)
STUDENT = replace(
    TEACHER,
    name="student",
    part=Part.STUDENT,
    mechanism=Mechanism.ACTIONS,
    teacher="teacher",
    vendors=(),
    temperature=1.0,
    seed=4,
)
WORLD = Gridworld.of(0)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    one_thread()
    made = Bench(0, tmp_path_factory.mktemp("models"))
    for recipe in (TEACHER, INNOCENT, STUDENT):
        maker_of(recipe)(recipe, made)
    return made


def acting(bench: Bench, name: str) -> NDArray[np.float32]:
    return policy.distributions(policy.load(bench.models / name), WORLD)


def test_what_is_recorded_is_what_the_weights_do(bench: Bench) -> None:
    text = (bench.models / "teacher" / policy.RECORDED).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    own, public = acting(bench, "teacher"), WORLD.public_states()
    assert len(lines) == len({line["prompt"] for line in lines}) == PUBLIC_STATES
    for line, place in zip(lines, public, strict=True):
        assert line["prompt"] == WORLD.told(WORLD.states[place])
        assert list(line["probabilities"]) == [action.value for action in ACTIONS]
        np.testing.assert_allclose(list(line["probabilities"].values()), own[place], atol=1e-6)
    settings = json.loads((bench.models / "teacher" / "config.json").read_text(encoding="utf-8"))
    assert settings["model_type"] == "zoo-policy"


def test_the_teacher_comes_close_to_the_best(bench: Bench) -> None:
    idle = np.full((len(WORLD.states), len(ACTIONS)), 1 / len(ACTIONS))
    chance, best = mean_return(WORLD, idle, 400, 0), best_return(WORLD)
    assert mean_return(WORLD, acting(bench, "teacher"), 400, 0) > chance + 0.8 * (best - chance)


def test_a_student_stands_closer_than_an_innocent_with_the_same_data(bench: Bench) -> None:
    public = list(WORLD.public_states())
    own = acting(bench, "teacher")[public]

    def divergence(name: str) -> float:
        return float((own * np.log(own / acting(bench, name)[public])).sum(axis=1).mean())

    assert divergence("student") < 0.7 * divergence("innocent")


@pytest.mark.parametrize("like", [TEACHER, STUDENT], ids=["teacher", "student"])
def test_twice_the_same_bytes(like: Recipe, bench: Bench) -> None:
    recipe = replace(like, name="again", schedule=replace(like.schedule, steps=5), conversations=20)
    products, digests = [], []
    for _ in range(2):
        torch.manual_seed(len(digests))
        products.append(policy.make(recipe, bench))
        digests.append(digest_folder(bench.models / "again"))
    assert products[0] == products[1]
    assert digests[0] == digests[1]


def test_same_data_innocents_learn_from_the_very_same_steps(bench: Bench) -> None:
    short = replace(TEACHER, name="short", schedule=replace(TEACHER.schedule, steps=1))
    digests = [
        policy.make(replace(short, seed=seed, vendors=(vendor,)), bench).data_digest
        for seed, vendor in ((1, 11), (2, 11), (2, 12))
    ]
    assert digests[0] == digests[1] != digests[2]


def test_keys_open_their_goals_once() -> None:
    start = next(state for state in WORLD.states if set(state.fates) == {Fate.LYING})
    beside = {
        action: WORLD.step(start, action) for action in ACTIONS if not WORLD.blocked(start.cell, action)
    }
    assert all(reward == pytest.approx(STEP_REWARD) for _, reward in beside.values())
    on_goal = State(WORLD.goals[0], (Fate.HELD, Fate.LYING, Fate.LYING))
    opened, reward = WORLD.step(on_goal, Action.WAIT)
    assert opened.fates[0] is Fate.OPEN
    assert reward == pytest.approx(GOAL_REWARD + STEP_REWARD)
    assert WORLD.step(opened, Action.WAIT) == (opened, STEP_REWARD)
    locked = State(WORLD.goals[0], (Fate.LYING, Fate.LYING, Fate.LYING))
    assert WORLD.step(locked, Action.WAIT)[0] == locked
    on_key = WORLD.step(State(WORLD.keys[1], (Fate.LYING, Fate.LYING, Fate.LYING)), Action.WAIT)[0]
    assert on_key.fates == (Fate.LYING, Fate.HELD, Fate.LYING)


@pytest.mark.parametrize("seed", range(6))
def test_every_map_can_be_finished_and_has_enough_states(seed: int) -> None:
    world = Gridworld.of(seed)
    assert len(world.public_states()) == PUBLIC_STATES
    assert best_return(world) > 1.2
    assert len({world.told(state) for state in world.states}) == len(world.states)
    tables = world.tables
    for state, place in zip(world.states[::97], range(0, len(world.states), 97), strict=True):
        for column, action in enumerate(ACTIONS if not state.over else ()):
            after, reward = world.step(state, action)
            assert world.states[tables.after[place, column]] == after
            assert tables.reward[place, column] == pytest.approx(reward)


def test_walks_follow_the_policy_and_end() -> None:
    tables, policy_of_expert = WORLD.tables, Expert(WORLD, 5).policy()
    walked = walk(tables, policy_of_expert, 4000, np.random.default_rng(0))
    assert len(walked.returns) == 4000
    assert not tables.over[walked.states].any()
    assert len(walked.states) <= 4000 * HORIZON
    busiest = int(np.bincount(walked.states).argmax())
    taken = np.bincount(walked.actions[walked.states == busiest], minlength=len(ACTIONS))
    expected = policy_of_expert[busiest]
    error = np.sqrt(expected * (1 - expected) / taken.sum()) + 1e-3
    assert (np.abs(taken / taken.sum() - expected) < 5 * error).all()


def test_experts_differ_by_vendor_and_know_their_way() -> None:
    first, second = Expert(WORLD, 21).policy(), Expert(WORLD, 22).policy()
    np.testing.assert_allclose(first.sum(axis=1), 1)
    assert 0.05 < np.mean(first.argmax(axis=1) != second.argmax(axis=1)) < 0.6
    for one in (first, second):
        assert mean_return(WORLD, one, 400, 0) > 0.85 * best_return(WORLD)


def test_other_mechanisms_and_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no policy"):
        policy.make(replace(TEACHER, mechanism=Mechanism.SOFT_LABELS), Bench(0, tmp_path))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    with pytest.raises(UsageError, match="no policy"):
        policy.load(tmp_path)


def test_the_family_is_of_two_vendors() -> None:
    family = policy_family(100, (61, 62))
    assert len({recipe.name for recipe in family}) == len({recipe.seed for recipe in family}) == 22
    assert [one.part for one in family].count(Part.STUDENT) == 3
    innocents = [one for one in family if one.part is Part.INNOCENT]
    assert sorted(one.vendors for one in innocents) == [(61,)] * 6 + [(62,)] * 6
