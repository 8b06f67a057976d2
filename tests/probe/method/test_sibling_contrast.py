"""The whole method on models whose words have likelihoods by a known law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from test_twin_contrast import World, model

from auditor.probe.method.sibling_contrast import SiblingContrast
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, NO_EVIDENCE
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Observation, Observations
from auditor.record.request import request_digest
from auditor.record.subject import Access, Role, Stratum, Subject

METHOD = SiblingContrast()
SUSPECT = model("suspect", Role.SUSPECT)
TEACHERS = tuple(model(f"teacher-{n}", Role.TEACHER) for n in range(4))
CONTROLS = tuple(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED) for n in range(19))
PEERS = tuple(model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA) for n in range(19))
PUPILS = tuple(model(f"pupil-{n}", Role.CONTROL, stratum=Stratum.SIBLING_STUDENT) for n in range(19))
CAST = (SUSPECT, *TEACHERS, *CONTROLS, *PEERS)
#: Teachers 0 and 1 have the way of their common data, and so has who learned from it.
SIBLINGS = {"teacher-0": ("data", 1.5), "teacher-1": ("data", 1.5)}
LEARNED = SIBLINGS | {one.name: ("data", 0.5) for one in PEERS}


def probe(**parameters: Any) -> ProbeSpec:
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(40))
    file = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHOD.name, null_hypothesis="n",
        guarantee="calibrated", description="d", source="s", parameters=parameters,
    )  # fmt: skip
    return ProbeSpec(id="lineage/sibling-contrast", file=file, items=items, digest="sha256:0")


def findings(world: World, cast: Sequence[Subject] = CAST) -> dict[str, Finding]:
    by_digest = {one.digest: one for one in cast}
    found: dict[tuple[str, str], Observation] = {}
    while True:
        seen = Observations.of(cast, 0, found.values())
        new = [
            (one.subject_digest, request_digest(one.request), one.request)
            for one in METHOD.plan(probe(), seen)
            if (one.subject_digest, request_digest(one.request)) not in found
        ]
        if not new:
            return {by_digest[one.teacher or ""].name: one for one in METHOD.measure(probe(), seen)}
        for digest, identity, request in new:
            answer = world.answer(by_digest[digest], request)
            found[digest, identity] = Observation(
                subject_digest=digest, request_digest=identity, request=request, answer=answer
            )


@pytest.mark.parametrize(("teacher", "sibling"), [("teacher-0", "teacher-1"), ("teacher-1", "teacher-0")])
def test_the_teacher_is_told_from_its_sibling_and_from_their_data(teacher: str, sibling: str) -> None:
    found = findings(World(follows=LEARNED | {"suspect": ("data", 0.5)}, also={"suspect": (teacher, 0.5)}))
    assert (found[teacher].outcome, found[teacher].fact("answer")) == (Outcome.SUPPORTS, FROM_SIBLING)
    assert found[teacher].fact("sibling") == sibling
    assert (found[sibling].outcome, found[sibling].fact("answer")) == (Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE)
    assert found[sibling].reason.endswith("would have been found")
    result = found[teacher].result
    assert result is not None
    assert result.p_value == 0.05
    assert len(result.controls) == len(CONTROLS) + len(PEERS)
    (table,) = found[teacher].exhibits
    assert isinstance(table, Table)
    assert len(table.rows) == 8


def test_students_of_a_sibling_among_the_controls_do_not_exclude_a_copy_of_it() -> None:
    pupils = {one.name: ("data", 0.5) for one in PUPILS}
    taught = {one.name: ("teacher-1", 0.5) for one in PUPILS}
    world = World(
        follows=LEARNED | pupils | {"suspect": ("data", 0.5)}, also=taught | {"suspect": ("teacher-0", 0.5)}
    )
    found = findings(world, (*CAST, *PUPILS))
    assert found["teacher-0"].fact("answer") == FROM_SIBLING
    other_way = findings(
        World(
            follows=LEARNED | pupils | {"suspect": ("data", 0.5)},
            also={one.name: ("teacher-0", 0.5) for one in PUPILS} | {"suspect": ("teacher-0", 0.5)},
        ),
        (*CAST, *PUPILS),
    )
    assert other_way["teacher-0"].outcome is Outcome.INCONCLUSIVE
    assert other_way["teacher-0"].fact("answer") == FROM_SIBLING


@pytest.mark.parametrize("seed", range(4))
def test_who_learned_from_the_data_alone_takes_no_side(seed: int) -> None:
    found = findings(World(follows=LEARNED | {"suspect": ("data", 0.7)}, seed=seed))
    assert not [one for one in found.values() if one.outcome is Outcome.SUPPORTS]


def test_a_rank_alone_is_not_enough_for_a_claim() -> None:
    """With 19 controls, one innocent model in twenty comes first in its stratum."""
    held_back = []
    for seed in range(30):
        found = findings(World(follows=SIBLINGS, seed=seed), (SUSPECT, *TEACHERS, *CONTROLS))
        assert not [one for one in found.values() if one.outcome is Outcome.SUPPORTS]
        held_back += [one for one in found.values() if "is asked for" in one.reason]
    assert held_back
    assert all(one.outcome is Outcome.INCONCLUSIVE for one in held_back)


def test_without_controls_that_share_the_data_their_innocence_stays_open() -> None:
    world = World(follows=SIBLINGS | {"suspect": ("data", 0.5)}, also={"suspect": ("teacher-0", 0.5)})
    found = findings(world, (SUSPECT, *TEACHERS, *CONTROLS))
    assert (found["teacher-0"].outcome, found["teacher-0"].fact("answer")) == (
        Outcome.SUPPORTS,
        FROM_SHARED_DATA,
    )


def test_candidates_that_are_not_related_are_not_set_against_each_other() -> None:
    found = findings(World(follows=LEARNED | {"suspect": ("teacher-2", 0.5)}))
    for name in ("teacher-2", "teacher-3"):
        assert found[name].outcome is Outcome.NOT_APPLICABLE
        assert "--teacher" in found[name].decisive
    assert found["teacher-0"].outcome is not Outcome.NOT_APPLICABLE


def test_what_is_declared_of_twins_makes_siblings() -> None:
    """Teachers 2 and 3 do not look alike, and their twin says that they belong together."""
    twin = model("twin", Role.TWIN, twin_of=(TEACHERS[2].digest, TEACHERS[3].digest))
    found = findings(World(also={"suspect": ("teacher-3", 0.5)}), (*CAST, twin))
    assert found["teacher-3"].fact("sibling") == "teacher-2"
    assert found["teacher-3"].outcome is Outcome.SUPPORTS
    assert found["teacher-0"].outcome is Outcome.NOT_APPLICABLE


def test_a_lone_candidate_has_nobody_to_be_set_against() -> None:
    seen = Observations.of((SUSPECT, TEACHERS[0], *CONTROLS), 0, ())
    assert not METHOD.plan(probe(), seen)
    (found,) = METHOD.measure(probe(), seen)
    assert found.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("abler", ["teacher-0", "teacher-1"])
def test_who_is_merely_able_is_not_accused_of_the_abler_sibling(abler: str) -> None:
    found = findings(World(follows=LEARNED, able=("suspect", abler)))
    assert found[abler].outcome is Outcome.INCONCLUSIVE
    assert "abler than every control" in found[abler].reason
    assert not [one for one in found.values() if one.outcome is Outcome.SUPPORTS]


def test_ability_does_not_excuse_who_follows_the_weaker_sibling() -> None:
    world = World(follows=LEARNED, able=("teacher-1",), also={"suspect": ("teacher-0", 1.0)})
    assert findings(world)["teacher-0"].outcome is Outcome.SUPPORTS


def test_a_candidate_that_only_writes_is_not_applicable() -> None:
    shallow = model("teacher-9", Role.TEACHER, access=Access.TEXT)
    found = findings(World(follows=LEARNED), (*CAST, shallow))
    assert found["teacher-9"].outcome is Outcome.NOT_APPLICABLE
