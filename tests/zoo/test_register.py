"""Who descends from whom, read from certificates, and what that makes of an innocent."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.error import EvidenceIntegrityError, UsageError
from auditor.record.subject import Stratum
from auditor.zoo.population.presets import recipes
from auditor.zoo.recipe import Birth, Part, Recipe
from auditor.zoo.register import REGISTER, Register, read_register, register_of, write_register


def birth(recipe: Recipe) -> Birth:
    return Birth(
        recipe=recipe, world_seed=0, parents={}, data_digest="", model_digest="", parameters=0, loss=0.0
    )


@pytest.fixture(scope="module")
def register() -> Register:
    members = register_of(birth(recipe) for recipe in recipes("full", 1))
    return Register(Path(), {one.name: one for one in members})


@pytest.mark.parametrize(
    ("name", "teacher", "expected"),
    [
        ("teacher-text-1", "teacher-1", None),
        ("teacher-text-1", "teacher-2", Stratum.SAME_BASE),
        ("teacher-text-1", "teacher-3", Stratum.SIBLING_STUDENT),
        ("teacher-text-3", "teacher-1", Stratum.SIBLING_STUDENT),
        ("two-teachers-1", "teacher-2", None),
        ("same-data-01", "teacher-1", Stratum.SAME_DATA),
        ("same-data-01", "teacher-3", Stratum.SAME_DATA),
        ("same-data-01", "teacher-2", Stratum.SAME_BASE),
        ("same-data-03", "teacher-2", Stratum.UNRELATED),
        ("same-data-02", "teacher-2", Stratum.SAME_DATA),
        ("same-base-01", "teacher-1", Stratum.SAME_BASE),
        ("unrelated-01", "teacher-4", Stratum.UNRELATED),
        ("sibling-student-01", "teacher-1", Stratum.SIBLING_STUDENT),
        ("sibling-student-02", "teacher-2", Stratum.SIBLING_STUDENT),
        ("fine-tuned-1", "teacher-1", None),
        ("fine-tuned-1", "teacher-3", Stratum.SIBLING_STUDENT),
        ("merged-2", "teacher-2", None),
        ("teacher-1-twin-1", "teacher-1", None),
        ("extra-heads-1", "teacher-1", None),
    ],
)
def test_relations(register: Register, name: str, teacher: str, expected: Stratum | None) -> None:
    assert register.relation(register.members[name], teacher, base="base-1") is expected


def test_descent_and_learning_are_kept_apart(register: Register) -> None:
    members = register.members
    assert register.descends_from(members["pruned-1"], "teacher-1")
    assert not register.learned_from(members["pruned-1"], "teacher-1")
    assert register.learned_from(members["self-distillation-1"], "teacher-1")
    assert register.descends_from(members["self-distillation-1"], "teacher-1")
    assert register.learned_from(members["soft-labels-1"], "teacher-1")
    assert not register.descends_from(members["soft-labels-1"], "teacher-1")
    assert register.descends_from(members["hidden-states-1"], "teacher-1")
    assert register.learned_from(members["hidden-states-1"], "teacher-1")
    assert register.descends_from(members["soft-labels-1"], "base-1")


def test_siblings_share_a_family_and_others_do_not(register: Register) -> None:
    families = {one.name: one.family for one in register.members.values()}
    assert families["teacher-1"] == families["teacher-3"] == families["teacher-1-twin-8"] is not None
    assert families["teacher-2"] == families["teacher-2-twin-1"] != families["teacher-1"]
    assert families["teacher-4"] is None
    assert families["same-data-01"] is None


def test_no_base_learned_from_anybody(register: Register) -> None:
    for base in register.of_part(Part.BASE):
        assert not base.taught_by
        assert not base.weights_from


def test_written_and_read_again(register: Register, tmp_path: Path) -> None:
    for member in register.members.values():
        (tmp_path / member.folder).mkdir(parents=True)
        if member.served is not None:
            (tmp_path / member.served).parent.mkdir(exist_ok=True)
            (tmp_path / member.served).touch()
    assert {one.mechanism for one in register.members.values() if one.served} >= {"teacher-text"}
    assert not any(one.served for one in register.members.values() if not one.taught_by)
    write_register(tmp_path / REGISTER, tuple(register.members.values()))
    assert read_register(tmp_path).members == register.members


def test_a_missing_model_or_ancestor_is_named(register: Register, tmp_path: Path) -> None:
    student = register.members["soft-labels-1"]
    (tmp_path / student.folder).mkdir(parents=True)
    write_register(tmp_path / REGISTER, (student,))
    with pytest.raises(UsageError, match="teacher-1"):
        read_register(tmp_path)
    write_register(tmp_path / REGISTER, (register.members["teacher-1"], student))
    with pytest.raises(UsageError, match="teacher-1 is not there"):
        read_register(tmp_path)


@pytest.mark.parametrize("text", ["", "[{}]", '{"name": 3}', "[1]"])
def test_a_malformed_register_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / REGISTER).write_text(text)
    with pytest.raises((UsageError, EvidenceIntegrityError)):
        read_register(tmp_path)
