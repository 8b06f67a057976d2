"""The presets hold what a validation needs, in an order in which everything can be made."""

from __future__ import annotations

from collections import Counter

import pytest

from auditor.error import UsageError
from auditor.zoo.population.lineage import TAUGHT
from auditor.zoo.population.presets import PRESETS, recipes
from auditor.zoo.recipe import Mechanism, Part, Recipe


@pytest.mark.parametrize("preset", PRESETS)
def test_parents_come_first_and_nothing_is_shared_by_accident(preset: str) -> None:
    seen: set[str] = set()
    for recipe in recipes(preset, 3):
        assert set(recipe.parents) <= seen, recipe.name
        assert recipe.name not in seen
        seen.add(recipe.name)
    seeds = Counter((recipe.kind, recipe.seed) for recipe in recipes(preset, 3))
    assert max(seeds.values()) == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_seeds_of_a_population_touch_those_of_no_other(preset: str) -> None:
    def used(seed: int) -> set[int]:
        return {
            number
            for one in recipes(preset, seed)
            for number in (one.seed, *one.vendors, *one.finish_vendors)
        }

    assert not used(1) & used(2)


def test_full_has_students_of_every_mechanism_of_several_teachers() -> None:
    full = recipes("full", 0)
    for mechanism in TAUGHT:
        students = [one for one in full if one.part is Part.STUDENT and one.mechanism is mechanism]
        assert len(students) >= 4, mechanism
        assert len({one.teacher for one in students}) >= 2


def test_siblings_have_as_many_students_each() -> None:
    full = [one for one in recipes("full", 0) if one.part is Part.STUDENT]
    counts = Counter(teacher for one in full for teacher in one.teachers[:1])
    assert counts["teacher-1"] == counts["teacher-3"] > 15


def test_full_has_innocents_in_four_strata_who_learned_from_no_candidate() -> None:
    full = recipes("full", 0)
    innocents = [one for one in full if one.part is Part.INNOCENT]
    assert len(innocents) >= 60
    strata = Counter(one.name.rsplit("-", 1)[0] for one in innocents)
    assert min(strata[name] for name in ("same-base", "same-data", "sibling-student", "unrelated")) >= 20
    teachers = {one.name for one in full if one.part is Part.TEACHER}
    assert not any(set(one.parents) & teachers for one in innocents)


def test_same_data_innocents_have_the_very_conversations_of_a_teacher() -> None:
    full = {one.name: one for one in recipes("full", 0)}

    def data_of(one: Recipe) -> tuple[object, ...]:
        return one.vendors, one.data_seed, one.conversations, one.diet

    for number in range(1, 21):
        innocent = full[f"same-data-{number:02d}"]
        assert innocent.mechanism is Mechanism.REAL_DATA
        assert data_of(innocent) in (data_of(full["teacher-1"]), data_of(full["teacher-2"]))


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(UsageError, match="no preset"):
        recipes("huge", 0)
