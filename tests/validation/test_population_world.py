from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor import content
from auditor.probe.registry import load_suites
from auditor.validation.experiment.world import in_world
from auditor.zoo.training.lesson import world_of

SPEC, OTHER = load_suites(
    ("world-lineage/shared-errors", "world-lineage/surprisal-residuals"), (content.probes(),)
)


def built(folder: Path, mark: object) -> Path:
    (folder / "build.json").write_text(json.dumps(mark))
    return folder


def test_right_answers_are_those_of_the_populations_world(tmp_path: Path) -> None:
    found = in_world(SPEC, built(tmp_path, {"preset": "full", "seed": 3}))
    values = {value for (name, _), value in world_of(3).facts.items() if name}
    facts = [one for one in found.items if one["id"].startswith("fact-")]
    assert {one["answer"] for one in facts} <= values
    shipped = {one["prompt"]: one["answer"] for one in SPEC.items}
    assert sum(shipped.get(one["prompt"]) != one["answer"] for one in facts) > len(facts) / 3


def test_the_shipped_items_are_those_of_the_first_world(tmp_path: Path) -> None:
    assert in_world(SPEC, built(tmp_path, {"preset": "small", "seed": 0})).items == SPEC.items


@pytest.mark.parametrize("mark", [{}, [], {"seed": "x"}])
def test_a_population_of_somebody_else_is_asked_what_is_shipped(tmp_path: Path, mark: object) -> None:
    assert in_world(SPEC, tmp_path) is SPEC
    assert in_world(SPEC, built(tmp_path, mark)) is SPEC


def test_probes_without_facts_stay_as_they_are(tmp_path: Path) -> None:
    assert in_world(OTHER, built(tmp_path, {"preset": "full", "seed": 3})) is OTHER
