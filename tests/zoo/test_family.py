"""Twins are known for what they are, and innocents are made like the students."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.record.subject import Kind, Stratum
from auditor.validation.experiment.lineup import Scenario, lineups
from auditor.zoo.population.family import INNOCENTS, TWINS
from auditor.zoo.population.presets import recipes
from auditor.zoo.recipe import Birth, Part
from auditor.zoo.register import Register, register_of

KINDS = tuple(kind for kind in Kind if kind is not Kind.CAUSAL_LM)


def register() -> Register:
    births = [
        Birth(recipe=one, world_seed=0, parents={}, data_digest="", model_digest="", parameters=0, loss=0.0)
        for one in recipes("full", 2)
        if one.kind is not Kind.CAUSAL_LM
    ]
    return Register(Path(), {one.name: one for one in register_of(births)})


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_of_a_family_can_decide(kind: Kind) -> None:
    found = [one for one in lineups(register(), kind, 0) if one.scenario is Scenario.CLOSED]
    assert {one.suspect.part for one in found} == {Part.STUDENT, Part.INNOCENT}
    for lineup in found:
        strata = [stratum for _, stratum in lineup.controls]
        for stratum in (Stratum.SAME_DATA, Stratum.UNRELATED):
            # Somebody with too few companions would be undecided, whatever was found.
            assert (1 + strata.count(stratum)) * (1 + len(lineup.twins)) >= 20
        assert len(lineup.twins) == (3 if kind is Kind.MASKED_LM else TWINS)


@pytest.mark.parametrize("kind", [Kind.EMBEDDER, Kind.CLASSIFIER, Kind.POLICY])
def test_twins_differ_from_the_teacher_in_their_seed_alone(kind: Kind) -> None:
    members = [one for one in recipes("full", 2) if one.kind is kind]
    teacher, *twins = [one for one in members if one.part in (Part.TEACHER, Part.TWIN)]
    assert len(twins) == TWINS
    assert {(one.shape, one.schedule, one.vendors, one.data_seed) for one in (teacher, *twins)} == {
        (teacher.shape, teacher.schedule, teacher.vendors, teacher.data_seed)
    }
    assert sum(one.part is Part.INNOCENT for one in members) == 2 * INNOCENTS
