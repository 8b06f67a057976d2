"""The release gate, rule by rule, on the cases beside this file, and as a whole."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
import yaml

from auditor.policy.evaluate import evaluate
from auditor.policy.facts import check
from auditor.policy.spec import load_policy
from auditor.record.verdict import Mode, RuleState, Status

PACK = load_policy("release-gate")
TODAY = date(2026, 6, 1)
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}-{case['name']}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_case(rule_id, case, make_plan, make_finding):
    assert set(case) <= {"name", "expect", "says", "plan", "findings"}
    plan = make_plan(**case.get("plan", {}))
    findings = [make_finding(**one) for one in case.get("findings", [])]
    verdict = evaluate(PACK, plan, findings, today=TODAY)
    (result,) = [one for one in verdict.rules if one.rule == rule_id]
    rule = PACK.rule(rule_id)
    expected = {"fires": rule.on_fire, "quiet": RuleState.PASS, "undecided": RuleState.INCONCLUSIVE}
    assert result.state is expected[case["expect"]], result.message
    assert case.get("says", "") in result.message
    literal = max((part for part, _, _ in rule.message.parts), key=len).strip()
    assert (literal in result.message) is (case["expect"] == "fires"), result.message
    if case["expect"] != "quiet" and result.state is RuleState.INCONCLUSIVE:
        assert result.decisive


def test_every_rule_has_cases_of_each_sort():
    sorts = defaultdict(set)
    for parameters in CASES:
        rule_id, case = parameters.values
        sorts[rule_id].add(case["expect"])
    assert set(sorts) == {rule.id for rule in PACK.rules}
    for rule in PACK.rules:
        # A rule over values that every scan has cannot be left undecided.
        always_known = rule.requires is None and all(
            name.startswith(("scan.", "plan.")) for name in rule.condition.reads
        )
        expected = {"fires", "quiet"} | (set() if always_known else {"undecided"})
        assert expected <= sorts[rule.id], rule.id


def test_every_rule_is_explained_and_mapped():
    assert len(PACK.rules) >= 8
    assert check(PACK) == []
    known = {"ATLAS", "EU-GPAI", "EU-AI-ACT", "NIST-AI-600-1", "ISO-42001", "OWASP-LLM"}
    for rule in PACK.rules:
        assert len(rule.why.split()) >= 30, rule.id
        assert {reference.split(":", 1)[0] for reference in rule.maps} <= known
    for term in PACK.licence_terms:
        assert term.source
        assert term.dated


def clean(make_finding):
    return [
        make_finding(
            outcome="does_not_support", p=0.6, facts={"controls": 24}, smallest=1 / 25, probe="lineage/a"
        ),
        make_finding(
            claim="ancestry", outcome="does_not_support", p=0.5, guarantee="exact", probe="lineage/b"
        ),
        make_finding(
            claim="safety_loss",
            outcome="does_not_support",
            p=0.5,
            guarantee="asymptotic",
            probe="refusal/c",
            facts={"verdict": "retained", "items": 120, "unscored": 2},
        ),
        make_finding(
            claim="over_refusal", outcome="does_not_support", p=0.5, guarantee="asymptotic", probe="refusal/c"
        ),
        make_finding(
            claim="benchmark_overfit",
            teacher=None,
            outcome="does_not_support",
            p=0.5,
            guarantee="exact",
            probe="overfitting/d",
        ),
    ]


PROBES = ("lineage/a", "lineage/b", "refusal/c", "overfitting/d")


def test_a_model_with_nothing_against_it_passes(make_plan, make_finding):
    verdict = evaluate(PACK, make_plan(probes=PROBES), clean(make_finding), today=TODAY)
    assert verdict.status is Status.PASS
    assert {one.state for one in verdict.rules} == {RuleState.PASS}


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize("outcome", ["failed", "inconclusive", "not_applicable", "absent"])
def test_one_gap_in_the_evidence_is_enough_to_withhold_the_pass(make_plan, make_finding, position, outcome):
    findings = clean(make_finding)
    whole = findings.pop(position)
    if outcome != "absent":
        gap = {"outcome": outcome, "guarantee": None, "claim": whole.claim.value, "probe": whole.probe}
        findings.append(make_finding(**gap))
    verdict = evaluate(PACK, make_plan(probes=PROBES), findings, today=TODAY)
    over_refusal_only_warns = whole.claim.value == "over_refusal" and outcome != "failed"
    assert verdict.status is (Status.PASS if over_refusal_only_warns else Status.INCONCLUSIVE)
    about = [one for one in verdict.rules if PACK.rule(one.rule).requires]
    about = [one for one in about if PACK.rule(one.rule).requires.claim is whole.claim]
    assert about
    for one in about:
        assert one.state is not RuleState.PASS


def test_one_model_alone_is_inconclusive(make_plan):
    verdict = evaluate(PACK, make_plan(teachers=()), [], today=TODAY)
    assert verdict.status is Status.INCONCLUSIVE
    for one in verdict.rules:
        if one.mode is Mode.DENY and PACK.rule(one.rule).requires:
            assert one.state is RuleState.INCONCLUSIVE
            assert one.decisive
