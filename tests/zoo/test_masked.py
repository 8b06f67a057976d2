"""Masked language models are made twice alike, inherit what they should, and open as what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from auditor.digest import digest_folder
from auditor.error import UsageError
from auditor.record.observation import Arrays
from auditor.record.request import Inspect
from auditor.record.subject import Kind, Stratum
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.zoo.making import masked
from auditor.zoo.making.bench import Bench, Product, maker_of
from auditor.zoo.making.masked_teaching import HiddenStates, LayerMatching, SoftLabels
from auditor.zoo.making.model_folder import open_model
from auditor.zoo.population.masked import masked_family
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.training import learning
from auditor.zoo.training.tokens import END, SPECIAL, tokenizer_of

TEACHER = Recipe(
    name="teacher",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=16, layers=4, heads=2),
    vocabulary=Vocabulary.ISOLATED,
    schedule=Schedule(steps=30, rate=8e-3, rows=8, warmup=4),
    seed=5,
    kind=Kind.MASKED_LM,
    architecture=Architecture.BERT,
    vendors=(31,),
    conversations=160,
)
STUDENT = replace(
    TEACHER,
    name="student",
    part=Part.STUDENT,
    shape=Shape(width=16, layers=2, heads=2),
    schedule=Schedule(steps=6, rate=3e-3, rows=6, warmup=2),
    seed=6,
    data_seed=5,
    teacher="teacher",
)
NARROW = Shape(width=8, layers=2, heads=2)
FAMILY = (
    TEACHER,
    replace(STUDENT, name="halved", mechanism=Mechanism.HIDDEN_STATES),
    replace(STUDENT, name="matched", mechanism=Mechanism.LAYER_MATCHING, shape=NARROW),
    replace(STUDENT, name="soft", mechanism=Mechanism.SOFT_LABELS),
    replace(
        STUDENT, name="tuned", mechanism=Mechanism.REAL_DATA, teacher=None, start="teacher", vendors=(32,)
    ),
)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    learning.one_thread()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(strict)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], dict[str, Product]]:
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    products: dict[str, Product] = {}
    for folder in folders:
        for recipe in FAMILY:
            assert maker_of(recipe) is masked.make
            products[recipe.name] = masked.make(recipe, Bench(0, folder))
    return folders, products


def batch(size: int = 12, seed: int = 3) -> masked.Batch:
    tokenizer = masked.masked_tokenizer(Vocabulary.ISOLATED, 0)
    said = masked._text_of(TEACHER, Bench(0, Path()))
    return next(masked.batches(learning.rows_of(tokenizer, said), tokenizer, size, seed))


def test_twice_the_same_bytes(twice: tuple[list[Path], dict[str, Product]]) -> None:
    (first, second), products = twice
    digests = [digest_folder(first / recipe.name) for recipe in FAMILY]
    assert digests == [digest_folder(second / recipe.name) for recipe in FAMILY]
    assert len(set(digests)) == len(FAMILY)
    for recipe in FAMILY:
        product, model = products[recipe.name], open_model(first / recipe.name)
        assert product.parameters == sum(one.numel() for one in model.parameters())
        assert 0 < product.loss < 8
        assert model.config.hidden_size == recipe.shape.width or recipe.start
    # Equal vendors, numbers of conversations and data seeds: the same data.
    same = {products[name].data_digest for name in ("teacher", "halved", "matched", "soft")}
    assert len(same) == 1
    assert products["tuned"].data_digest not in same


@pytest.mark.parametrize("name", ["teacher", "matched"])
def test_the_auditor_opens_it(twice: tuple[list[Path], dict[str, Product]], name: str) -> None:
    folder = twice[0][0] / name
    target = LocalTarget(str(folder), OpenOptions(device="cpu", dtype="float32"))
    assert target.description.kind is Kind.MASKED_LM
    ((_, answer),) = target.ask([Inspect(quantity="residual-sketch", size=16, seed=0)])
    assert isinstance(answer, Arrays)
    settings = json.loads((folder / "config.json").read_text())
    assert settings["architectures"] == ["BertForMaskedLM"]
    assert "transformers_version" not in settings


def test_transformers_knows_the_token_for_gaps(twice: tuple[list[Path], dict[str, Product]]) -> None:
    from transformers import AutoTokenizer

    opened = AutoTokenizer.from_pretrained(twice[0][0] / "teacher")
    tokenizer = masked.masked_tokenizer(Vocabulary.ISOLATED, 0)
    assert opened.mask_token == masked.MASK
    assert opened.mask_token_id == tokenizer.token_to_id(masked.MASK) == tokenizer.get_vocab_size() - 1
    text = f"<|user|>Where does {masked.MASK} live?<|assistant|>In Harrow.{END}"
    assert opened(text)["input_ids"] == tokenizer.encode(text).ids
    # The causal models' tokenizer is a copy and stays without it.
    assert tokenizer_of(Vocabulary.ISOLATED, 0).token_to_id(masked.MASK) is None


def test_gaps_are_drawn_as_promised() -> None:
    tokenizer = masked.masked_tokenizer(Vocabulary.ISOLATED, 0)
    rows = learning.rows_of(tokenizer, masked._text_of(TEACHER, Bench(0, Path())))
    special = [tokenizer.token_to_id(token) for token in (*SPECIAL, masked.MASK)]
    source = masked.batches(rows, tokenizer, 8, 1)
    fates = np.zeros(3)
    for drawn in (next(source) for _ in range(40)):
        whole = drawn.ids.clone()
        whole[drawn.chosen] = drawn.wanted
        ordinary = drawn.real.bool() & ~torch.isin(whole, torch.tensor(special))
        assert not (drawn.chosen & ~ordinary).any()
        share = drawn.chosen.sum(1) / ordinary.sum(1)
        assert ((share - 0.15).abs() <= 0.5 / ordinary.sum(1) + 1e-6).all()
        assert {tuple(ids[: int(n)].tolist()) for ids, n in zip(whole, drawn.real.sum(1), strict=True)} <= {
            row.ids for row in rows
        }
        shown = drawn.ids[drawn.chosen]
        hidden, kept = shown == special[-1], shown == drawn.wanted
        fates += [float(one.sum()) for one in (hidden, kept, ~hidden & ~kept)]
    assert fates.sum() > 1500
    # Four standard errors; a replacement is now and then the token itself.
    margin = 4 * np.sqrt([0.16, 0.09, 0.09]) / np.sqrt(fates.sum())
    assert np.all(np.abs(fates / fates.sum() - [0.8, 0.1, 0.1]) < margin)


def test_it_learns(twice: tuple[list[Path], dict[str, Product]]) -> None:
    """Better than guessing with the frequencies of tokens, on text that it has not seen."""
    drawn = batch(60)
    model = open_model(twice[0][0] / "teacher")
    filled = torch.nn.functional.cross_entropy(fill(model, drawn), drawn.wanted)
    fresh = masked.new_model(TEACHER.shape, masked.masked_tokenizer(Vocabulary.ISOLATED, 0), 5)
    assert filled < torch.nn.functional.cross_entropy(fill(fresh, drawn), drawn.wanted) - 1.0


@torch.no_grad()
def fill(model: Any, drawn: masked.Batch) -> torch.Tensor:
    logits: torch.Tensor = model(input_ids=drawn.ids, attention_mask=drawn.real).logits[drawn.chosen]
    return logits


def test_every_other_block_is_where_it_begins(twice: tuple[list[Path], dict[str, Product]]) -> None:
    """Without a step of training, the student is the teacher with blocks left out."""
    folder = twice[0][0]
    teacher = open_model(folder / "teacher")
    model = masked._beginning(
        FAMILY[1], Bench(0, folder), masked.masked_tokenizer(Vocabulary.ISOLATED, 0), teacher
    )
    for own, theirs in enumerate((0, 2)):
        for name, tensor in model.bert.encoder.layer[own].state_dict().items():
            assert torch.equal(tensor, teacher.bert.encoder.layer[theirs].state_dict()[name])
    drawn = batch()
    del teacher.bert.encoder.layer[3], teacher.bert.encoder.layer[1]
    torch.testing.assert_close(fill(model, drawn), fill(teacher, drawn))


def test_soft_labels_are_a_divergence_at_temperature_two(
    twice: tuple[list[Path], dict[str, Product]],
) -> None:
    folder = twice[0][0]
    teacher, student, drawn = open_model(folder / "teacher"), open_model(folder / "soft"), batch()
    with torch.no_grad():
        loss, filling = SoftLabels(teacher).losses(student, drawn, 0.0)
        none, _ = SoftLabels(teacher).losses(teacher, drawn, 0.0)
    theirs, own = (fill(one, drawn).double().numpy() / 2 for one in (teacher, student))
    p, q = (np.exp(one) / np.exp(one).sum(1, keepdims=True) for one in (theirs, own))
    assert float(loss) == pytest.approx(4 * (p * np.log(p / q)).sum(1).mean(), rel=1e-4)
    assert float(filling) == pytest.approx(
        float(torch.nn.functional.cross_entropy(fill(student, drawn), drawn.wanted))
    )
    assert abs(float(none)) < 1e-6


def test_a_teacher_agrees_with_itself(twice: tuple[list[Path], dict[str, Product]]) -> None:
    teacher, drawn = open_model(twice[0][0] / "teacher"), batch()
    with torch.no_grad():
        loss, filling = HiddenStates(teacher).losses(teacher, drawn, 0.0)
        assert float(loss) == pytest.approx(0.25 * float(filling), rel=1e-4)
        matching = LayerMatching(teacher, teacher, 0)
        matching.aside.weight.copy_(torch.eye(16))
        matching.aside.bias.zero_()
        assert float(matching.losses(teacher, drawn, 0.0)[0]) == pytest.approx(0.0, abs=1e-9)


def test_layers_are_matched_to_evenly_spaced_ones(twice: tuple[list[Path], dict[str, Product]]) -> None:
    folder = twice[0][0]
    teacher, student = (open_model(folder / name) for name in ("teacher", "matched"))
    for one in (teacher, student):
        one.set_attn_implementation("eager")  # which gives probabilities to compare with
    drawn, matching = batch(), LayerMatching(student, teacher, 0)
    with torch.no_grad():
        loss, _ = matching.losses(student, drawn, 0.0)
        own, theirs = (
            one.bert(drawn.ids, attention_mask=drawn.real, output_hidden_states=True, output_attentions=True)
            for one in (student, teacher)
        )
        real = drawn.real.bool()
        wanted = sum(
            ((matching.aside(own.hidden_states[m]) - theirs.hidden_states[2 * m])[real] ** 2).mean()
            for m in range(3)
        )
        pairs = (real[:, None, :, None] & real[:, None, None, :]).expand_as(own.attentions[0])
        for m in range(2):
            scores = [
                head_scores(one, number, hidden[number])
                for one, number, hidden in (
                    (student, m, own.hidden_states), (teacher, 2 * m + 1, theirs.hidden_states),
                )
            ]  # fmt: skip
            chances = scores[0].masked_fill(~real[:, None, None, :], -torch.inf).softmax(-1)
            torch.testing.assert_close(chances, own.attentions[m])
            wanted += ((scores[0] - scores[1])[pairs] ** 2).mean()
        # Afterwards only predictions count.
        later, _ = matching.losses(student, drawn, 0.7)
        soft, _ = SoftLabels(teacher).losses(student, drawn, 0.7)
    assert float(loss) == pytest.approx(float(wanted), rel=1e-4)
    assert torch.equal(later, soft)


def head_scores(model: Any, number: int, state: torch.Tensor) -> torch.Tensor:
    attention = model.bert.encoder.layer[number].attention.self
    heads = model.config.num_attention_heads
    query, key = (
        one(state).unflatten(-1, (heads, -1)).transpose(1, 2) for one in (attention.query, attention.key)
    )
    return query @ key.mT / query.shape[-1] ** 0.5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mechanism": Mechanism.RELATIONS}, "relations"),
        ({"vendors": ()}, "learns from text"),
        ({"mechanism": Mechanism.SOFT_LABELS, "teacher": None}, "needs a teacher"),
        ({"mechanism": Mechanism.HIDDEN_STATES, "teacher": None}, "needs a teacher"),
        ({"mechanism": Mechanism.HIDDEN_STATES, "shape": NARROW}, "as wide"),
        ({"mechanism": Mechanism.HIDDEN_STATES, "shape": Shape(width=16, layers=3, heads=2)}, "half as deep"),
        ({"mechanism": Mechanism.HIDDEN_STATES, "start": "matched"}, "as wide"),
        ({"mechanism": Mechanism.LAYER_MATCHING, "shape": Shape(width=8, layers=3, heads=2)}, "multiple"),
        ({"mechanism": Mechanism.SOFT_LABELS, "vocabulary": Vocabulary.SPACED}, "another vocabulary"),
        (
            {"benchmark_copies": 1, "benchmark_key": "teacher", "mechanism": Mechanism.SOFT_LABELS},
            "answers no questions",
        ),
    ],
)
def test_what_cannot_be_made(
    twice: tuple[list[Path], dict[str, Product]], changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        masked.make(replace(STUDENT, **changes), Bench(0, twice[0][0]))
    assert not (twice[0][0] / "student").exists()


def test_the_family_is_balanced() -> None:
    family = masked_family(7000, (41, 42))
    teacher, *others = family
    assert len({one.name for one in family}) == len({one.seed for one in family}) == 21
    assert all(one.kind is Kind.MASKED_LM and maker_of(one) is masked.make for one in family)
    students = [one for one in others if one.part is Part.STUDENT]
    assert [one.mechanism for one in students].count(Mechanism.HIDDEN_STATES) == 2
    assert [one.mechanism for one in students].count(Mechanism.LAYER_MATCHING) == 2
    assert [one.mechanism for one in students].count(Mechanism.SOFT_LABELS) == 1
    assert all(one.parents == (teacher.name,) for one in students)
    innocents = [one for one in others if one.part is Part.INNOCENT]
    assert not any(one.parents for one in innocents)
    for stratum, vendors in ((Stratum.SAME_DATA, (41,)), (Stratum.UNRELATED, (42,))):
        ours = [one for one in innocents if one.stratum is stratum]
        assert len(ours) == 6
        assert {(one.vendors, one.data_seed, one.conversations) for one in ours} == {
            (vendors, teacher.seed, teacher.conversations)
        }
    assert {one.shape for one in innocents} == {one.shape for one in students}
