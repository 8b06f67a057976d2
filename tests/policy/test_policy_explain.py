"""What a rule says of itself."""

from __future__ import annotations

import pytest

from auditor.error import PolicyError
from auditor.policy.explain import explain_rule, explain_vocabulary
from auditor.policy.spec import load_policy
from auditor.policy.vocabulary import fields_for
from auditor.record.finding import Claim

PACK = load_policy("release-gate")


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)
def test_a_rule_is_explained_with_every_name_in_it(rule):
    text = explain_rule(PACK, rule.id)
    for part in (
        rule.title,
        rule.condition.text.strip(),
        *rule.maps,
        *rule.condition.reads,
        *rule.message.reads,
    ):
        assert part in text
    for name in rule.condition.reads:
        assert rule.condition.fields[name].meaning in text
    assert f"release-gate.yaml:{rule.line}" in text


def test_what_happens_is_said(write_pack):
    rules = [{"mode": "warn", "effective_on": "2027-01-01"}, {"requires": None, "when": "scan.failed > 0"}]
    pack = load_policy(write_pack(*rules))
    first, second = explain_rule(pack, "R-1"), explain_rule(pack, "R-2")
    assert "In force from: 2027-01-01" in first
    assert "the scan does not fail" in first
    assert "If no probe of the claim applies: not applicable" in first
    assert "nothing but the scan itself" in second
    assert "If it fires: the scan fails" in second


def test_an_unknown_rule():
    with pytest.raises(PolicyError, match="there is no rule 'DR-999'"):
        explain_rule(PACK, "DR-999")


@pytest.mark.parametrize("claim", [None, *Claim])
def test_the_vocabulary_is_complete(claim):
    text = explain_vocabulary(claim)
    for name in fields_for(claim):
        assert f" {name} " in text
