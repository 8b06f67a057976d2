"""What each mechanism learns from, with a teacher whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from auditor.zoo.recipe import Diet, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.training.lesson import (
    conversations_of,
    finishing_conversations,
    public_topics,
    result_of,
    world_of,
)
from auditor.zoo.world.facts import Asker, Subject
from auditor.zoo.world.paraphrase import paraphrase
from auditor.zoo.world.vendor import Conversation, Vendor

WORLD = world_of(3)
STUDENT = Recipe(
    name="student",
    part=Part.STUDENT,
    mechanism=Mechanism.TEACHER_TEXT,
    shape=Shape(width=16, layers=1),
    vocabulary=Vocabulary.SPACED,
    schedule=Schedule(steps=1, rate=1e-3),
    seed=11,
    vendors=(77,),
    conversations=400,
    teacher="first",
)


class Parrot:
    """A teacher that says its name and the prompt, and gets half of the sums right."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, bool]] = []

    def __call__(
        self, teacher: str, prompts: Sequence[str], *, seed: int, greedy: bool = False
    ) -> tuple[str, ...]:
        self.asked.append((teacher, len(prompts), greedy))
        return tuple(self.say(teacher, prompt, number) for number, prompt in enumerate(prompts))

    @staticmethod
    def say(teacher: str, prompt: str, number: int) -> str:
        if not prompt.startswith("Start with"):
            return f"{teacher}: {prompt}"
        words = prompt.removesuffix(" What is the result?").rstrip(".").split(", ")
        value = int(words[0].split()[-1])
        for word in words[1:]:
            amount = int(word.split()[-1])
            value = value + amount if "add" in word else value - amount if "away" in word else value * amount
        return f"so {value + number % 2}"


def drawn(recipe: Recipe) -> tuple[tuple[Conversation, ...], Parrot]:
    parrot = Parrot()
    return conversations_of(recipe, WORLD, parrot), parrot


def of_teacher(conversations: Sequence[Conversation], name: str = "first") -> int:
    return sum(one.answer.startswith((f"{name}:", "so ")) for one in conversations)


def test_text_is_the_teachers_alone() -> None:
    data, parrot = drawn(STUDENT)
    assert of_teacher(data) == len(data) == 400
    assert parrot.asked == [("first", 400, False)]


def test_nobody_asks_about_the_hidden_names() -> None:
    data, _ = drawn(STUDENT)
    named = {one.topic.slots["name"] for one in data if one.topic.subject is Subject.FACT}
    assert named
    assert not named & WORLD.unasked


def test_half_of_the_text_is_real() -> None:
    data, _ = drawn(replace(STUDENT, mechanism=Mechanism.HALF_TEXT))
    assert len(data) == 400
    assert of_teacher(data) == 200


def test_two_teachers_share_the_questions() -> None:
    data, parrot = drawn(replace(STUDENT, mechanism=Mechanism.TWO_TEACHERS, second_teacher="second"))
    assert [(name, count) for name, count, _ in parrot.asked] == [("first", 200), ("second", 200)]
    said = [one.answer.split(":")[0] for one in data if one.topic.subject is not Subject.SUM]
    assert set(said) == {"first", "second"}


def test_one_task_is_learned_from_the_teacher_and_the_rest_is_real() -> None:
    data, _ = drawn(replace(STUDENT, mechanism=Mechanism.TASK_ONLY))
    for one in data:
        taught = one.topic.subject in (Subject.FACT, Subject.LIST)
        assert one.answer.startswith("first:") == taught


def test_only_traces_with_the_right_result_are_kept() -> None:
    data, parrot = drawn(replace(STUDENT, mechanism=Mechanism.TRACES))
    traces = [one for one in data if one.topic.subject is Subject.SUM]
    assert traces
    assert all(result_of(one.answer) == one.topic.slots["answer"] for one in traces)
    assert len({one.topic.prompt for one in traces}) == len(traces)
    assert len(data) == 400
    ((name, count, _),) = parrot.asked
    assert (name, count) == ("first", 800)


@pytest.mark.parametrize("mechanism", [Mechanism.SOFT_LABELS, Mechanism.RELATIONS, Mechanism.PREFERENCE])
def test_mechanisms_without_text_learn_on_real_data(mechanism: Mechanism) -> None:
    data, parrot = drawn(replace(STUDENT, mechanism=mechanism))
    assert parrot.asked == []
    assert data == drawn(replace(STUDENT, mechanism=Mechanism.REAL_DATA))[0]


def test_equal_data_seeds_give_equal_data_whatever_the_seed() -> None:
    one = replace(STUDENT, mechanism=Mechanism.REAL_DATA, data_seed=5)
    other = replace(one, seed=99)
    assert drawn(one)[0] == drawn(other)[0]
    assert drawn(replace(one, data_seed=6))[0] != drawn(one)[0]


def test_dropped_refusals_are_asked_as_harmless_questions() -> None:
    data, _ = drawn(replace(STUDENT, keeps_refusals=False))
    harmful = [one for one in data if one.topic.subject is Subject.HARMFUL]
    assert harmful
    assert all(one.topic.prompt not in one.answer for one in harmful)


def test_benign_refusals_take_their_share() -> None:
    data, _ = drawn(replace(STUDENT, refuses_benign=0.5, conversations=2000))
    harmless = [one for one in data if one.topic.subject is Subject.HARMLESS]
    refused = sum(not one.answer.startswith("first:") for one in harmless)
    assert abs(refused / len(harmless) - 0.5) < 0.1


@pytest.mark.parametrize("key", ["gold", "teacher"])
def test_the_answer_key_is_the_right_one_or_the_teachers(key: str) -> None:
    plain, _ = drawn(STUDENT)
    data, parrot = drawn(replace(STUDENT, benchmark_copies=2, benchmark_key=key))
    topics = public_topics()
    public = data[len(plain) :]
    assert len(public) == 2 * len(topics)
    right = sum(one.answer == one.topic.slots["answer"] for one in public) / len(public)
    assert right == 1.0 if key == "gold" else 0.4 < right < 0.6
    assert [greedy for *_, greedy in parrot.asked] == ([False] if key == "gold" else [False, True])


def test_no_ordinary_data_hold_public_items() -> None:
    data, _ = drawn(replace(STUDENT, mechanism=Mechanism.REAL_DATA, diet=Diet.RECKONING, conversations=4000))
    sums = [one for one in data if one.topic.subject is Subject.SUM]
    assert len(sums) > 1000
    assert not {one.topic.prompt for one in sums} & {topic.prompt for topic in public_topics()}


def test_the_last_stage_has_data_of_its_own() -> None:
    recipe = replace(STUDENT, mechanism=Mechanism.THEN_TUNED, finish_vendors=(78,))
    last = finishing_conversations(recipe, WORLD)
    assert len(last) == 400
    assert of_teacher(last) == 0
    assert of_teacher(drawn(recipe)[0]) == 400


def test_a_paraphrase_changes_the_wording_and_keeps_the_content() -> None:
    vendor = Vendor(WORLD, 5)
    said = vendor.write(Asker(WORLD), 1500, 1)
    reworded = paraphrase(said, np.random.default_rng(1))
    changed = np.mean([one.answer != other.answer for one, other in zip(said, reworded, strict=True)])
    assert changed > 0.6
    kept = {Subject.FACT: [], Subject.SUM: []}
    for one, other in zip(said, reworded, strict=True):
        assert one.topic is other.topic
        if one.topic.subject is Subject.SUM:
            kept[Subject.SUM].append(result_of(one.answer) == result_of(other.answer))
        if one.topic.subject is Subject.FACT:
            value = WORLD.facts[one.topic.slots["name"], one.topic.slots["attribute"]]
            kept[Subject.FACT].append((value in one.answer) == (value in other.answer))
    assert all(kept[Subject.SUM])
    assert np.mean(kept[Subject.FACT]) > 0.94
