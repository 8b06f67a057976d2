"""What the package ships: it matches its manifest, fits its size, and holds the truths it was built with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from auditor import content
from auditor.error import UsageError
from auditor.ledger.panel import read_panel
from auditor.probe.registry import load_suites, method
from auditor.record.codec import decode
from auditor.record.observation import Observations
from auditor.record.subject import Access, Role, Stratum
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.zoo.build import build
from auditor.zoo.population.demo import CONTROLS
from auditor.zoo.population.presets import recipes
from auditor.zoo.recipe import Birth, Mechanism
from auditor.zoo.training.lesson import conversations_of, world_of
from auditor.zoo.work.interview import subject_of
from auditor.zoo.work.job import MODELS
from auditor.zoo.work.shipment import (
    CERTIFICATES,
    MANIFEST,
    PANEL,
    machine_kind,
    shipped_folder,
    verify_shipped,
)
from auditor.zoo.world.vendor import data_digest

SHIPPED = shipped_folder()
LIMIT = 6_000_000


@pytest.fixture(scope="module")
def births() -> dict[str, Birth]:
    rows = json.loads((SHIPPED / CERTIFICATES).read_text())
    return {row["recipe"]["name"]: decode(Birth, row, where=CERTIFICATES) for row in rows}


def test_embedded_files_are_those_of_the_manifest() -> None:
    manifest = verify_shipped(SHIPPED)
    shipped = {name for name, entry in manifest["models"].items() if entry["shipped"]}
    assert shipped == {"teacher-a", "teacher-b", "base", "suspect", "innocent"}
    assert shipped == {path.name for path in (SHIPPED / MODELS).iterdir()}


def test_a_changed_weight_is_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "demo"
    shutil.copytree(SHIPPED, copy)
    weights = copy / MODELS / "innocent" / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(bytes(raw))
    with pytest.raises(UsageError, match="not the one that was built"):
        verify_shipped(copy)


def test_everything_fits_into_six_megabytes() -> None:
    files = [path for path in SHIPPED.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) <= LIMIT


def test_recipes_are_those_of_the_code(births: dict[str, Birth]) -> None:
    assert tuple(birth.recipe for birth in births.values()) == recipes("demo", 0)


@pytest.mark.parametrize("name", ["teacher-a", "teacher-b", "base", "innocent", "unrelated-07"])
def test_training_data_is_reproduced_exactly(name: str, births: dict[str, Birth]) -> None:
    birth = births[name]
    assert birth.recipe.mechanism is Mechanism.REAL_DATA
    assert data_digest(conversations_of(birth.recipe, world_of(birth.world_seed), None)) == birth.data_digest


def test_recorded_observations_fit_the_shipped_teachers() -> None:
    recorded = read_panel(SHIPPED / PANEL)
    subjects, observations = recorded.subjects, recorded.observations
    teachers = {one.name: one for one in subjects if one.role is Role.TEACHER}
    for name, subject in teachers.items():
        target = LocalTarget(str(SHIPPED / MODELS / name), OpenOptions(device="cpu", dtype="float32"))
        assert target.description.digest == subject.digest
    controls = [one for one in subjects if one.role is Role.CONTROL]
    for stratum in (Stratum.SAME_BASE, Stratum.UNRELATED):
        assert sum(one.stratum is stratum for one in controls) == CONTROLS
    assert all(one.access is Access.LOGPROBS for one in controls)
    # Nothing is left to ask of a recorded model: the method itself says so.
    (spec,) = load_suites(("world-lineage/reference-likelihood",), (content.probes(),))
    suspect = LocalTarget(str(SHIPPED / MODELS / "suspect"), OpenOptions(device="cpu", dtype="float32"))
    everyone = (
        subject_of(suspect, Role.SUSPECT, name="s", locator="s", access=Access.WEIGHTS),
        *subjects,
    )
    left = method(spec.file.method).plan(spec, Observations.of(everyone, 0, observations))
    assert {question.subject_digest for question in left} == {suspect.description.digest}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_build_gives_the_recorded_digest(tmp_path: Path, births: dict[str, Birth]) -> None:
    manifest = json.loads((SHIPPED / MANIFEST).read_text())
    population = build("demo", tmp_path, workers=2, seed=manifest["seed"])
    real = {birth.recipe.name: birth for birth in population.births}
    for name, birth in births.items():
        if birth.recipe.mechanism is Mechanism.REAL_DATA:
            assert real[name].data_digest == birth.data_digest
        assert real[name].loss == pytest.approx(birth.loss, abs=0.1)
    if machine_kind() == manifest["machine"]:
        assert population.digest == manifest["build_digest"]
