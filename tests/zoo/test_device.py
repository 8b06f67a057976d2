"""The same recipes on a GPU, where there is one, and what is said where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from auditor.error import UsageError
from auditor.zoo.build import build
from auditor.zoo.recipe import Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.work.birth import make

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")

TEACHER = Recipe(
    name="teacher",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=16, layers=4, heads=2),
    vocabulary=Vocabulary.SPACED,
    schedule=Schedule(steps=40, rate=4e-3, rows=16, warmup=3),
    seed=5,
    vendors=(31,),
    conversations=200,
)
STUDENT = replace(
    TEACHER,
    name="student",
    part=Part.STUDENT,
    shape=Shape(width=16, layers=2, heads=2),
    schedule=Schedule(steps=20, rate=4e-3, rows=16, warmup=3),
    teacher="teacher",
    seed=6,
    conversations=60,
)
SECOND_STAGE = Schedule(steps=4, rate=1e-3, rows=8, warmup=2)


def test_a_device_that_is_not_there_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cuda:99"):
        build("small", tmp_path / "zoo", device="cuda:99")
    assert not (tmp_path / "zoo").exists()


@needs_gpu
@pytest.mark.parametrize(
    "mechanism",
    [
        Mechanism.TEACHER_TEXT,
        Mechanism.SOFT_LABELS,
        Mechanism.HIDDEN_STATES,
        Mechanism.RELATIONS,
        Mechanism.EXTRA_HEADS,
        Mechanism.PREFERENCE,
    ],
)
def test_every_way_of_learning_works_on_a_gpu_and_is_the_same_again(
    mechanism: Mechanism, tmp_path: Path
) -> None:
    student = replace(STUDENT, mechanism=mechanism)
    if mechanism is Mechanism.PREFERENCE:
        student = replace(student, vendors=(31,), finish=SECOND_STAGE)
    if mechanism is Mechanism.EXTRA_HEADS:
        student = replace(student, shape=TEACHER.shape, start="teacher")
    births = []
    for attempt in ("one", "two"):
        out = tmp_path / attempt
        (out / "models").mkdir(parents=True)
        make(TEACHER, 0, out / "models", out / "births", "cuda")
        births.append(make(student, 0, out / "models", out / "births", "cuda"))
    assert births[0] == births[1]
    assert 0 < births[0].loss < 30


@needs_gpu
def test_a_gpu_learns_what_a_processor_learns(tmp_path: Path) -> None:
    losses = []
    for device in ("cpu", "cuda"):
        out = tmp_path / device
        (out / "models").mkdir(parents=True)
        losses.append(make(TEACHER, 0, out / "models", out / "births", device).loss)
    # The same batches in the same order: floats differ in their last bits, not in what is learned.
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
