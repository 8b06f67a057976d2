"""How a likelihood ratio is shown: beside what was decided, and never as if it were."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import report_specimens as specimens
from report_parts import HERON, OSPREY, SUSPECT

from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.result import Guarantee, TestResult
from auditor.record.scan import Scan
from auditor.record.subject import Subject
from auditor.report.view import build_view
from auditor.report.wording import ratio_words, strength
from auditor.report.write import FORMATS, render
from auditor.stats.likelihood_ratio import in_words


def weighed(teacher: Subject, ratio: float) -> Finding:
    words = in_words(math.log(ratio))
    return Finding(
        claim=Claim.DISTILLED_FROM, probe="combination/likelihood-ratio", method="score_fusion",
        suspect=SUSPECT.digest, teacher=teacher.digest, outcome=Outcome.INCONCLUSIVE,
        reason=f"what the methods found together is {ratio} times as probable", decisive="a test",
        result=TestResult(
            method="score_fusion", null="none", alternative="a", statistic=math.log10(ratio),
            statistic_name="log10 ratio", effect=math.log10(ratio), effect_unit="orders", n=74,
            unit_of_replication="known models", guarantee=Guarantee.INDICATIVE, assumptions=(), source="s",
        ),
        facts=(
            Fact(name="likelihood_ratio", value=ratio), Fact(name="support", value=words),
            Fact(name="cllr", value=0.62),
        ),
        limits=("ratios do not travel",),
    )  # fmt: skip


def scan() -> Scan:
    whole = specimens.failing()
    return replace(whole, findings=(*whole.findings, weighed(OSPREY, 1 / 16), weighed(HERON, 31.2)))


def test_a_ratio_is_put_in_numbers_and_words() -> None:
    assert (
        ratio_words(weighed(HERON, 31.2)) == "31 to 1 over an innocent model, moderate support for the claim"
    )
    assert (
        ratio_words(weighed(HERON, 1 / 16))
        == "1 to 16 over an innocent model, moderate support against the claim"
    )
    assert ratio_words(weighed(HERON, 1.0)) == "1 to 1 over an innocent model, no support either way"
    assert strength(weighed(HERON, 31.2)) == (
        "Likelihood ratio 31 to 1 over an innocent model, moderate support for the claim, "
        "at a cost of 0.62 bits on known models; no test, and no rule goes by it"
    )
    for one in specimens.failing().findings:
        assert ratio_words(one) == ""
    broken = replace(weighed(HERON, 2.0), facts=(Fact(name="likelihood_ratio", value=0.0),))
    assert ratio_words(broken) == ""


def test_it_is_one_line_for_each_candidate_and_leaves_nothing_open() -> None:
    before, view = build_view(specimens.failing()), build_view(scan())
    lines = [line for line in view.claims if line.method == "score_fusion"]
    assert {line.teacher for line in lines} == {HERON.name, OSPREY.name}
    for line in lines:
        assert (line.state, line.outcome, line.effect) == ("unjudged", "Weighed together", "")
        assert "Likelihood ratio" in line.strength
    assert view.open_points == before.open_points
    assert (view.lede.state, view.lede.reason) == (before.lede.state, before.lede.reason)
    shown = [entry.value for entry in view.lede.facts if entry.label == "Likelihood ratio"]
    assert shown == [
        f"{HERON.name}: 31 to 1 over an innocent model, moderate support for the claim",
        f"{OSPREY.name}: 1 to 16 over an innocent model, moderate support against the claim",
    ]


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"sarif", "junit"}))
def test_every_format_for_people_shows_it(name: str) -> None:
    assert "31 to 1" in render(scan(), name)
