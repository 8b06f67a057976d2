"""Conditions are three-valued: an unknown value decides nothing that it could have changed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.policy.condition import ConditionError, compile_condition
from auditor.policy.message import compile_message
from auditor.policy.vocabulary import FINDING_FIELDS, SCAN_FIELDS, Field, fields_for
from auditor.record.finding import Claim

FIELDS = {
    "a.x": Field("bool", ""),
    "a.y": Field("bool", ""),
    "a.z": Field("bool", ""),
    "a.p": Field("double", ""),
    "a.n": Field("int", ""),
    "a.s": Field("string", ""),
    "a.l": Field("list", ""),
}


def decide(text, **values):
    return compile_condition(text, FIELDS).decide({f"a.{name}": value for name, value in values.items()})


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a.p < 0.05", {}, None),
        ("a.p >= 0.05", {}, None),
        ("a.x && a.p < 0.05", {"x": False}, False),
        ("a.p < 0.05 && a.x", {"x": False}, False),
        ("a.x && a.p < 0.05", {"x": True}, None),
        ("a.p < 0.05 || a.x", {"x": True}, True),
        ("a.x || a.p < 0.05", {"x": False}, None),
        ("!(a.p < 0.05)", {}, None),
        ("a.p == a.p", {}, None),
        ("a.x ? true : false", {}, None),
        ("a.s in a.l", {"l": ["b"]}, None),
        ("a.s in a.l", {"s": "b", "l": ["b"]}, True),
        ("a.l.exists(one, one == a.s)", {"s": "b", "l": []}, False),
        ("a.l.exists(one, one == a.s)", {"l": ["b"]}, None),
    ],
)
def test_kleene(text, values, expected):
    assert decide(text, **values).value is expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("p", None), ("p", float("nan")), ("p", float("inf")), ("p", "0.01"), ("p", True), ("p", 10**400)],
)
def test_what_is_no_number_is_unknown_and_neither_small_nor_large(name, value):
    assert decide("a.p < 0.05", **{name: value}).value is None
    assert decide("a.p >= 0.05", **{name: value}).value is None


def test_types_are_not_guessed():
    assert decide("a.p < 2.0", p=1).value is True
    assert decide("a.n < 2", n=1.0).value is None
    assert decide("a.n < 2", n=True).value is None
    assert decide("a.x", x=1).value is None
    assert decide("a.s == '1'", s=1).value is None
    assert decide("a.l == []", l="abc").value is None


def test_the_reason_names_what_is_unknown():
    assert "depends on a.p" in decide("a.p < 0.05").reason
    assert "cannot be evaluated" in decide("a.n / 0 > 1", n=1).reason
    assert decide("a.n / 0 > 1", n=1).value is None


def test_hostile_text_is_a_value_and_nothing_else():
    assert decide("a.s == 'x'", s="x' || true || 'x").value is False
    assert decide("a.s == 'x'", s="\ud800\x00").value is False
    assert decide("'b' in a.l", l=["\ud800"]).value is False


FORMULAS = st.recursive(
    st.sampled_from(["a.x", "a.y", "a.z", "true", "false"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||", "==", "!="]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda one: f"!{one}"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
    ),
    max_leaves=8,
)


@settings(deadline=None, derandomize=True, database=None)
@given(FORMULAS, st.tuples(*[st.sampled_from([True, False, None])] * 3))
def test_a_decision_holds_whatever_the_unknown_values_are(formula, known):
    condition = compile_condition(formula, FIELDS)
    names = ["a.x", "a.y", "a.z"]
    partial = {name: value for name, value in zip(names, known, strict=True) if value is not None}
    decided = condition.decide(partial).value
    unknown = [name for name in names if name not in partial]
    outcomes = {
        condition.decide({**partial, **dict(zip(unknown, filled, strict=True))}).value
        for filled in itertools.product([True, False], repeat=len(unknown))
    }
    assert None not in outcomes
    if decided is not None:
        assert outcomes == {decided}


@settings(deadline=None, derandomize=True, database=None)
@given(st.text(max_size=40))
def test_any_text_compiles_or_is_refused_on_one_line(text):
    try:
        compile_condition(text, FIELDS)
    except ConditionError as error:
        assert str(error).strip()  # noqa: PT017


def test_reads_lists_whole_names_only():
    fields = fields_for(Claim.DISTILLED_FROM)
    condition = compile_condition("finding.p_value < 0.05 && teacher.licence_outputs == 'x'", fields)
    assert condition.reads == ("finding.p_value", "teacher.licence_outputs")


def test_every_name_has_a_meaning_and_claims_see_only_their_own_facts():
    for claim in (None, *Claim):
        for name, field in fields_for(claim).items():
            assert field.meaning, name
    assert set(fields_for(None)) == set(SCAN_FIELDS)
    assert set(FINDING_FIELDS) < set(fields_for(Claim.MONOCULTURE))
    assert "fact.retention" in fields_for(Claim.SAFETY_LOSS)
    assert "fact.retention" not in fields_for(Claim.ANCESTRY)


def test_messages_show_values_for_readers():
    text = "{{{a.s}}}: p {a.p}, {a.p:.1%}, n {a.n}, {a.n:,}, {a.x}, of {a.l}, {a.y}"
    values = {"a.s": "n\u001b[31m\nm", "a.p": 0.04761, "a.n": 12345, "a.x": True, "a.l": []}
    said = compile_message(text, FIELDS).render(values)
    assert said == "{n [31m m}: p 0.0476, 4.8%, n 12345, 12,345, yes, of none, unknown"


@settings(deadline=None, derandomize=True, database=None)
@given(st.text(max_size=60))
def test_a_value_in_a_message_is_never_a_template(name):
    rendered = compile_message("<{a.s}>", FIELDS).render({"a.s": f"{{a.p}}{name}{{0}}", "a.p": 0.5})
    assert rendered.startswith("<{a.p}")
    assert rendered.endswith("{0}>")
    assert rendered.isprintable()
