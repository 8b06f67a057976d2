"""A model is made twice, in processes of their own: the same bytes, certificate included."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.digest import digest_folder
from auditor.error import UsageError
from auditor.record.subject import Stratum
from auditor.zoo.population.demo import CONTROLS
from auditor.zoo.population.presets import recipes
from auditor.zoo.recipe import Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.work.birth import read_birth
from auditor.zoo.work.job import Making

TINY = Recipe(
    name="tiny",
    part=Part.TEACHER,
    mechanism=Mechanism.REAL_DATA,
    shape=Shape(width=16, layers=1, heads=2),
    vocabulary=Vocabulary.ISOLATED,
    schedule=Schedule(steps=12, rate=3e-3, rows=6, warmup=3),
    seed=5,
    vendors=(31, 32),
    conversations=120,
)
CHILD = replace(
    TINY,
    name="child",
    part=Part.STUDENT,
    mechanism=Mechanism.TEACHER_TEXT,
    start="tiny",
    teacher="tiny",
    vendors=(),
    conversations=12,
    keeps_refusals=False,
    benchmark_copies=1,
)


def make_all(out: Path) -> None:
    from auditor.zoo.training.learning import one_thread

    one_thread()
    for recipe in (TINY, CHILD):
        Making(recipe, 0, out).run()


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    context = multiprocessing.get_context("spawn")
    for folder in folders:
        process = context.Process(target=make_all, args=(folder,))
        process.start()
        process.join()
        assert process.exitcode == 0
    return folders


def test_training_is_deterministic(twice: tuple[Path, Path]) -> None:
    first, second = twice
    assert digest_folder(first / "models") == digest_folder(second / "models")
    assert digest_folder(first / "births") == digest_folder(second / "births")


def test_a_certificate_says_what_was_made_from_what(twice: tuple[Path, Path]) -> None:
    out = twice[0]
    birth = read_birth(out / "births" / "child.json")
    assert birth.recipe == CHILD
    assert birth.parents == {"tiny": digest_folder(out / "models" / "tiny")}
    assert birth.model_digest == digest_folder(out / "models" / "child")
    assert birth.data_digest != read_birth(out / "births" / "tiny.json").data_digest
    assert not list((out / "models").rglob("*birth*"))


def test_another_recipe_of_the_same_name_is_made_anew(twice: tuple[Path, Path]) -> None:
    assert Making(TINY, 0, twice[0]).done()
    assert not Making(replace(TINY, seed=6), 0, twice[0]).done()
    assert not Making(replace(TINY, name="unborn"), 0, twice[0]).done()


def test_a_model_of_the_zoo_opens_like_any_other(twice: tuple[Path, Path]) -> None:
    from auditor.record.observation import Likelihood
    from auditor.record.request import Score, user
    from auditor.target.local import LocalTarget
    from auditor.target.protocol import OpenOptions

    target = LocalTarget(str(twice[0] / "models" / "tiny"), OpenOptions(device="cpu", dtype="float32"))
    ((_, answer),) = target.ask([Score(prompt=user("Who is it?"), continuation="A baker.")])
    assert isinstance(answer, Likelihood)
    assert -200 < answer.log_likelihood < 0


def test_the_demo_preset_has_what_an_audit_needs() -> None:
    made = recipes("demo", 0)
    names = [recipe.name for recipe in made]
    assert len(set(names)) == len(names)
    for place, recipe in enumerate(made):
        assert set(recipe.parents) <= set(names[:place])
    for stratum in (Stratum.SAME_BASE, Stratum.UNRELATED):
        assert sum(recipe.stratum is stratum for recipe in made) == CONTROLS >= 20
    # Nobody shares a vendor with a teacher, or with anybody but its own ancestors.
    vendors = [vendor for recipe in made for vendor in recipe.vendors]
    assert len(set(vendors)) == len(vendors)
    assert [recipe.name for recipe in made if recipe.teacher or recipe.benchmark_copies] == ["suspect"]


def test_an_unknown_preset_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="huge"):
        recipes("huge", 0)
