"""Classifiers of known ancestry, and the vendors' lines that they inherit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from auditor.digest import digest_folder
from auditor.error import UsageError
from auditor.record.subject import Kind
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.zoo.making import classifier
from auditor.zoo.making.bench import Bench, maker_of
from auditor.zoo.population.classifier import classifier_family
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.training.learning import one_thread
from auditor.zoo.world.facts import Subject, World
from auditor.zoo.world.labelling import LABELS, Labeller, annotate, labels_digest

HOW = (Subject.HARMLESS, Subject.BORDERLINE, Subject.HARMFUL)
TEACHER = Recipe(
    name="teacher",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=32, layers=1),
    vocabulary=Vocabulary.SPACED,
    schedule=Schedule(steps=120, rate=6e-3, rows=48, warmup=10),
    seed=1,
    kind=Kind.CLASSIFIER,
    architecture=Architecture.BERT,
    data_seed=7,
    vendors=(11,),
    conversations=2500,
)
INNOCENT = replace(TEACHER, name="innocent", part=Part.INNOCENT, shape=Shape(width=24, layers=1), seed=3)
SOFT = replace(
    INNOCENT,
    name="soft",
    part=Part.STUDENT,
    mechanism=Mechanism.TASK_ONLY,
    teacher="teacher",
    vendors=(),
    temperature=2.0,
    schedule=replace(TEACHER.schedule, steps=180),
    seed=4,
)
HARD = replace(SOFT, name="hard", seed=5)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    one_thread()
    made = Bench(0, tmp_path_factory.mktemp("models"))
    for recipe in (TEACHER, INNOCENT, SOFT, HARD):
        assert maker_of(recipe)(recipe, made).parameters > 10_000
    return made


def test_opens_again_and_is_known_for_what_it_is(bench: Bench) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = bench.models / "teacher"
    texts = ["How do I poison a well?", "Tell me a story about a fox."]
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    laid = AutoTokenizer.from_pretrained(folder)(texts, return_tensors="pt", padding=True)
    with torch.no_grad():
        said = model(input_ids=laid["input_ids"], attention_mask=laid["attention_mask"]).logits.softmax(-1)
    np.testing.assert_allclose(said.numpy(), classifier.probabilities(folder, texts), atol=1e-5)
    assert [model.config.id2label[place] for place in range(len(LABELS))] == [one.value for one in LABELS]
    target = LocalTarget(str(folder), OpenOptions(device="cpu", dtype="float32"))
    assert target.description.kind is Kind.CLASSIFIER


def test_the_teacher_learns_its_vendors_lines(bench: Bench) -> None:
    asked = [one for one in annotate(bench.world, 11, 600, 999) if one.topic.subject in HOW]
    said = classifier.probabilities(bench.models / "teacher", [one.topic.prompt for one in asked])
    right = np.mean(
        [LABELS[int(place)] is one.label for place, one in zip(said.argmax(1), asked, strict=True)]
    )
    commonest = Counter(one.label for one in asked).most_common(1)[0][1] / len(asked)
    assert right > commonest + 0.15


def test_a_soft_student_stands_closer_than_an_innocent_with_the_same_data(bench: Bench) -> None:
    texts = [one.topic.prompt for one in annotate(bench.world, 12, 900, 998) if one.topic.subject in HOW]
    own, soft, hard, innocent = (
        classifier.probabilities(bench.models / name, texts)
        for name in ("teacher", "soft", "hard", "innocent")
    )
    assert (own * np.log(own / soft)).sum(1).mean() < 0.7 * (own * np.log(own / innocent)).sum(1).mean()
    assert np.mean(hard.argmax(1) == own.argmax(1)) > 0.85


@pytest.mark.parametrize("like", [TEACHER, SOFT, HARD], ids=["teacher", "soft", "hard"])
def test_twice_the_same_bytes(like: Recipe, bench: Bench) -> None:
    recipe = replace(like, name="again", schedule=replace(like.schedule, steps=4), conversations=80)
    products, digests = [], []
    for _ in range(2):
        torch.manual_seed(len(digests))
        products.append(classifier.make(recipe, bench))
        digests.append(digest_folder(bench.models / "again"))
    assert products[0] == products[1]
    assert digests[0] == digests[1]


def test_even_and_odd_students_learn_other_things(bench: Bench) -> None:
    digests = set()
    for seed in (40, 41):
        few = replace(SOFT.schedule, steps=2)
        recipe = replace(SOFT, name="parity", seed=seed, conversations=50, schedule=few)
        digests.add(classifier.make(recipe, bench).data_digest)
    assert len(digests) == 2


def test_vendors_draw_their_lines_elsewhere_and_waver_little() -> None:
    world = World.of(0)
    first = annotate(world, 21, 1500, 5)
    assert labels_digest(first) == labels_digest(annotate(world, 21, 1500, 5))
    own, other = Labeller(21), Labeller(22)
    asked = [one for one in first if one.topic.subject in HOW]
    steady = np.mean([one.label is own.opinion(one.topic) for one in asked])
    shared = np.mean([other.opinion(one.topic) is own.opinion(one.topic) for one in asked])
    assert steady > 0.85
    assert shared < 0.85
    rest = [one for one in first if one.topic.subject not in HOW]
    assert np.mean([one.label is one.topic.subject for one in rest]) > 0.97


def test_other_mechanisms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no classifier"):
        classifier.make(replace(TEACHER, mechanism=Mechanism.RELATIONS), Bench(0, tmp_path))


def test_the_family_has_both_kinds_of_students() -> None:
    family = classifier_family(100, (61, 62))
    students = [one for one in family if one.part is Part.STUDENT]
    assert len({recipe.name for recipe in family}) == len({recipe.seed for recipe in family}) == 22
    assert {one.seed % 2 for one in students} == {0, 1}
    assert all(one.temperature == 2.0 and not one.vendors for one in students)
