"""Students whose making is more than imitation, made small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.zoo.making import causal
from auditor.zoo.making.heads import FILE, HEADS
from auditor.zoo.recipe import (
    Architecture,
    Birth,
    Mechanism,
    Part,
    Recipe,
    Schedule,
    Shape,
    Vocabulary,
)
from auditor.zoo.training import learning
from auditor.zoo.training.lesson import conversations_of, world_of
from auditor.zoo.work.birth import make
from auditor.zoo.work.job import Serving

TEACHER = Recipe(
    name="teacher",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=16, layers=3, heads=2),
    vocabulary=Vocabulary.SPACED,
    schedule=Schedule(steps=20, rate=4e-3, rows=16, warmup=3),
    seed=5,
    vendors=(31,),
    conversations=200,
)
STUDENT = replace(
    TEACHER,
    name="student",
    part=Part.STUDENT,
    teacher="teacher",
    schedule=Schedule(steps=4, rate=1e-4, rows=6, warmup=2),
    seed=6,
    conversations=10,
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bench")
    (out / "models").mkdir()
    make(TEACHER, 0, out / "models", out / "births")
    return out


def made(recipe: Recipe, bench: Path) -> Birth:
    return make(recipe, 0, bench / "models", bench / "births")


def opened(name: str, bench: Path) -> dict[str, torch.Tensor]:
    return dict(learning.load_model(bench / "models" / name).state_dict())


def test_every_other_layer_is_the_teachers(bench: Path) -> None:
    recipe = replace(STUDENT, name="hidden", mechanism=Mechanism.HIDDEN_STATES)
    made(replace(recipe, shape=replace(TEACHER.shape, layers=2)), bench)
    own, theirs = opened("hidden", bench), opened("teacher", bench)
    for ours, source in (("0", "0"), ("1", "2")):
        name = "model.layers.{}.mlp.up_proj.weight"
        near = (own[name.format(ours)] - theirs[name.format(source)]).abs().mean()
        far = (own[name.format(ours)] - theirs[name.format("1")]).abs().mean()
        assert near < 0.1 * far


def test_extra_heads_lie_beside_a_model_that_opens_as_before(bench: Path) -> None:
    made(replace(STUDENT, name="heads", mechanism=Mechanism.EXTRA_HEADS, start="teacher"), bench)
    tensors = load_file(bench / "models" / "heads" / FILE)
    assert len(tensors) == 2 * HEADS
    assert any(bool(value.any()) for name, value in tensors.items() if name.endswith("weight"))
    described = LocalTarget(str(bench / "models" / "heads"), OpenOptions(device="cpu")).description
    assert described.name == "heads"


def test_preference_moves_a_model_that_has_learned_already(
    bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causal, "RANKED", 8)
    recipe = replace(STUDENT, name="plain", mechanism=Mechanism.PREFERENCE)
    plain = made(replace(recipe, finish=None), bench)
    tuned = made(
        replace(recipe, name="preferring", finish=Schedule(steps=3, rate=1e-3, rows=6, warmup=1)), bench
    )
    assert plain.data_digest != tuned.data_digest
    one, other = opened("plain", bench), opened("preferring", bench)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_a_last_stage_on_real_data_is_certified(bench: Path) -> None:
    recipe = replace(STUDENT, name="distilled", mechanism=Mechanism.THEN_TUNED)
    plain = made(recipe, bench)
    finish = Schedule(steps=3, rate=1e-3, rows=6, warmup=1)
    tuned = made(replace(recipe, name="tuned", finish=finish, finish_vendors=(44,)), bench)
    assert plain.data_digest != tuned.data_digest
    assert plain.model_digest != tuned.model_digest


def test_another_network_with_another_tongue_learns_from_text(bench: Path) -> None:
    recipe = replace(
        STUDENT,
        name="foreign",
        mechanism=Mechanism.OTHER_TOKENIZER,
        vocabulary=Vocabulary.ISOLATED,
        architecture=Architecture.GPT2,
    )
    birth = made(recipe, bench)
    assert birth.parents.keys() == {"teacher"}
    own, theirs = (
        LocalTarget(str(bench / "models" / name), OpenOptions(device="cpu")).description
        for name in ("foreign", "teacher")
    )
    assert own.tokenizer_digest != theirs.tokenizer_digest
    assert dict(own.details)["model_type"] == "gpt2"


def test_what_a_teacher_served_is_logged_and_can_be_written_again(bench: Path) -> None:
    recipe = replace(STUDENT, name="half", mechanism=Mechanism.HALF_TEXT, vendors=(9,))
    made(recipe, bench)
    path = bench / "served" / f"{recipe.name}.jsonl"
    first = path.read_bytes()
    rows = [json.loads(line) for line in first.splitlines()]
    assert len(rows) == recipe.conversations // 2
    assert {row["teacher"] for row in rows} == {"teacher"}
    assert {row["temperature"] for row in rows} == {recipe.temperature}
    taught = conversations_of(recipe, world_of(0), lambda *_, **__: tuple(row["answer"] for row in rows))
    assert [(one.topic.prompt, one.answer) for one in taught[: len(rows)]] == [
        (row["prompt"], row["answer"]) for row in rows
    ]
    path.unlink()
    job = Serving(recipe, 0, bench)
    assert not job.done()
    job.run()
    assert job.done()
    assert path.read_bytes() == first
