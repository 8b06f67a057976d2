"""The whole method on models whose words have likelihoods by a known law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from test_twin_contrast import World, model

from auditor.probe.method.surprisal_residuals import SurprisalResiduals
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, NO_EVIDENCE
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Observation, Observations
from auditor.record.request import request_digest
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role, Stratum, Subject

METHOD = SurprisalResiduals()
SUSPECT = model("suspect", Role.SUSPECT)
TEACHERS = tuple(model(f"teacher-{n}", Role.TEACHER) for n in range(3))
CONTROLS = tuple(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED) for n in range(19))
CAST = (SUSPECT, *TEACHERS, *CONTROLS)


def probe(**parameters: Any) -> ProbeSpec:
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(24))
    file = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHOD.name, null_hypothesis="n",
        guarantee="calibrated", description="d", source="s", parameters=parameters,
    )  # fmt: skip
    return ProbeSpec(id="lineage/surprisal-residuals", file=file, items=items, digest="sha256:0")


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


def test_the_teacher_is_named_and_the_others_are_not() -> None:
    found = findings(World(follows={"suspect": ("teacher-1", 0.4)}))
    assert found["teacher-1"].outcome is Outcome.SUPPORTS
    assert found["teacher-1"].fact("answer") == FROM_SHARED_DATA
    assert found["teacher-1"].fact("named") is True
    for name in ("teacher-0", "teacher-2"):
        assert found[name].outcome is Outcome.DOES_NOT_SUPPORT
        assert found[name].fact("answer") == NO_EVIDENCE
    result = found["teacher-1"].result
    assert result is not None
    assert result.guarantee is Guarantee.CALIBRATED
    assert result.p_value == result.smallest_attainable_p == 0.05
    assert len(result.controls) == 19


@pytest.mark.parametrize("whom", ["control-3", "somebody else"])
def test_who_follows_no_candidate_is_not_accused(whom: str) -> None:
    found = findings(World(follows={"suspect": (whom, 0.4)}))
    assert all(one.outcome is Outcome.DOES_NOT_SUPPORT for one in found.values())
    assert all("would have been found" in one.reason for one in found.values())


@pytest.mark.parametrize(("with_peers", "answer"), [(False, FROM_SHARED_DATA), (True, FROM_SIBLING)])
def test_siblings_that_explain_a_student_together_are_named_together(with_peers: bool, answer: str) -> None:
    """In words that hold what the controls leave open: a model with their data is excluded by such models."""
    # Both teachers have the way of their common data, which the student has from one of them.
    follows = {"suspect": ("data", 0.5), "teacher-0": ("data", 2.0), "teacher-1": ("data", 2.0)}
    peers = tuple(model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA) for n in range(19))
    found = findings(World(follows=follows), (*CAST, *peers) if with_peers else CAST)
    pair = [found["teacher-0"], found["teacher-1"]]
    assert sorted(one.outcome for one in pair) == [Outcome.INCONCLUSIVE, Outcome.SUPPORTS]
    assert {one.fact("answer") for one in pair} == {answer}
    assert all(one.fact("not_excluded") for one in pair)
    assert found["teacher-2"].outcome is Outcome.DOES_NOT_SUPPORT


def test_controls_with_the_same_data_hold_the_stronger_words_back() -> None:
    peers = tuple(model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA) for n in range(19))
    follows = {one.name: ("teacher-1", 0.5) for one in peers} | {"suspect": ("teacher-1", 0.4)}
    found = findings(World(follows=follows), (*CAST, *peers))
    assert found["teacher-1"].outcome is Outcome.INCONCLUSIVE
    assert found["teacher-1"].fact("answer") == FROM_SHARED_DATA
    assert "twins" in found["teacher-1"].decisive


def test_who_is_abler_than_every_control_is_not_accused() -> None:
    found = findings(World(follows={"suspect": ("teacher-1", 0.6)}, able=("suspect",)))
    assert found["teacher-1"].outcome is Outcome.INCONCLUSIVE
    assert "abler than every control" in found["teacher-1"].reason


def test_without_controls_that_know_no_candidate_nothing_is_said() -> None:
    found = findings(World(), (SUSPECT, *TEACHERS, *CONTROLS[:2]))
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
    assert all("2 controls" in one.reason for one in found.values())


def test_a_candidate_that_only_writes_is_not_applicable() -> None:
    shallow = model("teacher-9", Role.TEACHER, access=Access.TEXT)
    found = findings(World(follows={"suspect": ("teacher-1", 0.4)}), (*CAST, shallow))
    assert found["teacher-9"].outcome is Outcome.NOT_APPLICABLE
    assert found["teacher-1"].outcome is Outcome.SUPPORTS


def test_texts_that_suspect_and_candidate_lack_alike_do_not_make_them_alike() -> None:
    found = findings(World(lacks=("suspect", "teacher-1")))
    assert all(one.outcome is Outcome.DOES_NOT_SUPPORT for one in found.values())
    learned = findings(World(lacks=("suspect", "teacher-1"), follows={"suspect": ("teacher-1", 0.4)}))
    assert learned["teacher-1"].outcome is Outcome.SUPPORTS


def test_words_that_hardly_anybody_has_in_common_decide_nothing() -> None:
    found = findings(World(lacks=tuple(one.name for one in CONTROLS), share=0.09))
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
    assert all("scored by everybody" in one.reason for one in found.values())
