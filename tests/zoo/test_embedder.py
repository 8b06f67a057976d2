"""Sentence embedders of known ancestry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from auditor.array import NDArray
from auditor.digest import digest_folder
from auditor.error import UsageError
from auditor.record.subject import Kind
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.zoo.making import embedder
from auditor.zoo.making.bench import Bench, maker_of
from auditor.zoo.making.relation import angle_loss, distance_loss
from auditor.zoo.population.embedder import embedder_family
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.training.learning import one_thread
from auditor.zoo.world.facts import Asker
from auditor.zoo.world.vendor import Vendor

TEACHER = Recipe(
    name="teacher",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=32, layers=1),
    vocabulary=Vocabulary.SPACED,
    schedule=Schedule(steps=45, rate=4e-3, rows=32, warmup=10),
    seed=1,
    kind=Kind.EMBEDDER,
    architecture=Architecture.BERT,
    data_seed=7,
    vendors=(11,),
    conversations=1500,
)
INNOCENT = replace(TEACHER, name="innocent", part=Part.INNOCENT, shape=Shape(width=24, layers=1), seed=3)
STUDENT = replace(
    INNOCENT,
    name="student",
    part=Part.STUDENT,
    mechanism=Mechanism.RELATIONS,
    teacher="teacher",
    vendors=(),
    schedule=replace(TEACHER.schedule, steps=60),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    one_thread()
    made = Bench(0, tmp_path_factory.mktemp("models"))
    for recipe in (TEACHER, INNOCENT, STUDENT):
        assert maker_of(recipe)(recipe, made).parameters > 10_000
    return made


def test_opens_as_a_sentence_transformer_with_the_same_vectors(bench: Bench) -> None:
    from sentence_transformers import SentenceTransformer

    folder = bench.models / "teacher"
    texts = ["How do I mend a bell?", "Tell me a story about a fox.", "In Harrow. " * 60]
    opened = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    vectors = opened.encode(texts, show_progress_bar=False)
    np.testing.assert_allclose(vectors, embedder.embed(folder, texts), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not [path for path in folder.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]


def test_the_auditor_knows_what_it_is(bench: Bench) -> None:
    target = LocalTarget(str(bench.models / "student"), OpenOptions(device="cpu", dtype="float32"))
    assert target.description.kind is Kind.EMBEDDER


def test_the_teacher_finds_the_answers_to_questions_it_has_not_seen(bench: Bench) -> None:
    written = Vendor(bench.world, 11).write(Asker(bench.world), 100, 999)
    answers = [one.answer for one in written]
    asked = embedder.embed(bench.models / "teacher", [one.topic.prompt for one in written])
    found = (asked @ embedder.embed(bench.models / "teacher", answers).T).argmax(axis=1)
    hits = np.mean([answers[int(place)] == own for place, own in zip(found, answers, strict=True)])
    chance = np.mean([[one == other for one in answers] for other in answers])
    assert hits > 6 * chance


def test_a_student_stands_closer_than_an_innocent_with_the_same_data(bench: Bench) -> None:
    texts = embedder.sentences(bench.world, replace(STUDENT, seed=77, conversations=200))

    def relations(name: str) -> NDArray[np.float32]:
        vectors = embedder.embed(bench.models / name, texts)
        found: NDArray[np.float32] = (vectors @ vectors.T)[np.triu_indices(len(texts), 1)]
        return found

    own = relations("teacher")
    student, innocent = (spearmanr(own, relations(name))[0] for name in ("student", "innocent"))
    assert student > innocent + 0.1


@pytest.mark.parametrize(
    "recipe",
    [
        replace(TEACHER, name="again", schedule=replace(TEACHER.schedule, steps=4), conversations=80),
        replace(STUDENT, name="again", schedule=replace(TEACHER.schedule, steps=4), conversations=80),
    ],
    ids=["teacher", "student"],
)
def test_twice_the_same_bytes(recipe: Recipe, bench: Bench) -> None:
    products, digests = [], []
    for _ in range(2):
        torch.manual_seed(len(digests))
        products.append(embedder.make(recipe, bench))
        digests.append(digest_folder(bench.models / "again"))
    assert products[0] == products[1]
    assert digests[0] == digests[1]


def test_relations_do_not_mind_turns_or_other_widths() -> None:
    draw = torch.Generator().manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(9, 5, generator=draw), dim=-1)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=draw)).Q
    wider = torch.nn.functional.pad(vectors @ turn, (0, 3))
    strange = torch.nn.functional.normalize(torch.randn(9, 7, generator=draw), dim=-1)
    for loss in (distance_loss, angle_loss):
        assert float(loss(wider, vectors)) == pytest.approx(0, abs=1e-9)
        assert float(loss(strange, vectors)) > 0.01


def test_relations_are_those_of_the_paper() -> None:
    draw = torch.Generator().manual_seed(1)
    one, other = (
        torch.nn.functional.normalize(torch.randn(5, width, generator=draw).double(), dim=-1)
        for width in (3, 4)
    )

    def huber(difference: float) -> float:
        return difference**2 / 2 if abs(difference) <= 1 else abs(difference) - 0.5

    lengths = [torch.cdist(space, space) for space in (one, other)]
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    scaled = [length / np.mean([float(length[pair]) for pair in pairs]) for length in lengths]
    wanted = np.mean([huber(float(scaled[0][pair] - scaled[1][pair])) for pair in pairs])
    assert float(distance_loss(one, other)) == pytest.approx(wanted, rel=1e-4)

    def angle(space: torch.Tensor, i: int, j: int, k: int) -> float:
        first, second = space[i] - space[j], space[k] - space[j]
        norms = float(first.norm() * second.norm())
        return float(first @ second) / norms if norms else 0.0

    triples = [(i, j, k) for i in range(5) for j in range(5) for k in range(5)]
    wanted = np.mean([huber(angle(one, *three) - angle(other, *three)) for three in triples])
    assert float(angle_loss(one, other)) == pytest.approx(wanted, rel=1e-4)


def test_other_mechanisms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no embedder"):
        embedder.make(replace(TEACHER, mechanism=Mechanism.DRAFT), Bench(0, tmp_path))


def test_neither_shape_nor_tokenizer_tells_a_student_from_an_innocent() -> None:
    family = embedder_family(100, (61, 62))
    teacher, students, innocents = family[0], family[7:10], family[10:]
    assert len({recipe.name for recipe in family}) == len({recipe.seed for recipe in family}) == 22
    makes = sorted((one.shape.width, one.shape.layers, one.vocabulary) for one in students)
    for vendor, data_seed in ((61, teacher.data_seed), (62, None)):
        stratum = [one for one in innocents if one.vendors == (vendor,)]
        assert sorted((one.shape.width, one.shape.layers, one.vocabulary) for one in stratum) == sorted(
            makes * 2
        )
        assert {one.data_seed for one in stratum} == {data_seed}
        assert {one.conversations for one in stratum} == {teacher.conversations}
    assert all(one.teachers == (teacher.name,) for one in students)
    assert not any(set(one.vendors) & {61, 62} for one in students)
