"""From findings to a verdict: states, multiplicity, and everything that must never become "pass"."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.error import AuditorError
from auditor.policy.evaluate import evaluate
from auditor.policy.facts import facts
from auditor.policy.spec import load_policy
from auditor.record.codec import decode, encode
from auditor.record.verdict import RuleState, Status, Verdict

TODAY = date(2026, 6, 1)


@pytest.fixture
def judge(write_pack, make_plan):
    def run(*findings, rule=None, rules=None, plan=None, today=TODAY, waivers=(), head=""):
        pack = load_policy(write_pack(*(rules or [rule or {}]), head=head))
        return evaluate(pack, plan or make_plan(), findings, today=today, waivers=waivers)

    return run


def only(verdict):
    (rule,) = verdict.rules
    return rule


def test_supported_fires_and_not_supported_passes(judge, make_finding):
    fired = judge(make_finding(outcome="supports", p=0.01))
    assert (fired.status, only(fired).state) == (Status.FAIL, RuleState.FAIL)
    assert only(fired).message == "it fired."
    passed = judge(make_finding(outcome="does_not_support", p=0.6, reason="nothing of the kind"))
    assert (passed.status, only(passed).state) == (Status.PASS, RuleState.PASS)
    assert only(passed).message == "T: nothing of the kind."


@pytest.mark.parametrize("outcome", ["inconclusive", "failed", "not_applicable"])
def test_undecided_evidence_is_inconclusive(judge, make_finding, outcome):
    verdict = judge(make_finding(outcome=outcome, decisive="forty more controls"))
    assert verdict.status is Status.INCONCLUSIVE
    assert only(verdict).state is RuleState.INCONCLUSIVE
    assert "forty more controls" in only(verdict).decisive


def test_missing_evidence_is_inconclusive_or_as_strict_as_the_rule_says(judge, make_finding):
    assert judge().status is Status.INCONCLUSIVE
    assert "No probe left a finding about distilled from" in only(judge()).message
    assert judge(rule={"on_missing": "fail"}).status is Status.FAIL
    assert judge(make_finding(outcome="failed"), rule={"on_missing": "fail"}).status is Status.FAIL


def test_every_candidate_teacher_needs_a_finding(judge, make_plan, make_finding):
    plan = make_plan(teachers=("T", "U"))
    clear = make_finding(outcome="does_not_support", p=0.7)
    verdict = judge(clear, plan=plan)
    assert verdict.status is Status.INCONCLUSIVE
    assert "U: no probe left a finding" in only(verdict).message
    requires = "{claim: distilled_from, guarantee: calibrated, each_teacher: false}"
    assert judge(clear, plan=plan, rule={"requires": requires}).status is Status.PASS
    both = (clear, make_finding(teacher="U", outcome="does_not_support", p=0.9))
    assert judge(*both, plan=plan).status is Status.PASS


def test_a_general_note_does_not_hide_a_teacher_without_a_finding(judge, make_plan, make_finding):
    note = make_finding(teacher=None, outcome="not_applicable", guarantee=None, probe="lineage/other")
    clear = make_finding(outcome="does_not_support", p=0.7)
    assert judge(note, clear, plan=make_plan(teachers=("T", "U"))).status is Status.INCONCLUSIVE
    assert judge(note, clear).status is Status.PASS
    assert judge(note).status is Status.INCONCLUSIVE


def test_the_worst_teacher_decides_and_each_is_listed(judge, make_plan, make_finding):
    plan = make_plan(teachers=("T", "U", "V"))
    findings = (
        make_finding(teacher="T", outcome="does_not_support", p=0.8),
        make_finding(teacher="U", outcome="supports", p=0.001),
        make_finding(teacher="V", outcome="inconclusive", p=0.2, reason="too few controls"),
    )
    rule = only(judge(*findings, plan=plan, rule={"message": "'{teacher.name} taught it'"}))
    assert rule.state is RuleState.FAIL
    assert rule.message == "U taught it. V: too few controls."
    assert rule.findings == (findings[1].fingerprint,)


def test_a_stronger_method_settles_what_another_could_not_be_applied_to(judge, make_finding):
    clear = make_finding(outcome="does_not_support", p=0.8)
    for weaker in (
        make_finding(outcome="not_applicable", guarantee=None, probe="lineage/b"),
        make_finding(outcome="supports", guarantee="indicative", probe="lineage/b"),
    ):
        assert judge(clear, weaker).status is Status.PASS
        assert judge(weaker).status is Status.INCONCLUSIVE
    broken = make_finding(outcome="failed", guarantee=None, probe="lineage/b")
    assert judge(clear, broken).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("has", "needs", "enough"),
    [
        ("exact", "calibrated", True),
        ("calibrated", "calibrated", True),
        ("asymptotic", "calibrated", False),
        ("indicative", "asymptotic", False),
        (None, "asymptotic", False),
    ],
)
@pytest.mark.parametrize("outcome", ["supports", "does_not_support"])
def test_the_guarantee_must_be_strong_enough(judge, make_finding, has, needs, enough, outcome):
    requires = f"{{claim: distilled_from, guarantee: {needs}}}"
    verdict = judge(make_finding(outcome=outcome, guarantee=has), rule={"requires": requires})
    decided = Status.FAIL if outcome == "supports" else Status.PASS
    assert verdict.status is (decided if enough else Status.INCONCLUSIVE)


def test_other_claims_and_other_suspects_do_not_count(judge, make_finding):
    assert judge(make_finding(claim="ancestry", outcome="does_not_support")).status is Status.INCONCLUSIVE
    stranger = make_finding(suspect="another", outcome="does_not_support", p=0.5)
    assert judge(stranger).status is Status.INCONCLUSIVE
    assert only(judge(make_finding(outcome="supports", suspect="another"))).state is RuleState.INCONCLUSIVE


def test_an_unknown_value_is_inconclusive_and_says_which(judge, make_finding):
    rule = {"when": "finding.p_value > 0.5"}
    verdict = judge(make_finding(outcome="does_not_support"), rule=rule)
    assert verdict.status is Status.INCONCLUSIVE
    assert "finding.p_value, which is not known" in only(verdict).message
    stranger = make_finding(teacher="nobody in the plan", outcome="supports", p=0.01)
    requires = "{claim: distilled_from, guarantee: calibrated, each_teacher: false}"
    rule = {"when": "finding.supports && !teacher.declared", "requires": requires}
    assert judge(stranger, rule=rule).status is Status.INCONCLUSIVE


def test_an_inconclusive_finding_may_fire_but_never_passes(judge, make_finding):
    facts_ = {"controls": 3}
    finding = make_finding(outcome="inconclusive", p=0.25, facts=facts_)
    assert judge(finding, rule={"when": "fact.controls < 19"}).status is Status.FAIL
    assert judge(finding, rule={"when": "fact.controls < 2"}).status is Status.INCONCLUSIVE


def test_rules_about_evidence_make_inconclusive_and_not_guilty(judge, make_finding):
    rule = {"when": "fact.controls < 19", "on_fire": "inconclusive", "message": "'{fact.controls} are few'"}
    few = judge(make_finding(outcome="does_not_support", p=0.2, facts={"controls": 4}), rule=rule)
    assert (few.status, only(few).message) == (Status.INCONCLUSIVE, "4 are few.")
    many = make_finding(outcome="does_not_support", p=0.2, facts={"controls": 40})
    assert judge(many, rule=rule).status is Status.PASS


def test_modes_warn_and_info_are_shown_and_do_not_fail(judge, make_finding):
    rules = [{}, {"mode": "warn", "when": "'true'"}, {"mode": "info", "when": "'true'"}]
    verdict = judge(make_finding(outcome="does_not_support", p=0.5), rules=rules)
    assert verdict.status is Status.PASS
    assert [one.state for one in verdict.rules] == [RuleState.PASS, RuleState.FAIL, RuleState.FAIL]


def test_nothing_decided_is_inconclusive(judge, make_finding):
    lenient = {"on_not_applicable": "not_applicable"}
    finding = make_finding(outcome="not_applicable", guarantee=None)
    verdict = judge(finding, rule=lenient)
    assert (only(verdict).state, verdict.status) == (RuleState.NOT_APPLICABLE, Status.INCONCLUSIVE)
    assert judge(finding, rule={"mode": "warn", "when": "'true'"}).status is Status.INCONCLUSIVE
    decided = {"requires": None, "when": "scan.failed > 0"}
    assert judge(finding, rules=[lenient, decided]).status is Status.PASS


def test_a_rule_waits_for_its_day(judge, make_finding):
    guilty = make_finding(outcome="supports", p=0.01)
    rule = {"effective_on": "2026-06-02"}
    before = judge(guilty, rule=rule, today=date(2026, 6, 1))
    assert (only(before).state, before.status) == (RuleState.NOT_APPLICABLE, Status.INCONCLUSIVE)
    assert "2026-06-02" in only(before).message
    assert judge(guilty, rule=rule, today=date(2026, 6, 2)).status is Status.FAIL
    assert judge(guilty, rule=rule, today=None).status is Status.FAIL


def test_holm_over_candidate_teachers(judge, make_plan, make_finding):
    plan = make_plan(teachers=("T", "U", "V"))
    rule = {
        "message": "'{teacher.name} p {finding.p_value} adjusted {finding.p_adjusted} of {finding.family}'"
    }

    def findings(p, **more):
        return (
            make_finding(teacher="T", outcome="supports", p=p, **more),
            make_finding(teacher="U", outcome="does_not_support", p=0.4, **more),
            make_finding(teacher="V", outcome="does_not_support", p=0.9, **more),
        )

    strong = only(judge(*findings(0.01), plan=plan, rule=rule))
    assert strong.state is RuleState.FAIL
    assert "T p 0.01 adjusted 0.03 of 3" in strong.message
    weak = only(judge(*findings(0.03), plan=plan, rule=rule))
    assert weak.state is RuleState.INCONCLUSIVE
    assert "0.09 over 3 candidates, above the level 0.05" in weak.message
    paid = only(judge(*findings(0.03, facts={"selection_inside_null": True}), plan=plan, rule=rule))
    assert paid.state is RuleState.FAIL
    assert "adjusted 0.03 of 1" in paid.message


def test_families_are_claim_and_suite(make_plan, make_finding):
    plan = make_plan(teachers=("T", "U"))
    findings = (
        make_finding(teacher="T", p=0.02),
        make_finding(teacher="U", p=0.03),
        make_finding(teacher="U", p=0.02, probe="other/probe"),
        make_finding(teacher="T", p=0.02, claim="ancestry"),
        make_finding(teacher=None, p=0.02),
        make_finding(teacher="T", p=None),
    )
    seen = [one["finding"] for one in facts(plan, findings)["findings"]]
    assert [one.get("p_adjusted") for one in seen] == [0.04, 0.04, 0.02, 0.02, 0.02, None]
    assert [one.get("family") for one in seen] == [2, 2, 1, 1, 1, None]


def test_a_clean_result_that_could_not_have_been_otherwise_is_not_clean(judge, make_finding):
    blind = make_finding(outcome="does_not_support", p=0.5, smallest=0.1)
    assert judge(blind).status is Status.INCONCLUSIVE
    assert "could not have found anything" in only(judge(blind)).message
    seeing = make_finding(outcome="does_not_support", p=0.5, smallest=1 / 21)
    assert judge(seeing).status is Status.PASS


@pytest.mark.parametrize("p", [float("nan"), -0.1, 1.5])
def test_a_p_value_that_is_none_supports_nothing(judge, make_finding, p):
    assert judge(make_finding(outcome="supports", p=p)).status is Status.INCONCLUSIVE
    assert judge(make_finding(outcome="does_not_support", p=p)).status is Status.INCONCLUSIVE


def test_hostile_names_stay_names(judge, make_plan, make_finding, digest_of):
    name = "{finding.p_value}{0} && true\n\x1b[31m"
    plan = make_plan(teachers=[{"name": name, "digest": digest_of("T")}])
    rule = {"message": "'<{teacher.name}>'", "when": "finding.supports && teacher.name != 'x'"}
    said = only(judge(make_finding(outcome="supports", p=0.01), plan=plan, rule=rule)).message
    assert said == "<{finding.p_value}{0} && true [31m>."


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("T", True),
        ("org/T", True),
        (" ORG/t/ ", True),
        ("https://huggingface.co/org/T", True),
        ("org/T@v1", True),
        ("org/T@v2", False),
        ("other/T", False),
        ("org/T2", False),
        ("", False),
    ],
)
def test_what_counts_as_declared(make_plan, make_finding, declared, expected):
    plan = make_plan(teachers=[{"name": "T", "locator": "org/T@v1"}], declared=(declared,))
    (seen,) = facts(plan, (make_finding(),))["findings"]
    assert seen["teacher"]["declared"] is expected


def test_the_suspects_own_card_declares_too(make_plan, make_finding):
    plan = make_plan(suspect={"details": {"base_model": "a/B, org/T"}})
    (seen,) = facts(plan, (make_finding(),))["findings"]
    assert seen["teacher"]["declared"] is True


def test_an_endpoint_is_declared_by_its_model_name(make_plan, make_finding):
    teacher = {"name": "T", "locator": "openai:big-model@http://127.0.0.1:1/v1"}
    (seen,) = facts(make_plan(teachers=[teacher], declared=("big-model",)), (make_finding(),))["findings"]
    assert seen["teacher"]["declared"] is True


OUTCOMES = st.sampled_from(
    ["supports", "does_not_support", "inconclusive", "not_applicable", "failed", "absent"]
)
GUARANTEES = st.sampled_from(["exact", "calibrated", "asymptotic", "indicative", None])
P_VALUES = st.one_of(st.none(), st.floats(0, 1))
CONDITIONS = st.sampled_from(
    ["finding.supports", "false", "finding.p_value < 0.01", "!finding.does_not_support", "fact.controls > 5"]
)


@settings(deadline=None, derandomize=True, database=None, max_examples=300)
@given(
    evidence=st.lists(st.tuples(OUTCOMES, GUARANTEES, P_VALUES), min_size=2, max_size=2),
    when=CONDITIONS,
    on_missing=st.sampled_from(["inconclusive", "fail"]),
    on_not_applicable=st.sampled_from(["inconclusive", "not_applicable"]),
)
def test_undecided_evidence_never_passes(
    tmp_path_factory, make_plan, make_finding, evidence, when, on_missing, on_not_applicable
):
    path = tmp_path_factory.mktemp("packs") / "pack.yaml"
    path.write_text(
        "{name: test, title: t, version: '1', description: d, alpha: 0.05, rules: ["
        "{id: R-1, title: t, severity: high, mode: deny, message: m, why: w,"
        " requires: {claim: distilled_from, guarantee: calibrated},"
        f" on_missing: {on_missing}, on_not_applicable: {on_not_applicable}, when: '{when}'}}]}}"
    )
    findings = [
        make_finding(teacher=teacher, outcome=outcome, guarantee=guarantee, p=p)
        for teacher, (outcome, guarantee, p) in zip("TU", evidence, strict=True)
        if outcome != "absent"
    ]
    verdict = evaluate(load_policy(path), make_plan(teachers=("T", "U")), findings, today=TODAY)
    for outcome, guarantee, _ in evidence:
        decided = outcome in {"supports", "does_not_support"} and guarantee in {"exact", "calibrated"}
        excused = outcome == "not_applicable" and on_not_applicable == "not_applicable"
        if not decided and not excused:
            assert verdict.status is not Status.PASS
            assert only(verdict).state not in {RuleState.PASS, RuleState.NOT_APPLICABLE}
    if all(outcome == "not_applicable" for outcome, _, _ in evidence):
        assert verdict.status is not Status.PASS


def test_verdicts_are_deterministic_and_survive_the_ledger(judge, make_plan, make_finding):
    findings = (make_finding(outcome="supports", p=0.01), make_finding(teacher="U", outcome="inconclusive"))
    plan = make_plan(teachers=("T", "U"))
    first, second = judge(*findings, plan=plan), judge(*findings, plan=plan)
    assert first == second
    assert decode(Verdict, encode(first), where="here") == first


def test_facts_are_json_and_leave_out_what_is_unknown(make_plan, make_finding):
    from auditor.digest import canonical_json

    plan = make_plan(declared=("X",), probes=("lineage/probe", "lineage/never"), controls=3)
    finding = make_finding(p=float("nan"), facts={"controls": 20, "odd": float("inf")})
    data = facts(plan, (finding, make_finding(outcome="failed", probe="lineage/broken", guarantee=None)))
    assert canonical_json(data)
    first = data["findings"][0]
    assert "p_value" not in first["finding"]
    assert first["fact"] == {"controls": 20}
    assert first["teacher"]["declared"] is False
    assert data["scan"]["unmeasured_probes"] == ["lineage/never"]
    assert data["scan"]["failed_probes"] == ["lineage/broken"]
    assert (data["plan"]["controls"], data["plan"]["unplaced_controls"]) == (3, 3)
    with pytest.raises(AuditorError):
        canonical_json(float("nan"))
