"""The noise floor of writers whose every change of circumstances is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from writers import Writers, findings, model

from auditor.error import ContentError
from auditor.policy.vocabulary import FACTS
from auditor.probe.method.noise_floor import NoiseFloor
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Answer, Transcript
from auditor.record.request import Recall, Request
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role, Stratum, Subject

METHOD = NoiseFloor()
SUSPECT = model("suspect", Role.SUSPECT)
TEACHER = model("teacher", Role.TEACHER)
CONTROLS = tuple(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED) for n in range(4))
DEEP = model("suspect", Role.SUSPECT, access=Access.LOGPROBS)
DEEP_TEACHER = model("teacher", Role.TEACHER, access=Access.LOGPROBS)


def probe(**parameters: Any) -> ProbeSpec:
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(40))
    file = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHOD.name, null_hypothesis="n",
        guarantee="indicative", description="d", source="s", parameters=parameters,
    )  # fmt: skip
    return ProbeSpec(id="lineage/noise-floor", file=file, items=items, digest="sha256:0")


def finding(world: Writers, cast: Sequence[Subject], **parameters: Any) -> Finding:
    ((name, found),) = findings(METHOD, probe(**parameters), world, cast)
    assert name == ""
    return found


def rows(found: Finding, title: str) -> dict[str, tuple[Any, ...]]:
    (table,) = (one for one in found.exhibits if isinstance(one, Table) and title in one.title)
    return {str(row[0]): row[1:] for row in table.rows}


def test_the_suspect_is_more_alike_to_itself_than_to_others() -> None:
    found = finding(Writers(), (SUSPECT, TEACHER))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.teacher is None
    assert found.result is not None
    assert (found.result.guarantee, found.result.p_value) == (Guarantee.INDICATIVE, None)
    alike = rows(found, "alike answers")
    assert alike["itself, another seed"][0] > alike["candidate teacher"][0] + 0.05
    assert set(alike) == {
        "itself, another seed",
        "itself, temperature 1",
        "itself, a system prompt",
        "itself, another wording",
        "candidate teacher",
    }
    assert found.fact("least_own_likeness") <= found.fact("own_likeness")  # type: ignore[operator]
    assert "teacher" in found.reason


def test_what_a_system_prompt_changes_is_seen_and_what_it_does_not_is_not() -> None:
    moved = rows(finding(Writers(), (SUSPECT,)), "alike answers")
    steady = rows(finding(Writers(system=False), (SUSPECT,)), "alike answers")
    assert moved["itself, a system prompt"][0] < moved["itself, another wording"][0] - 0.01
    assert abs(steady["itself, a system prompt"][0] - steady["itself, another wording"][0]) < 0.01


def test_a_student_comes_nearer_to_the_floor_than_a_stranger() -> None:
    student = rows(finding(Writers({"suspect": ("teacher", 0.9)}), (SUSPECT, TEACHER)), "alike answers")
    stranger = rows(finding(Writers(), (SUSPECT, TEACHER)), "alike answers")
    assert student["candidate teacher"][0] > stranger["candidate teacher"][0] + 0.05


def test_scores_that_do_not_depend_on_the_batch_have_no_numeric_noise() -> None:
    found = finding(Writers(), (DEEP, DEEP_TEACHER))
    assert found.fact("numeric_noise") == 0
    assert "the same in any batch" in found.reason
    noise = found.fact("wording_noise")
    assert isinstance(noise, float)
    assert noise > 0.1
    words = rows(found, "scores of words")
    assert words["itself, another batch"] == (1.0, 0.0, 0.0)
    assert words["candidate teacher"][0] < 0.9


def test_numeric_noise_is_measured_where_there_is_some() -> None:
    found = finding(Writers(jitter=0.01), (DEEP,))
    noise = found.fact("numeric_noise")
    assert isinstance(noise, float)
    assert 0.01 < noise < 0.1
    assert "another batch moves" in found.reason


def test_controls_are_not_asked_and_what_is_known_of_them_is_shown() -> None:
    spec = probe()
    asked: list[str] = []

    class Watching(Writers):
        def answer(self, subject: Subject, request: Request) -> Answer:
            asked.append(subject.name)
            return super().answer(subject, request)

    ((_, found),) = findings(METHOD, spec, Watching(), (SUSPECT, TEACHER, *CONTROLS))
    assert set(asked) == {"suspect", "teacher"}
    assert asked.count("suspect") == 1 + 5 * 40
    assert not any("controls" in name for name in rows(found, "alike answers"))
    assert found.result is not None
    assert found.result.controls == ()


def test_a_recording_has_no_other_circumstances() -> None:
    class Recorded(Writers):
        def answer(self, subject: Subject, request: Request) -> Answer:
            assert isinstance(request, Recall)
            return Transcript(prompts=("a",), answers=("b",))

    found = finding(Recorded(), (SUSPECT,))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert "sample_of" in found.decisive


def test_a_suspect_that_says_nothing_has_no_floor() -> None:
    found = finding(Writers(silent=("suspect",)), (SUSPECT, TEACHER))
    assert found.outcome is Outcome.NOT_APPLICABLE


def test_its_facts_are_known_to_policies() -> None:
    found = finding(Writers(), (DEEP, DEEP_TEACHER))
    known = FACTS[Claim.DISTILLED_FROM]
    for fact in found.facts:
        expected = {"double": float, "int": int}[known[fact.name].kind]
        assert type(fact.value) is expected


def test_a_wording_without_a_place_for_the_question_is_an_error() -> None:
    with pytest.raises(ContentError, match="wording"):
        finding(Writers(), (SUSPECT,), wording="Please answer.")
