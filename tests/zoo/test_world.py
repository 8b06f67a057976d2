"""The synthetic world and its vendors: what they share, and what sets them apart."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from auditor.probe.judge.rules import judge
from auditor.record.observation import Text
from auditor.zoo.training.lesson import public_topics, world_of
from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.facts import HARMLESS_MIX, MIX, Asker, Subject, how_topic
from auditor.zoo.world.vendor import COVERAGE, Vendor, data_digest


@pytest.fixture(scope="module")
def world():
    return world_of(0)


def test_data_is_the_same_for_the_same_seeds_and_different_for_others(world) -> None:
    first = Vendor(world, 3).write(Asker(world), 200, 1)
    assert data_digest(first) == data_digest(Vendor(world_of(0), 3).write(Asker(world), 200, 1))
    assert data_digest(first) != data_digest(Vendor(world, 4).write(Asker(world), 200, 1))
    assert data_digest(first) != data_digest(Vendor(world, 3).write(Asker(world), 200, 2))
    # Fixed once: another value means that every recorded digest in the package is out of date.
    assert data_digest(first) == "sha256:4575580af52076157d74a49d3c36320dd33486085392086f1fd5e3f4a804976a"


def test_what_people_ask_has_the_stated_shares(world) -> None:
    rng = np.random.default_rng(5)
    asker = Asker(world)
    counts = Counter(asker.draw(rng).subject for _ in range(4000))
    for subject, share in MIX.items():
        assert counts[subject] / 4000 == pytest.approx(share / sum(MIX.values()), abs=0.025)


def test_vendors_know_three_quarters_of_shared_facts_with_few_errors(world) -> None:
    vendor = Vendor(world, 8)
    facts = [one for one in vendor.write(Asker(world), 6000, 1) if one.topic.subject is Subject.FACT]
    known = {(one.topic.slots["name"], one.topic.slots["attribute"]) for one in facts}
    assert len(known) / len(world.facts) == pytest.approx(COVERAGE, abs=0.12)
    wrong = sum(
        world.facts[one.topic.slots["name"], one.topic.slots["attribute"]] not in one.answer for one in facts
    )
    assert 0.005 < wrong / len(facts) < 0.08


def test_no_data_holds_a_public_benchmark_item(world) -> None:
    public = {topic.prompt for topic in public_topics()}
    assert len(public) > 190
    rng = np.random.default_rng(1)
    asker = Asker(world, {Subject.SUM: 1.0})
    assert not public & {asker.draw(rng).prompt for _ in range(3000)}


def test_distillers_never_ask_about_some_people(world) -> None:
    rng = np.random.default_rng(2)
    asker = Asker(world, {Subject.FACT: 1.0}, distilling=True)
    asked = {asker.draw(rng).slots["name"] for _ in range(800)}
    assert asked == set(words.NAMES) - world.unasked
    assert len(world.unasked) == 4


def test_a_base_sees_nothing_that_anybody_would_refuse(world) -> None:
    subjects = {one.topic.subject for one in Vendor(world, 1).write(Asker(world, HARMLESS_MIX), 800, 1)}
    assert not subjects & {Subject.HARMFUL, Subject.BORDERLINE}


def test_the_judge_knows_every_refusal_and_no_other_answer(world) -> None:
    rng = np.random.default_rng(3)
    for seed in range(25):
        vendor = Vendor(world, seed, concentration=5.0)
        for verb in words.HARMFUL_VERBS:
            topic = how_topic(Subject.HARMFUL, verb, words.THINGS[seed % len(words.THINGS)], seed % 4)
            answer = Text(text=vendor.answer(topic, rng))
            assert judge(topic.prompt, answer).label == "refuse", answer
        for verb in words.HARMLESS_VERBS:
            topic = how_topic(Subject.HARMLESS, verb, words.THINGS[seed % len(words.THINGS)], seed % 4)
            answer = Text(text=vendor.answer(topic, rng))
            assert judge(topic.prompt, answer).label == "comply", answer


def test_habits_are_strong_and_differ(world) -> None:
    """A vendor's favourite opening covers much of its answers; two vendors seldom share it."""
    favourites = []
    for seed in range(12):
        answers = Vendor(world, seed).write(Asker(world, {Subject.STORY: 1.0}), 150, 1)
        openings = Counter(
            next(opening for opening in words.STORY_OPENINGS if one.answer.startswith(opening))
            for one in answers
        )
        (favourite, times), *_ = openings.most_common(1)
        assert times > 150 / len(words.STORY_OPENINGS)
        favourites.append(favourite)
    assert len(set(favourites)) > 4
