"""The scan as a CycloneDX 1.7 bill of materials: who comes from whom, and what is claimed.

The suspect is the component that the document is about; models that its weights were found or declared to
come from are its ancestors. Findings are claims with their evidence, the policy pack is a standard whose
requirements are its rules, and the verdict attests to what degree each is met. What is inconclusive has no
degree.

Source: ECMA-424, CycloneDX 1.7 (``pedigree``, ``modelCard``, ``definitions``, ``declarations``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.scan import Scan
from auditor.record.subject import Role, Subject
from auditor.record.verdict import RuleResult, RuleState, WaiverResult
from auditor.report.inert import one_line
from auditor.report.wording import CLAIMS, OUTCOMES, strength

SCHEMA = "http://cyclonedx.org/schema/bom-1.7.schema.json"
_TOOL = "distillation-auditor"
#: More than this the schema refuses.
_LONGEST_VERSION = 1024
_PREFIX = "distillation-auditor"
_SCORES = {RuleState.PASS: 1.0, RuleState.FAIL: 0.0, RuleState.WAIVED: 0.0}


def render_cyclonedx(scan: Scan) -> str:
    """The bill of materials of ``scan`` as JSON; the same evidence gives the same bytes."""
    suspect = scan.plan.suspect
    others = [one for one in scan.plan.subjects if one.role in (Role.TEACHER, Role.BASE)]
    document: dict[str, Any] = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{scan.run}/{scan.plan_digest}')}",
        "version": 1,
        "metadata": {
            "timestamp": scan.finished_at or scan.started_at,
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": _TOOL,
                        "version": one_line(scan.plan.tool_version)[:_LONGEST_VERSION] or "unknown",
                        "bom-ref": _TOOL,
                    }
                ]
            },
            "component": {
                **_model(suspect),
                **_pedigree(scan),
                "modelCard": _model_card(scan),
            },
            "properties": [
                _property("run", scan.run),
                _property("plan", scan.plan_digest),
                *([_property("root", scan.root)] if scan.root else []),
                *(_waiver(one) for one in (scan.verdict.waivers if scan.verdict else ())),
            ],
        },
        "components": _unique(_model(one) for one in others),
        "declarations": _declarations(scan),
    }
    if scan.verdict is not None:
        document["definitions"] = {"standards": [_standard(scan)]}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _model(one: Subject) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": one.digest,
        "name": one_line(one.name),
        "properties": [
            _property("role", one.role.value),
            _property("locator", one.locator),
            _property("access", one.access.label),
            _property("digest", one.digest),
        ],
    }
    if one.revision:
        found["version"] = one_line(one.revision)[:_LONGEST_VERSION]
    if one.organisation:
        found["publisher"] = one_line(one.organisation)
    if licence := one.detail("licence"):
        found["licenses"] = [{"license": {"name": one_line(licence)}}]
    return found


def _pedigree(scan: Scan) -> dict[str, Any]:
    """Models that the weights come from: found to, or named by the suspect's own card."""
    by_digest = {one.digest: one for one in scan.plan.subjects}
    found = [
        by_digest[one.teacher]
        for one in scan.findings
        if one.claim is Claim.ANCESTRY and one.outcome is Outcome.SUPPORTS and one.teacher in by_digest
    ]
    ancestors = _unique(
        {"type": "machine-learning-model", "bom-ref": f"ancestor:{one.digest}", "name": one_line(one.name)}
        for one in found
    )
    if declared := scan.plan.suspect.detail("base_model"):
        ancestors.append(
            {
                "type": "machine-learning-model",
                "bom-ref": "ancestor:declared",
                "name": one_line(declared),
                "description": "named as base model by the model's own card",
            }
        )
    return {"pedigree": {"ancestors": ancestors}} if ancestors else {}


def _model_card(scan: Scan) -> dict[str, Any]:
    metrics = []
    for one in scan.findings:
        if one.result is None:
            continue
        metric: dict[str, Any] = {
            "type": f"{one.claim.value}: effect in {one_line(one.result.effect_unit)}",
            "value": f"{one.result.effect:.6g}",
            "slice": one_line(one.probe + (f", against {_name(scan, one.teacher)}" if one.teacher else "")),
        }
        if one.result.interval is not None:
            low, high = one.result.interval
            metric["confidenceInterval"] = {"lowerBound": f"{low:.6g}", "upperBound": f"{high:.6g}"}
        metrics.append(metric)
    limits = dict.fromkeys(one_line(limit) for finding in scan.findings for limit in finding.limits)
    return {
        "quantitativeAnalysis": {"performanceMetrics": metrics},
        "considerations": {"technicalLimitations": list(limits)},
    }


def _declarations(scan: Scan) -> dict[str, Any]:
    claims, evidence = [], []
    for place, one in enumerate(scan.findings):
        claims.append(
            {
                "bom-ref": _claim_ref(one),
                "target": scan.plan.suspect.digest,
                "predicate": one_line(_predicate(scan, one)),
                "reasoning": one_line(one.reason),
                ("evidence" if one.outcome is Outcome.SUPPORTS else "counterEvidence"): [f"evidence:{place}"],
            }
        )
        evidence.append(
            {
                "bom-ref": f"evidence:{place}",
                "propertyName": f"{_PREFIX}:{one.claim.value}:{one.outcome.value}",
                "description": one_line(
                    f"{OUTCOMES[one.outcome]}. {strength(one)}. Probe {one.probe}, "
                    f"{len(one.observation_ids)} answers in the ledger."
                ),
            }
        )
    found: dict[str, Any] = {
        "assessors": [{"bom-ref": "assessor", "thirdParty": False}],
        "claims": claims,
        "evidence": evidence,
    }
    if scan.verdict is not None:
        found["attestations"] = [
            {
                "summary": one_line(f"Verdict of the policy {scan.plan.policy}: {scan.verdict.status.value}"),
                "assessor": "assessor",
                "map": [_met(one, scan) for one in scan.verdict.rules],
            }
        ]
    return found


def _met(rule: RuleResult, scan: Scan) -> dict[str, Any]:
    known = {one.fingerprint: _claim_ref(one) for one in scan.findings}
    found: dict[str, Any] = {
        "requirement": _rule_ref(rule),
        "claims": list(dict.fromkeys(known[one] for one in rule.findings if one in known)),
    }
    if rule.state in _SCORES:
        waived = f" Waived: {rule.waiver}" if rule.state is RuleState.WAIVED else ""
        found["conformance"] = {
            "score": _SCORES[rule.state],
            "rationale": one_line((rule.message or rule.title) + waived),
        }
    return found


def _standard(scan: Scan) -> dict[str, Any]:
    return {
        "bom-ref": f"policy:{scan.plan.policy_digest}",
        "name": one_line(scan.plan.policy),
        "version": scan.plan.policy_digest,
        "requirements": [
            {
                "bom-ref": _rule_ref(one),
                "identifier": one_line(one.rule),
                "title": one_line(one.title),
                "text": one_line(one.why) or one_line(one.title),
                "properties": [
                    _property("state", one.state.value),
                    _property("severity", one.severity.value),
                    *(_property("maps", reference) for reference in one.maps),
                ],
            }
            for one in (scan.verdict.rules if scan.verdict else ())
        ],
    }


def _waiver(one: WaiverResult) -> dict[str, str]:
    note = f"{one.note}; " if one.note else ""
    return _property(f"waiver:{one.status}", f"{one.rule}: {note}{one.summary}")


def _predicate(scan: Scan, one: Finding) -> str:
    words = CLAIMS[one.claim]
    about = words.about.format(s=scan.plan.suspect.name, t=_name(scan, one.teacher) or "its reference")
    return f"{words.title}: {about}"


def _name(scan: Scan, digest: str | None) -> str:
    return next((one.name for one in scan.plan.subjects if one.digest == digest), digest or "")


def _claim_ref(one: Finding) -> str:
    return f"claim:{one.fingerprint}"


def _rule_ref(one: RuleResult) -> str:
    return f"rule:{one_line(one.rule)}"


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"{_PREFIX}:{name}", "value": one_line(value)}


def _unique(components: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in components:
        found.setdefault(one["bom-ref"], one)
    return list(found.values())
