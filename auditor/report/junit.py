"""The verdict as JUnit XML, for the test views of build servers: a test case for every rule."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import datetime

from auditor.record.scan import Scan
from auditor.record.verdict import Mode, RuleResult, RuleState
from auditor.report.inert import one_line

#: Characters that no XML may hold and that are not shown by a sign of their own.
_NO_XML = str.maketrans(dict.fromkeys(("\ufffe", "\uffff"), "\ufffd"))


def render_junit(scan: Scan) -> str:
    """The verdict of ``scan`` as one test suite.

    A rule in mode deny that failed is a failure, one that is open an error, and so is a scan that was never
    judged: no open question shows green. A waived or inapplicable rule is skipped, with the reason. Rules
    that only warn or inform never fail a build: what they say is output.
    """
    cases = [_unjudged(scan)] if scan.verdict is None else [_case(one, scan) for one in scan.verdict.rules]
    count = {
        tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")
    }
    suite = ET.Element(
        "testsuite",
        {
            "name": one_line(f"{scan.plan.policy}: {scan.plan.suspect.name}"),
            "tests": str(len(cases)),
            "failures": str(count["failure"]),
            "errors": str(count["error"]),
            "skipped": str(count["skipped"]),
            "time": f"{_seconds(scan):.3f}",
            "timestamp": scan.started_at,
        },
    )
    if scan.verdict is not None and scan.verdict.waivers:
        properties = ET.SubElement(suite, "properties")
        for waiver in scan.verdict.waivers:
            told = f"{waiver.status}: {f'{waiver.note}; ' if waiver.note else ''}{waiver.summary}"
            ET.SubElement(
                properties, "property", {"name": one_line(f"waiver.{waiver.rule}"), "value": one_line(told)}
            )
    suite.extend(cases)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode").translate(_NO_XML)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _unjudged(scan: Scan) -> ET.Element:
    case = ET.Element("testcase", {"classname": scan.plan.policy, "name": "verdict", "time": "0"})
    ET.SubElement(case, "error", {"message": "the scan was never judged", "type": "inconclusive"})
    return case


def _case(one: RuleResult, scan: Scan) -> ET.Element:
    case = ET.Element(
        "testcase",
        {"classname": scan.plan.policy, "name": one_line(f"{one.rule} {one.title}"), "time": "0"},
    )
    message = one_line(one.message or one.title)
    decisive = f"\nWhat would decide it: {one_line(one.decisive)}" if one.decisive else ""
    if one.state is RuleState.WAIVED:
        ET.SubElement(case, "skipped", {"message": one_line(f"waived: {one.waiver}")})
    elif one.state is RuleState.NOT_APPLICABLE:
        ET.SubElement(case, "skipped", {"message": "not applicable"})
    elif one.mode is not Mode.DENY:
        if one.state is not RuleState.PASS:
            ET.SubElement(case, "system-out").text = f"{one.mode.value}: {message}{decisive}"
    elif one.state is RuleState.FAIL:
        failure = ET.SubElement(case, "failure", {"message": message, "type": one.severity.value})
        failure.text = one_line(one.why) + decisive
    elif one.state is RuleState.INCONCLUSIVE:
        error = ET.SubElement(case, "error", {"message": message, "type": "inconclusive"})
        error.text = one_line(one.why) + decisive
    return case


def _seconds(scan: Scan) -> float:
    if scan.finished_at is None:
        return 0.0
    started, finished = (datetime.fromisoformat(one) for one in (scan.started_at, scan.finished_at))
    return max((finished - started).total_seconds(), 0.0)
