"""SARIF, JUnit and CycloneDX as other people's libraries read them."""

from __future__ import annotations

import json
from dataclasses import replace

import junitparser
import pytest
import report_specimens as specimens
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from sarif_pydantic import Sarif

from auditor.record.finding import Claim, Outcome
from auditor.record.scan import Scan
from auditor.record.verdict import Mode, RuleState
from auditor.report.cyclonedx import render_cyclonedx
from auditor.report.junit import render_junit
from auditor.report.sarif import render_sarif

NAMES = ("failing", "passing", "inconclusive", "waived")


def sarif(scan: Scan) -> dict:
    text = render_sarif(scan)
    Sarif.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    return run


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_is_a_result_with_a_place(name: str) -> None:
    scan = specimens.SCANS[name]()
    run = sarif(scan)
    assert [one["ruleId"] for one in run["results"]] == [one.rule for one in scan.verdict.rules]
    for place, (result, rule) in enumerate(zip(run["results"], scan.verdict.rules, strict=True)):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == rule.rule
        assert result["ruleIndex"] == place
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == f"policies/{scan.plan.policy}.yaml"
        assert physical["region"]["startLine"] == rule.line >= 1
        fails = rule.state in (RuleState.FAIL, RuleState.WAIVED)
        assert (result["level"] != "none") is fails
        assert (result["kind"] == "fail") is fails
        assert ("suppressions" in result) is (rule.state is RuleState.WAIVED)


def test_a_rule_keeps_its_fingerprint_from_run_to_run() -> None:
    scan = specimens.failing()
    first = [one["partialFingerprints"] for one in sarif(scan)["results"]]
    again = [one["partialFingerprints"] for one in sarif(replace(scan, run="another"))["results"]]
    assert first == again
    assert len({str(one) for one in first}) == len(first)


@pytest.mark.parametrize("name", NAMES)
def test_junit_counts_what_stops_a_release(name: str) -> None:
    scan = specimens.SCANS[name]()
    (suite,) = junitparser.JUnitXml.fromstring(render_junit(scan).encode())
    rules = scan.verdict.rules
    denied = [one for one in rules if one.mode is Mode.DENY]
    assert suite.tests == len(list(suite)) == len(rules)
    assert suite.failures == sum(one.state is RuleState.FAIL for one in denied)
    assert suite.errors == sum(one.state is RuleState.INCONCLUSIVE for one in denied)
    waived = sum(one.state in (RuleState.WAIVED, RuleState.NOT_APPLICABLE) for one in rules)
    assert suite.skipped == waived
    assert suite.time >= 0


@pytest.mark.parametrize(
    "words",
    ["[click](https://example.org) </failure>", "\x1b[31mred\u202e", "]]> & <b>", "\x00\ud800\ufffe\uffff"],
)
def test_hostile_text_stays_text(words: str) -> None:
    scan = specimens.failing()
    first, *rest = scan.verdict.rules
    hostile = replace(first, message=words, why=words, decisive=words)
    changed = replace(scan, verdict=replace(scan.verdict, rules=(hostile, *rest)))
    run = sarif(changed)
    shown = run["results"][0]["message"]["text"]
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "](" not in shown.replace("\\](", "")
    (suite,) = junitparser.JUnitXml.fromstring(render_junit(changed).encode())
    assert suite.tests == len(changed.verdict.rules)


def test_a_scan_without_a_verdict_has_no_results_and_is_no_green_test() -> None:
    scan = replace(specimens.passing(), verdict=None)
    assert sarif(scan)["results"] == []
    (suite,) = junitparser.JUnitXml.fromstring(render_junit(scan).encode())
    assert (suite.tests, suite.errors) == (1, 1)


def bill(scan: Scan) -> dict:
    text = render_cyclonedx(scan)
    error = JsonStrictValidator(SchemaVersion.V1_7).validate_str(text)
    assert error is None, error
    return json.loads(text)


@pytest.mark.parametrize("name", [*NAMES, "hostile", "unjudged"])
def test_a_bill_of_materials_holds_every_finding_and_every_rule(name: str) -> None:
    scan = specimens.SCANS[name]()
    document = bill(scan)
    about = document["metadata"]["component"]
    assert about["bom-ref"] == scan.plan.suspect.digest
    claims = {one["bom-ref"]: one for one in document["declarations"]["claims"]}
    assert set(claims) == {f"claim:{one.fingerprint}" for one in scan.findings}
    for one in scan.findings:
        kind = "evidence" if one.outcome is Outcome.SUPPORTS else "counterEvidence"
        assert claims[f"claim:{one.fingerprint}"][kind]
    if scan.verdict is None:
        assert "attestations" not in document["declarations"]
        return
    (standard,) = document["definitions"]["standards"]
    assert [one["identifier"] for one in standard["requirements"]] == [one.rule for one in scan.verdict.rules]
    (attestation,) = document["declarations"]["attestations"]
    for met, rule in zip(attestation["map"], scan.verdict.rules, strict=True):
        decided = rule.state in (RuleState.PASS, RuleState.FAIL, RuleState.WAIVED)
        assert ("conformance" in met) is decided
        if decided:
            assert met["conformance"]["score"] == (1.0 if rule.state is RuleState.PASS else 0.0)


def test_found_and_declared_ancestors_are_the_pedigree() -> None:
    scan = specimens.failing()
    teacher = next(one for one in scan.plan.subjects if one.role == "teacher")
    found = replace(scan.findings[0], claim=Claim.ANCESTRY, outcome=Outcome.SUPPORTS, teacher=teacher.digest)
    suspect = replace(scan.plan.suspect, details=(("base_model", "org/base"),))
    subjects = tuple(suspect if one is scan.plan.suspect else one for one in scan.plan.subjects)
    document = bill(replace(scan, findings=(found,), plan=replace(scan.plan, subjects=subjects)))
    ancestors = document["metadata"]["component"]["pedigree"]["ancestors"]
    assert [one["name"] for one in ancestors] == [teacher.name, "org/base"]
    innocent = bill(replace(scan, findings=(replace(found, outcome=Outcome.DOES_NOT_SUPPORT),)))
    assert "pedigree" not in innocent["metadata"]["component"]


def test_the_same_evidence_gives_the_same_bill() -> None:
    assert render_cyclonedx(specimens.failing()) == render_cyclonedx(specimens.failing())
