"""Records survive the way to JSON and back, and malformed ones say where."""

from __future__ import annotations

import json
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.digest import canonical_json
from auditor.error import EvidenceIntegrityError
from auditor.record.codec import decode, decode_member, encode
from auditor.record.finding import (
    AnswerPair,
    Claim,
    Estimate,
    Estimates,
    Fact,
    Finding,
    Outcome,
    SideBySide,
    Table,
)
from auditor.record.observation import Answer, Arrays, Observation, Observations, PackedArray
from auditor.record.request import Request, request_digest
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.scan import Plan
from auditor.record.subject import Access, Role, Subject

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
st.register_type_strategy(str, TEXT)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, st.integers(-(2**53) + 1, 2**53 - 1))


@given(st.from_type(Request))  # type: ignore[arg-type]
def test_requests(request_: Request) -> None:
    body = json.loads(canonical_json(encode(request_)))
    assert decode(Request, body, where="test") == request_
    assert request_digest(decode(Request, body, where="test")) == request_digest(request_)
    assert decode_member(Request, body, where="test") == request_


@given(st.from_type(Answer))  # type: ignore[arg-type]
def test_answers(answer: Answer) -> None:
    body = json.loads(canonical_json(encode(answer)))
    assert decode(Answer, body, where="test") == answer
    assert decode_member(Answer, body, where="test") == answer


@pytest.mark.parametrize("value", [{"kind": "rumour"}, {"kind": 3}, [], "text"])
def test_what_names_no_known_kind_is_refused(value: object) -> None:
    with pytest.raises(EvidenceIntegrityError, match="malformed"):
        decode_member(Answer, value, where="record 7")


@given(st.builds(Subject))
def test_subjects(subject: Subject) -> None:
    assert decode(Subject, json.loads(canonical_json(encode(subject))), where="test") == subject


def test_findings_with_every_exhibit() -> None:
    result = TestResult(
        method="m",
        null="n",
        alternative="a",
        statistic=1.5,
        statistic_name="s",
        effect=1.0,
        effect_unit="points",
        n=3,
        unit_of_replication="models",
        guarantee=Guarantee.CALIBRATED,
        assumptions=("x",),
        source="y",
        p_value=0.5,
        interval=(0.0, 1.0),
        controls=(ControlValue(name="c", stratum="unrelated", value=0.25),),
    )
    pair = AnswerPair(
        item="i", category="c", prompt="p", first="a", first_label="x", second="b", second_label="y"
    )
    finding = Finding(
        claim=Claim.SAFETY_LOSS,
        probe="refusal/x",
        method="m",
        suspect="sha256:s",
        outcome=Outcome.SUPPORTS,
        reason="r",
        result=result,
        facts=(Fact(name="a", value=True), Fact(name="b", value=3), Fact(name="c", value="word")),
        exhibits=(
            Table(title="t", columns=("a", "b"), rows=(("x", 1), ("y", None))),
            Estimates(
                title="e", unit="points", rows=(Estimate(label="l", value=1.0, low=0.0, high=2.0, n=4),)
            ),
            SideBySide(title="s", first_name="S", second_name="T", pairs=(pair,), harmful=True),
        ),
    )
    again = decode(Finding, json.loads(canonical_json(encode(finding))), where="test")
    assert again == finding
    assert again.fingerprint == finding.fingerprint
    assert [type(fact.value) for fact in again.facts] == [bool, int, str]


def test_malformed_records_say_where() -> None:
    with pytest.raises(EvidenceIntegrityError, match=r"role.*record 7"):
        decode(
            Subject,
            {"role": "bystander", "name": "a", "locator": "b", "digest": "c", "access": 1},
            where="record 7",
        )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, ">f4"])
def test_arrays(dtype: str) -> None:
    array = np.arange(12).astype(dtype).reshape(3, 4)
    again = Arrays(arrays=(PackedArray.pack("x", array),)).unpack()["x"]
    np.testing.assert_array_equal(again, array)


def test_the_intent_of_a_plan_leaves_out_a_drawn_seed_only() -> None:
    someone = Subject(role=Role.SUSPECT, name="a", locator="a", digest="sha256:a", access=Access.TEXT)

    def plan(seed: int, origin: Literal["drawn", "given"]) -> Plan:
        return Plan(
            subjects=(someone,), probes=(), seed=seed, seed_origin=origin, policy="p", policy_digest="d"
        )  # type: ignore[arg-type]

    assert plan(1, "drawn").intent_digest == plan(2, "drawn").intent_digest
    assert plan(1, "drawn").digest != plan(2, "drawn").digest
    assert plan(1, "given").intent_digest != plan(2, "given").intent_digest


def test_observations_are_found_by_who_and_what() -> None:
    someone = Subject(role=Role.SUSPECT, name="a", locator="a", digest="sha256:a", access=Access.TEXT)
    observations = Observations((someone,), 1)
    assert observations.suspect is someone
    assert observations.of_role(Role.SUSPECT, Access.LOGPROBS) == ()


def test_observation_identity_is_short_and_both_sided() -> None:
    from auditor.record.observation import Text
    from auditor.record.request import Generate

    request = Generate(prompt="x", max_tokens=1)
    one = Observation(
        subject_digest="sha256:" + "a" * 64,
        request_digest=request_digest(request),
        request=request,
        answer=Text(text=""),
    )
    assert one.id.startswith("aaaaaaaaaaaa:")
    assert len(one.id) == 25
