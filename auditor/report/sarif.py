"""The verdict as SARIF 2.1.0, for code-scanning views: a result for every rule.

A result lies at its rule's line in the policy file, since readers of SARIF drop results without a place.
Waived rules are results with a suppression for each waiver, so that they stay in sight. A waiver that did
not count is no suppression, since many viewers hide whatever has one: it is a notification about the
configuration.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0.
"""

from __future__ import annotations

import json
from typing import Any

from auditor.digest import digest_json
from auditor.record.scan import Scan
from auditor.record.verdict import Mode, RuleResult, RuleState, Severity, WaiverResult, WaiverStatus
from auditor.report.inert import one_line

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_KIND = {
    RuleState.PASS: "pass",
    RuleState.FAIL: "fail",
    RuleState.WAIVED: "fail",
    RuleState.INCONCLUSIVE: "open",
    RuleState.NOT_APPLICABLE: "notApplicable",
}
_LEVEL = {Mode.DENY: "error", Mode.WARN: "warning", Mode.INFO: "note"}
#: On the scale of CVSS, as code-scanning views sort by it.
_SEVERITY = {
    Severity.INFO: "0.0",
    Severity.LOW: "3.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
#: Waivers that somebody counts on and that do not count.
_WARNED = (WaiverStatus.EXPIRED, WaiverStatus.REFUSED, WaiverStatus.UNMATCHED)
_NOTIFICATIONS = [
    {"id": f"waiver-{status.value}", "shortDescription": {"text": text}}
    for status, text in (
        (WaiverStatus.EXPIRED, "A waiver whose time is over"),
        (WaiverStatus.REFUSED, "A waiver that does not count"),
        (WaiverStatus.UNMATCHED, "A waiver about a rule, a model or a finding that is not here"),
        (WaiverStatus.UNUSED, "A waiver of a rule that found nothing to waive"),
    )
]


def render_sarif(scan: Scan) -> str:
    """The verdict of ``scan`` as a SARIF log with one run; without a verdict it has no results."""
    verdict = scan.verdict
    rules = () if verdict is None else verdict.rules
    file = f"policies/{scan.plan.policy}.yaml"
    waivers = () if verdict is None else verdict.waivers
    places = {one.rule: place for place, one in enumerate(rules)}
    notes = [_notification(one, places) for one in waivers if one.status is not WaiverStatus.APPLIED]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "distillation-auditor",
                        "version": scan.plan.tool_version or "unknown",
                        "rules": [_rule(one) for one in rules],
                        **({"notifications": _NOTIFICATIONS} if notes else {}),
                    }
                },
                "automationDetails": {"id": f"distillation-audit/{scan.plan.policy}/{scan.run}"},
                "invocations": [
                    {
                        "executionSuccessful": scan.finished_at is not None,
                        "startTimeUtc": scan.started_at,
                        **({"endTimeUtc": scan.finished_at} if scan.finished_at else {}),
                        **({"toolConfigurationNotifications": notes} if notes else {}),
                    }
                ],
                "results": [_result(place, one, scan, file, waivers) for place, one in enumerate(rules)],
                "properties": {
                    "suspect": one_line(scan.plan.suspect.name),
                    "suspectDigest": scan.plan.suspect.digest,
                    "status": verdict.status.value if verdict else "unjudged",
                    "root": scan.root,
                },
            }
        ],
    }
    return json.dumps(log, indent=1, sort_keys=True) + "\n"


def _rule(one: RuleResult) -> dict[str, Any]:
    return {
        "id": one.rule,
        "shortDescription": {"text": _text(one.title)},
        "fullDescription": {"text": _text(one.why) or _text(one.title)},
        "defaultConfiguration": {"level": _LEVEL[one.mode]},
        "properties": {
            "tags": [one_line(each) for each in one.maps],
            "security-severity": _SEVERITY[one.severity],
        },
    }


def _result(
    place: int, one: RuleResult, scan: Scan, file: str, waivers: tuple[WaiverResult, ...]
) -> dict[str, Any]:
    kind = _KIND[one.state]
    message = one.message or one.title
    decisive = f" What would decide it: {one.decisive}" if one.decisive else ""
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": place,
        "kind": kind,
        # Only failures have a level, says the standard.
        "level": _LEVEL[one.mode] if kind == "fail" else "none",
        "message": {"text": _text(message + decisive)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": file},
                    "region": {"startLine": max(one.line, 1)},
                }
            }
        ],
        "partialFingerprints": {
            "ruleAndSuspect/v1": digest_json([one.rule, scan.plan.suspect.digest]).removeprefix("sha256:")
        },
        "properties": {"state": one.state.value, "findings": list(one.findings)},
    }
    if one.state is RuleState.WAIVED:
        applied = [each for each in waivers if each.rule == one.rule and each.status is WaiverStatus.APPLIED]
        result["suppressions"] = [_suppression(each.summary, each) for each in applied] or [
            _suppression(one.waiver, None)
        ]
    return result


def _suppression(why: str, waiver: WaiverResult | None) -> dict[str, Any]:
    details = {} if waiver is None else {"properties": _properties(waiver)}
    return {"kind": "external", "status": "accepted", "justification": _text(why), **details}


def _properties(waiver: WaiverResult) -> dict[str, Any]:
    people = [waiver.approver, *([waiver.second_approver] if waiver.second_approver else [])]
    return {
        "ticket": one_line(waiver.ticket),
        "approvers": [one_line(one) for one in people],
        "approvedOn": waiver.approved_on,
        "expires": waiver.expires,
        "line": waiver.line,
    }


def _notification(one: WaiverResult, places: dict[str, int]) -> dict[str, Any]:
    kinds = [each["id"] for each in _NOTIFICATIONS]
    name = f"waiver-{one.status.value}"
    found: dict[str, Any] = {
        "descriptor": {"id": name, "index": kinds.index(name)},
        "level": "warning" if one.status in _WARNED else "note",
        "message": {"text": _text(f"Waiver of {one.rule}: {one.note}. {one.summary}")},
        "properties": _properties(one),
    }
    if one.rule in places:
        found["associatedRule"] = {"id": one.rule, "index": places[one.rule]}
    return found


def _text(text: str) -> str:
    """Text of a message: on one line, and without the brackets that SARIF makes links of."""
    return one_line(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
