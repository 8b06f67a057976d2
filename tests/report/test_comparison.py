"""Two scans side by side: what is new, gone, standing, and what makes them hard to compare."""

from __future__ import annotations

from dataclasses import replace

import report_specimens as specimens

from auditor.record.finding import Outcome
from auditor.record.scan import Scan
from auditor.record.verdict import RuleState
from auditor.report.comparison import Change, compare


def with_outcome(scan: Scan, place: int, outcome: Outcome) -> Scan:
    findings = list(scan.findings)
    findings[place] = replace(findings[place], outcome=outcome)
    return replace(scan, findings=tuple(findings))


def supported(scan: Scan) -> int:
    return next(place for place, one in enumerate(scan.findings) if one.outcome is Outcome.SUPPORTS)


def test_a_scan_differs_from_itself_in_nothing() -> None:
    scan = specimens.failing()
    found = compare(scan, scan)
    assert not found.worse
    assert found.remarks == ()
    assert {one.change for one in (*found.findings, *found.rules)} == {Change.STANDING}
    count = sum(one.outcome is Outcome.SUPPORTS for one in scan.findings)
    assert len(found.findings) == count > 0


def test_what_was_found_and_is_not_any_more_is_gone_and_the_other_way_new() -> None:
    scan = specimens.failing()
    cleared = with_outcome(scan, supported(scan), Outcome.DOES_NOT_SUPPORT)
    better, worse = compare(scan, cleared), compare(cleared, scan)
    assert [one.change for one in better.findings].count(Change.GONE) == 1
    assert not better.worse
    assert worse.findings[0].change is Change.NEW
    assert worse.worse
    gone = next(one for one in better.findings if one.change is Change.GONE)
    assert (gone.before, gone.after) == (worse.findings[0].after, worse.findings[0].before)


def test_a_finding_that_was_never_made_counts_as_not_there() -> None:
    scan = specimens.failing()
    place = supported(scan)
    without = replace(scan, findings=scan.findings[:place] + scan.findings[place + 1 :])
    assert compare(without, scan).findings[0].change is Change.NEW
    assert compare(without, scan).findings[0].before == ""


def test_a_rule_that_begins_to_fail_is_new() -> None:
    scan = specimens.passing()
    first, *rest = scan.verdict.rules
    failing = replace(scan.verdict, rules=(replace(first, state=RuleState.FAIL), *rest))
    found = compare(scan, replace(scan, verdict=failing))
    assert (found.rules[0].change, found.rules[0].before, found.rules[0].after) == (
        Change.NEW,
        "pass",
        "fail",
    )
    assert found.worse


def test_other_models_and_policies_are_remarked() -> None:
    scan = specimens.failing()
    suspect, *others = scan.plan.subjects
    plan = replace(
        scan.plan,
        subjects=(replace(suspect, name="other", digest="sha256:" + "9" * 64), *others),
        policy_digest="sha256:" + "8" * 64,
        probes=tuple(replace(one, digest="sha256:" + "7" * 64) for one in scan.plan.probes),
    )
    remarks = compare(scan, replace(scan, plan=plan)).remarks
    assert len(remarks) == 3
    assert "other after" in remarks[0]
