"""The verdict as SARIF 2.1.0, for code-scanning views: a result for every rule.

A result lies at its rule's line in the policy file, since readers of SARIF drop results without a place.
Waived rules are results with a suppression, so that they stay in sight.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0.
"""

from __future__ import annotations

import json
from typing import Any

from auditor.digest import digest_json
from auditor.record.scan import Scan
from auditor.record.verdict import Mode, RuleResult, RuleState, Severity
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


def render_sarif(scan: Scan) -> str:
    """The verdict of ``scan`` as a SARIF log with one run; without a verdict it has no results."""
    verdict = scan.verdict
    rules = () if verdict is None else verdict.rules
    file = f"policies/{scan.plan.policy}.yaml"
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
                    }
                },
                "automationDetails": {"id": f"distillation-audit/{scan.plan.policy}/{scan.run}"},
                "invocations": [
                    {
                        "executionSuccessful": scan.finished_at is not None,
                        "startTimeUtc": scan.started_at,
                        **({"endTimeUtc": scan.finished_at} if scan.finished_at else {}),
                    }
                ],
                "results": [_result(place, one, scan, file) for place, one in enumerate(rules)],
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
        "properties": {"tags": list(one.maps), "security-severity": _SEVERITY[one.severity]},
    }


def _result(place: int, one: RuleResult, scan: Scan, file: str) -> dict[str, Any]:
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
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": _text(one.waiver)}
        ]
    return result


def _text(text: str) -> str:
    """Text of a message: on one line, and without the brackets that SARIF makes links of."""
    return one_line(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
