"""The whole method on writers whose favourite phrases are known, under its null and under its effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from writers import Writers, model
from writers import findings as all_findings

from auditor.policy.vocabulary import FACTS
from auditor.probe.method.text_likeness import TextLikeness
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, UNDECIDED
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Answer, Transcript
from auditor.record.request import Generate, Recall, Request, user
from auditor.record.result import Guarantee
from auditor.record.subject import Role, Stratum, Subject

METHOD = TextLikeness()
SUSPECT = model("suspect", Role.SUSPECT)
TEACHERS = tuple(model(f"teacher-{n}", Role.TEACHER) for n in range(3))
CONTROLS = tuple(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED) for n in range(19))
CAST = (SUSPECT, *TEACHERS, *CONTROLS)


def probe(**parameters: Any) -> ProbeSpec:
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(30))
    file = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHOD.name, null_hypothesis="n",
        guarantee="calibrated", description="d", source="s", parameters=parameters,
    )  # fmt: skip
    return ProbeSpec(id="text-lineage/text-likeness", file=file, items=items, digest="sha256:0")


def findings(world: Writers, cast: Sequence[Subject] = CAST, **parameters: Any) -> dict[str, Finding]:
    return dict(all_findings(METHOD, probe(**parameters), world, cast))


def test_the_teacher_is_named_and_the_others_are_not() -> None:
    found = findings(Writers(follows={"suspect": ("teacher-1", 0.8)}))
    assert found["teacher-1"].outcome is Outcome.SUPPORTS
    assert found["teacher-1"].fact("answer") == FROM_SHARED_DATA
    assert found["teacher-1"].fact("named") is True
    for name in ("teacher-0", "teacher-2"):
        assert found[name].outcome is not Outcome.SUPPORTS
        assert found[name].fact("named") is False
    result = found["teacher-1"].result
    assert result is not None
    assert (result.guarantee, result.p_value) == (Guarantee.CALIBRATED, 0.05)
    assert len(result.controls) == 19
    assert len(found["teacher-1"].observation_ids) == 60


def test_its_facts_are_known_to_policies() -> None:
    known = FACTS[Claim.DISTILLED_FROM]
    kinds = {"double": float, "int": int, "string": str, "bool": bool}
    for fact in findings(Writers(follows={"suspect": ("teacher-1", 0.8)}))["teacher-1"].facts:
        assert type(fact.value) is kinds[known[fact.name].kind]


def test_the_runs_that_tell_most_are_the_teachers() -> None:
    found = findings(Writers(follows={"suspect": ("teacher-1", 0.8)}))
    tables = {one.title: one for one in found["teacher-1"].exhibits if isinstance(one, Table)}
    rows = tables["Runs of characters that tell most"].rows
    assert rows
    for run, own, theirs, usual in rows:
        assert isinstance(run, str)
        departs = [float(str(one)) - float(str(usual)) for one in (own, theirs)]
        assert departs[0] * departs[1] > 0


@pytest.mark.parametrize("whom", ["control-3", "somebody else"])
def test_who_writes_like_no_candidate_is_not_accused(whom: str) -> None:
    found = findings(Writers(follows={"suspect": (whom, 0.8)}))
    assert not any(one.outcome is Outcome.SUPPORTS for one in found.values())


def test_p_values_of_innocents_are_uniform_or_larger_and_supports_rarer_than_the_level() -> None:
    values, supports, worlds = [], 0, 60
    for seed in range(worlds):
        found = findings(Writers(seed=seed), draws=1)
        first = next(one for one in found.values() if one.fact("named") is True)
        assert first.result is not None
        assert first.result.p_value is not None
        values.append(first.result.p_value)
        supports += any(one.outcome is Outcome.SUPPORTS for one in found.values())
    for level in (0.05, 0.1, 0.25, 0.5):
        spread = np.sqrt(level * (1 - level) / worlds)
        assert np.mean(np.array(values) <= level) <= level + 3 * spread
    # The companion holds back most of the one in twenty that ranks first by chance.
    assert supports <= 2


def test_students_are_found_more_often_than_innocents() -> None:
    found = [findings(Writers({"suspect": ("teacher-2", 0.6)}, seed), draws=1) for seed in range(10)]
    assert sum(one["teacher-2"].outcome is Outcome.SUPPORTS for one in found) >= 7


def test_a_rank_that_the_scatter_explains_is_no_support() -> None:
    found = findings(Writers(follows={"suspect": ("teacher-1", 0.8)}), companion_alpha=1e-12)
    assert found["teacher-1"].outcome is Outcome.INCONCLUSIVE
    assert found["teacher-1"].fact("answer") == UNDECIDED
    assert "scatter" in found["teacher-1"].reason


def test_of_siblings_one_is_named_and_the_other_not_cleared() -> None:
    follows = {"suspect": ("data", 0.8), "teacher-0": ("data", 0.9), "teacher-1": ("data", 0.9)}
    found = findings(Writers(follows=follows))
    pair = [found["teacher-0"], found["teacher-1"]]
    assert sorted(one.outcome for one in pair) == [Outcome.INCONCLUSIVE, Outcome.SUPPORTS]
    assert {one.fact("answer") for one in pair} <= {FROM_SHARED_DATA, FROM_SIBLING, UNDECIDED}
    assert found["teacher-2"].outcome is not Outcome.SUPPORTS


def test_controls_with_the_same_data_hold_the_stronger_words_back() -> None:
    peers = tuple(model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA) for n in range(19))
    follows = {one.name: ("teacher-1", 0.9) for one in peers} | {"suspect": ("teacher-1", 0.7)}
    found = findings(Writers(follows=follows), (*CAST, *peers))
    assert found["teacher-1"].outcome is Outcome.INCONCLUSIVE
    assert found["teacher-1"].fact("answer") == FROM_SHARED_DATA
    assert "twins" in found["teacher-1"].decisive


@pytest.mark.parametrize(
    ("companion", "outcome", "answer"),
    [(0.01, Outcome.SUPPORTS, FROM_SIBLING), (0.004, Outcome.INCONCLUSIVE, FROM_SHARED_DATA)],
)
def test_stronger_words_need_more_than_the_first_rank_among_those_with_the_same_data(
    companion: float, outcome: Outcome, answer: str
) -> None:
    peers = tuple(model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA) for n in range(19))
    follows = {one.name: ("teacher-1", 0.6) for one in peers} | {"suspect": ("teacher-1", 0.95)}
    found = findings(Writers(follows=follows), (*CAST, *peers), companion_alpha=companion)["teacher-1"]
    assert (found.outcome, found.fact("answer")) == (outcome, answer)


def test_too_few_controls_decide_nothing() -> None:
    found = findings(Writers(), CAST[:6])
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
    assert all("2 controls" in one.reason for one in found.values())


def test_a_candidate_that_does_not_answer_leaves_it_undecided() -> None:
    found = findings(Writers(silent=("teacher-0",)))
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
    assert all("teacher-0 answered 0 of 30 prompts" in one.reason for one in found.values())


def test_a_control_that_does_not_answer_is_left_out_and_named() -> None:
    follows = {"suspect": ("teacher-1", 0.8)}
    found = findings(Writers(follows=follows, silent=("control-18",)))["teacher-1"]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert any("control-18 answered too few" in one for one in found.limits)


def test_the_suspect_itself_is_no_candidate() -> None:
    same = model("suspect", Role.TEACHER)
    found = findings(Writers(), (SUSPECT, same, *TEACHERS, *CONTROLS))
    assert found["suspect"].outcome is Outcome.NOT_APPLICABLE


@dataclass
class Recorded(Writers):
    """Suspect and candidates are recordings of prompts of their own."""

    common: int = 40

    def answer(self, subject: Subject, request: Request) -> Answer:
        if isinstance(request, Recall) and subject.role in (Role.SUSPECT, Role.TEACHER):
            own = (*(f"recorded {n}" for n in range(self.common)), f"only {subject.name}")
            return Transcript(prompts=own, answers=own)
        assert not isinstance(request, Generate) or request.prompt != user("prompt 0")
        return super().answer(subject, request)


def test_recordings_are_compared_on_the_prompts_that_they_have_in_common() -> None:
    found = findings(Recorded(follows={"suspect": ("teacher-1", 0.8)}))
    assert found["teacher-1"].outcome is Outcome.SUPPORTS
    assert found["teacher-1"].fact("prompts") == 40
    few = findings(Recorded(follows={"suspect": ("teacher-1", 0.8)}, common=12))
    assert {one.outcome for one in few.values()} == {Outcome.INCONCLUSIVE}
    assert all("12 answered prompts in common" in one.reason for one in few.values())
