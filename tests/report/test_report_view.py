"""What the view says: careful words, sensible numbers, nothing undecided dressed up as a pass."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import report_specimens as specimens

from auditor.record.finding import Claim, Outcome
from auditor.record.result import Guarantee
from auditor.record.verdict import RuleState
from auditor.report.cast import Cast
from auditor.report.claims import claim_lines
from auditor.report.inert import allowance, inert, passage, weight
from auditor.report.numerals import effect, interval, number, p_value
from auditor.report.scale import Scale
from auditor.report.view import build_view
from auditor.report.wording import CLAIMS, strength


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.12345, "0.123"),
        (0.034, "0.034"),
        (1234567.0, "1,234,567"),
        (12, "12"),
        (-0.5, "−0.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (3.2e-9, "3.2e-9"),
        (-3.2e-9, "−3.2e-9"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "not a number"),
        (True, "yes"),
        (None, "—"),
        ("word", "word"),
    ],
)
def test_numbers_are_rounded_to_what_a_reader_needs(value: object, shown: str) -> None:
    assert number(value) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("p", "log10_p", "shown"),
    [
        (1 / 41, None, "= 0.024"),
        (0.5, None, "= 0.50"),
        (0.0003, None, "= 0.0003"),
        (2.9e-10, None, "= 2.9e-10"),
        (9.96e-8, None, "= 1e-7"),
        (0.0, None, "< 1e-300"),
        (0.0, -412.7, "< 1e-300"),
        (0.0, -12.5, "= 3.2e-13"),
        (None, -2.0, "= 0.010"),
        (0.997, None, "> 0.99"),
        (1.0, None, "= 1"),
        (None, None, ""),
    ],
)
def test_p_values_never_read_as_zero(p: float | None, log10_p: float | None, shown: str) -> None:
    assert p_value(p, log10_p) == shown


def test_an_estimate_is_rounded_like_its_interval() -> None:
    assert interval(-1.9, 8.2) == "−1.9 to 8.2"
    assert effect(3.1234, (-1.9, 8.2)) == "3.1"
    assert effect(0.98123, (0.969, 0.992)) == "0.981"
    assert interval(-math.inf, 0.25) == "−∞ to 0.250"


def test_strength_keeps_outcome_p_and_guarantee_together() -> None:
    by_key = {(one.claim, one.outcome): strength(one) for one in specimens.failing().findings}
    assert (
        by_key[Claim.DISTILLED_FROM, Outcome.SUPPORTS]
        == "Supported at p = 0.024 (calibrated against 40 control models)"
    )
    assert by_key[Claim.ANCESTRY, Outcome.SUPPORTS] == "Supported at p < 1e-300 (exact, over 24 layers)"
    assert by_key[Claim.DISTILLED_FROM, Outcome.DOES_NOT_SUPPORT].endswith(
        "an effect of 0.034 nats per byte or more would have been found"
    )
    assert by_key[Claim.BENCHMARK_OVERFIT, Outcome.INCONCLUSIVE].startswith("Inconclusive, p = 0.11")


def test_no_evidence_without_a_detectable_effect_says_so() -> None:
    finding = next(one for one in specimens.failing().findings if one.outcome is Outcome.DOES_NOT_SUPPORT)
    assert "is not stated" in strength(replace(finding, facts=()))


def test_an_indicative_result_is_called_that() -> None:
    finding = specimens.failing().findings[0]
    assert finding.result is not None
    weak = replace(finding, result=replace(finding.result, guarantee=Guarantee.INDICATIVE, p_value=None))
    assert strength(weak) == "Supported, indicative only, no error rate"


def test_every_claim_has_words() -> None:
    assert set(CLAIMS) == set(Claim)
    for words in CLAIMS.values():
        assert "{s}" in words.about
        assert words.says
        assert words.beware
        assert "proof" not in f"{words.about}{words.says}{words.beware}".lower()


def test_the_failing_lede_names_failed_rules_first_and_their_strength() -> None:
    lede = build_view(specimens.failing()).lede
    assert (lede.state, lede.status) == ("fail", "Fail")
    assert [rule.rule for rule in lede.because] == ["DR-101", "DR-201", "DR-301"]
    assert lede.reason == "Of 5 rules that deny release: 2 failed, 1 could not be decided, 2 passed."
    assert "p = 0.024" in lede.because[0].strengths[0].words
    assert lede.limits


def test_an_undecided_scan_is_not_a_pass() -> None:
    view = build_view(specimens.inconclusive())
    assert view.lede.state == "inconclusive"
    assert view.lede.meaning.startswith("This is not a pass")
    assert "passes" not in view.lede.headline.split("“")[0] or "undecided" in view.lede.headline
    assert [point.state for point in view.open_points] == [
        "inconclusive",
        "inconclusive",
        "failed",
        "not_applicable",
    ]
    assert all(point.decisive for point in view.open_points)


def test_waived_rules_stay_visible() -> None:
    view = build_view(specimens.waived())
    assert view.lede.headline.endswith("with 2 rules waived.")
    waived = [rule for rule in view.lede.because if rule.state == RuleState.WAIVED.value]
    assert len(waived) == 2
    assert ["LEG-2231" in waived[0].waiver, "SAF-77" in waived[1].waiver] == [True, True]


def test_passed_rules_and_unmeasured_probes_are_shown() -> None:
    view = build_view(specimens.failing())
    assert view.rule_groups[0].state == "pass"
    assert len(view.rule_groups[0].rules) == 2
    assert "not_applicable" in [point.state for point in view.open_points]
    assert "not_applicable" not in [line.state for line in view.claims]


def test_every_control_is_drawn_in_its_stratum_with_the_suspect() -> None:
    plot = next(
        f.strip for probe in build_view(specimens.failing()).probes for f in probe.findings if f.strip
    )
    assert sum(len(lane.dots) for lane in plot.lanes) == 40
    assert len(plot.lanes) == 4
    assert plot.suspect.label == "kestrel-1b-chat 0.141"
    assert float(plot.suspect.x.rstrip("%")) > float(plot.highest.x.rstrip("%"))
    assert "0 of them reach the suspect" in plot.description


def test_axes_hold_every_value_and_have_round_ticks() -> None:
    scale = Scale.over([0.0, 0.1412, math.nan, math.inf])
    assert scale is not None
    assert 0 < scale.at(0.0) < scale.at(0.1412) < 100
    assert scale.at(math.inf) == 100
    assert [tick.label for tick in scale.ticks()] == ["0.00", "0.05", "0.10"]
    single = Scale.over([3.0, 3.0])
    assert single is not None
    assert 40 < single.at(3.0) < 60
    assert Scale.over([math.nan]) is None


def test_a_scan_without_findings_or_verdict_can_be_shown() -> None:
    view = build_view(specimens.unjudged())
    assert view.lede.status == "No verdict"
    assert not view.claims


def test_inert_text_shows_what_would_hide_or_steer() -> None:
    assert inert("a\x1b[31mb\x00c\x7f\x9b") == "a␛[31mb␀c␡⟨U+009B⟩"
    assert inert("a\u202eb\u200bc\ufeff\U000e0041") == "a⟨U+202E⟩b⟨U+200B⟩c⟨U+FEFF⟩⟨U+E0041⟩"
    assert inert("one\r\ntwo\tthree\rfour") == "one\ntwo\tthree␍four"
    assert inert("\ud800") == "\ufffd"
    assert inert("👩‍🚀 नमस्ते") == "👩‍🚀 नमस्ते"


def test_passages_keep_to_their_budget_and_say_what_is_missing() -> None:
    cut = passage("<&>" * 5_000, 300)
    assert weight(cut.text) <= 300
    assert cut.more == f"… {15_000 - len(cut.text):,} more"
    assert passage("short", 300).more == ""
    assert allowance([10, 10, 1000], 120, most=500) == 100
    assert allowance([10, 10], 120, most=500) == 500


def test_a_risk_stands_behind_the_claims_about_lineage_however_early_it_was_measured() -> None:
    scan = specimens.failing()
    risk = replace(
        next(one for one in scan.findings if one.outcome is Outcome.SUPPORTS), claim=Claim.TRACE_CONTAMINATION
    )
    lines = claim_lines(replace(scan, findings=(risk, *scan.findings)), Cast.of(scan))
    supported = [one.title for one in lines if one.state == Outcome.SUPPORTS.value]
    assert len(supported) >= 2
    assert supported.index("Trace contamination") == len(supported) - 1
