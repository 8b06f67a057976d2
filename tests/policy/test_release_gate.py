"""The release gate as a whole."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.policy.evaluate import evaluate
from auditor.policy.spec import load_policy
from auditor.record.verdict import Mode, RuleState, Status

PACK = load_policy("release-gate")
TODAY = date(2026, 6, 1)


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
        *(
            make_finding(
                claim=claim,
                outcome="does_not_support",
                p=0.5,
                guarantee=guarantee,
                probe=f"benchmark/{claim}",
            )
            for claim, guarantee in INHERITED.items()
        ),
    ]


INHERITED = {"calibration_loss": "asymptotic", "tail_loss": "asymptotic", "monoculture": "calibrated"}
PROBES = ("lineage/a", "lineage/b", "refusal/c", "overfitting/d", *(f"benchmark/{one}" for one in INHERITED))


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
