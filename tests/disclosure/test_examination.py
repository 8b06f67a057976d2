"""A declaration held against evidence and licences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.digest import digest_json
from auditor.disclosure.declaration import Declaration
from auditor.disclosure.draft import draft
from auditor.disclosure.examination import examine
from auditor.disclosure.remark import Kind
from auditor.disclosure.stated import read_stated
from auditor.policy.spec import load_policy
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING
from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.result import Guarantee, TestResult
from auditor.record.scan import Environment, Plan, Scan
from auditor.record.subject import Access, Role, Subject

PACK = load_policy("release-gate")
COMPLETE = Declaration(
    name="student",
    card=Path("README.md"),
    datasets=("our-own",),
    licence=("apache-2.0",),
    compute=True,
    prose="Made from scratch.",
)


def subject(name: str, role: Role, licence: str = "apache-2.0") -> Subject:
    return Subject(
        role=role,
        name=name,
        locator=f"owner/{name}",
        digest=digest_json(name),
        access=Access.WEIGHTS,
        details=(("licence", licence),),
    )


SUSPECT, TEACHER = subject("student", Role.SUSPECT), subject("teacher-7b", Role.TEACHER, "llama3")


def finding(claim: Claim, outcome: Outcome, p_value: float = 1e-6) -> Finding:
    result = TestResult(
        method="m", null="n", alternative="a", statistic=1.0, statistic_name="s", effect=1.0, effect_unit="u",
        p_value=p_value, n=40, unit_of_replication="models", guarantee=Guarantee.CALIBRATED,
        assumptions=(), source="s",
    )  # fmt: skip
    return Finding(
        claim=claim,
        probe="lineage/x",
        method="m",
        suspect=SUSPECT.digest,
        teacher=TEACHER.digest,
        outcome=outcome,
        reason="seen so",
        result=result,
        facts=(Fact(name="answer", value="distilled from this teacher", meaning=""),),
    )


def scan(*findings: Finding, teachers: tuple[str, ...] = (), licence: str | None = None) -> Scan:
    plan = Plan(
        subjects=(SUSPECT, TEACHER),
        probes=(),
        seed=0,
        seed_origin="given",
        policy="release-gate",
        policy_digest="",
        declared_teachers=teachers,
        declared_licence=licence,
    )
    return Scan(
        run="run-1",
        plan=plan,
        plan_digest=plan.digest,
        findings=findings,
        environment=Environment(python="", platform="", device=""),
        started_at="",
        observations=Observations.of(plan.subjects, 0, ()),
    )


DISTILLED = finding(Claim.DISTILLED_FROM, Outcome.SUPPORTS)


def kinds(declaration: Declaration, found: Scan | None) -> list[tuple[Kind, str]]:
    return [(one.kind, one.field) for one in examine(declaration, found, PACK).remarks]


def test_a_complete_card_without_evidence_against_it_is_left_alone() -> None:
    assert kinds(COMPLETE, scan(finding(Claim.DISTILLED_FROM, Outcome.DOES_NOT_SUPPORT))) == []
    assert kinds(COMPLETE, None) == [(Kind.UNMEASURED, "evidence")]


def test_a_teacher_that_nobody_names_contradicts_the_card() -> None:
    found = examine(COMPLETE, scan(DISTILLED), PACK)
    assert found.contradicted
    first = found.remarks[0]
    assert (first.kind, first.field) == (Kind.CONTRADICTION, "base_model")
    assert "the model learned from its outputs (lineage/x)" in first.text


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (FROM_SIBLING, Kind.CONTRADICTION, "from it or a sibling of it"),
        (FROM_SHARED_DATA, Kind.MISSING, "from it or from something that shares its data"),
    ],
)
def test_no_more_is_said_than_the_evidence_says(answer: str, kind: Kind, words: str) -> None:
    weaker = replace(DISTILLED, facts=(Fact(name="answer", value=answer, meaning=""),))
    found = examine(COMPLETE, scan(weaker), PACK)
    first = next(one for one in found.remarks if "the evidence says" in one.text)
    assert first.kind is kind
    assert words in first.text
    assert words in draft(found)
    assert "learned from its outputs" not in draft(found)


@pytest.mark.parametrize("name", ["teacher-7b", "owner/teacher-7b", "Owner/Teacher-7B"])
def test_a_teacher_that_is_named_does_not(name: str) -> None:
    assert not examine(COMPLETE, scan(DISTILLED, teachers=(name,)), PACK).contradicted
    stated = replace(COMPLETE, base_models=(name,), relation="finetune")
    assert not examine(stated, scan(DISTILLED), PACK).contradicted


def test_a_teacher_in_the_prose_alone_is_a_gap() -> None:
    stated = replace(COMPLETE, prose="Trained on answers of Teacher-7B.")
    assert (Kind.MISSING, "base_model") in kinds(stated, scan(DISTILLED))
    assert not examine(stated, scan(DISTILLED), PACK).contradicted
    other = replace(COMPLETE, prose="Trained on answers of teacher-7b-it.")
    assert not other.mentions("teacher")
    assert not replace(COMPLETE, prose="my teacher-7bx").mentions("teacher-7b")


def test_evidence_that_does_not_survive_multiplicity_contradicts_nothing() -> None:
    weak = finding(Claim.DISTILLED_FROM, Outcome.SUPPORTS, p_value=0.2)
    assert not examine(COMPLETE, scan(weak), PACK).contradicted


def test_a_base_whose_weights_are_not_there_contradicts_the_card() -> None:
    stated = replace(COMPLETE, base_models=("owner/teacher-7b",), relation="finetune")
    none = scan(finding(Claim.ANCESTRY, Outcome.DOES_NOT_SUPPORT, p_value=0.7))
    found = examine(stated, none, PACK)
    assert found.contradicted
    assert "no ancestry is found" in found.remarks[0].text
    unsure = scan(finding(Claim.ANCESTRY, Outcome.INCONCLUSIVE, p_value=0.7))
    assert not examine(stated, unsure, PACK).contradicted


def test_a_licence_that_forbids_is_an_obligation_with_its_source() -> None:
    found = examine(COMPLETE, scan(DISTILLED, teachers=("teacher-7b",)), PACK)
    one, compute = found.remarks
    assert one.kind is Kind.OBLIGATION
    assert (compute.kind, compute.field) == (Kind.MISSING, "compute")
    assert "teacher-7b took to write" in compute.text
    assert "forbids" in one.text
    assert "1.b.v" in one.text
    assert "2024-04-18" in one.text


def test_what_is_not_known_of_a_licence_is_said() -> None:
    stated = replace(COMPLETE, base_models=("somebody/else",), relation="merge")
    assert kinds(stated, None) == [(Kind.MISSING, "license"), (Kind.UNMEASURED, "evidence")]


def test_two_licences_for_one_model_contradict_each_other() -> None:
    assert kinds(COMPLETE, scan(licence="mit"))[0] == (Kind.CONTRADICTION, "license")
    assert kinds(COMPLETE, scan(licence="Apache-2.0")) == []


def test_every_gap_of_an_empty_card_is_named() -> None:
    empty = Declaration(name="student", card=Path("README.md"), broken=True)
    fields = [name for kind, name in kinds(empty, None) if kind is Kind.MISSING]
    assert fields == ["card", "license", "datasets", "compute"]
    assert kinds(Declaration(name="student", card=None), None)[0] == (Kind.MISSING, "card")
    odd = replace(COMPLETE, base_models=("a/b",), relation="distilled")
    assert (Kind.MISSING, "base_model_relation") in kinds(odd, None)
    assert (Kind.MISSING, "base_model_relation") in kinds(replace(odd, relation=None), None)


def test_the_draft_says_what_was_found_and_leaves_gaps_for_the_maker() -> None:
    text = draft(examine(COMPLETE, scan(DISTILLED, finding(Claim.ANCESTRY, Outcome.SUPPORTS)), PACK))
    assert text.startswith(
        "---\nlicense: apache-2.0\nbase_model: teacher-7b\nbase_model_relation: TO BE STATED\n"
    )
    assert "- **teacher-7b** (llama3)" in text
    assert "An audit found that the model learned from its outputs" in text
    assert "Terms on outputs (Meta Llama 3 Community License Agreement, section 1.b.v)" in text
    assert "run `run-1`" in text
    declared = draft(examine(replace(COMPLETE, base_models=("a/b",)), None, PACK))
    assert "no audit at hand confirms or refutes it" in declared


def test_names_cannot_write_markup_into_the_draft() -> None:
    hostile = replace(COMPLETE, base_models=("x](javascript:alert(1))<b>\n# Approved",))
    text = draft(examine(hostile, None, PACK)).split("## Where", 1)[1]
    assert "<b>" not in text
    assert "\n# Approved" not in text
    assert "x](" not in text


def test_a_teacher_that_the_summary_of_training_names_is_disclosed() -> None:
    found = examine(replace(COMPLETE, summary="Synthetic data: teacher-7B."), scan(DISTILLED), PACK)
    assert not found.contradicted
    assert not any(one.field == "base_model" for one in found.remarks)


def test_the_draft_states_what_can_be_worked_out() -> None:
    stated = replace(COMPLETE, weights=1000, figures=read_stated("Trained on 2M tokens.", "student"))
    text = draft(examine(stated, scan(DISTILLED), PACK))
    assert "- This model: 1.2e+10 FLOP" in text
    assert "teacher-7b, writing what this model learned from: TO BE STATED" in text
    assert "how many examples it wrote: not stated" in text
