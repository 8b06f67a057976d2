"""Every pack that is shipped, rule by rule, on the cases beside this file."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
import yaml

from auditor.policy.evaluate import evaluate
from auditor.policy.facts import check
from auditor.policy.spec import PolicyPack, load_policy, shipped_policies
from auditor.record.verdict import RuleState

TODAY = date(2026, 6, 1)
PACKS = {name: load_policy(name) for name in shipped_policies()}
CASES = [
    pytest.param(path.parent.name, path.stem, case, id=f"{path.stem}-{case['name']}")
    for path in sorted((Path(__file__).parent / "cases").glob("*/*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("pack_name", "rule_id", "case"), CASES)
def test_case(pack_name, rule_id, case, make_plan, make_finding):
    pack = PACKS[pack_name]
    assert set(case) <= {"name", "expect", "says", "plan", "findings"}
    plan = make_plan(**case.get("plan", {}))
    findings = [make_finding(**one) for one in case.get("findings", [])]
    verdict = evaluate(pack, plan, findings, today=TODAY)
    (result,) = [one for one in verdict.rules if one.rule == rule_id]
    rule = pack.rule(rule_id)
    expected = {"fires": rule.on_fire, "quiet": RuleState.PASS, "undecided": RuleState.INCONCLUSIVE}
    assert result.state is expected[case["expect"]], result.message
    assert case.get("says", "") in result.message
    literal = max((part for part, _, _ in rule.message.parts), key=len).strip()
    assert (literal in result.message) is (case["expect"] == "fires"), result.message
    if case["expect"] != "quiet" and result.state is RuleState.INCONCLUSIVE:
        assert result.decisive


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_rule_has_cases_of_each_sort(pack: PolicyPack):
    sorts = defaultdict(set)
    for parameters in CASES:
        pack_name, rule_id, case = parameters.values
        if pack_name == pack.name:
            sorts[rule_id].add(case["expect"])
    assert set(sorts) == {rule.id for rule in pack.rules}
    for rule in pack.rules:
        # A rule over values that every scan has cannot be left undecided.
        always_known = rule.requires is None and all(
            name.startswith(("scan.", "plan.")) for name in rule.condition.reads
        )
        expected = {"fires", "quiet"} | (set() if always_known else {"undecided"})
        assert expected <= sorts[rule.id], rule.id


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_rule_is_explained_and_mapped(pack: PolicyPack):
    assert len(pack.rules) >= 7
    assert check(pack) == []
    known = {"ATLAS", "EU-GPAI", "EU-AI-ACT", "NIST-AI-600-1", "ISO-42001", "OWASP-LLM"}
    for rule in pack.rules:
        assert len(rule.why.split()) >= 30, rule.id
        assert {reference.split(":", 1)[0] for reference in rule.maps} <= known
    for term in pack.licence_terms:
        assert term.source
        assert term.dated
