"""Every pack that is shipped, rule by rule, on the cases beside it."""

from __future__ import annotations

from datetime import date

import pytest

from auditor import content
from auditor.policy.case import load_cases, try_case, untried
from auditor.policy.facts import check
from auditor.policy.spec import PolicyPack, load_policy, shipped_policies

TODAY = date(2026, 6, 1)
PACKS = {name: load_policy(name) for name in shipped_policies()}
CASES = {name: load_cases(content.policies() / "cases" / name, pack) for name, pack in PACKS.items()}


@pytest.mark.parametrize(
    ("name", "rule_id", "case"),
    [
        pytest.param(name, rule, case, id=f"{rule}-{case.name}")
        for name, cases in CASES.items()
        for rule, its in cases.items()
        for case in its
    ],
)
def test_case(name, rule_id, case):
    tried = try_case(PACKS[name], rule_id, case, TODAY)
    assert not tried.complaint, tried.message


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_rule_has_cases_of_each_sort(pack: PolicyPack):
    cases = CASES[pack.name]
    assert set(cases) == {rule.id for rule in pack.rules}
    assert untried(pack, cases) == ()
    for rule in pack.rules:
        # A rule over values that every scan has cannot be left undecided.
        always_known = rule.requires is None and all(
            name.startswith(("scan.", "plan.")) for name in rule.condition.reads
        )
        assert always_known or "undecided" in {one.expect for one in cases[rule.id]}, rule.id


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
