"""Every format shows every waiver, from the ledger alone: applied or not, and why not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import junitparser
import pytest
import report_specimens as specimens
from sarif_pydantic import Sarif

from auditor.ledger import Ledger
from auditor.record.scan import Scan
from auditor.record.verdict import WaiverStatus
from auditor.report.view import build_view
from auditor.report.write import FORMATS, render

IDLE = [one for one in specimens.WAIVERS if one.status is not WaiverStatus.APPLIED]


def recorded(scan: Scan, path: Path) -> Scan:
    """The scan as a ledger gives it back."""
    with Ledger.open(path) as ledger:
        run = ledger.begin(scan.plan, scan.environment).run
        ledger.conclude(run, scan.findings, scan.verdict, scan.advice, asked=0, reused=0)
    with Ledger.open(path, create=False, readonly=True) as ledger:
        return ledger.scan()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_rendered_from_the_ledger_names_every_waiver(tmp_path: Path, name: str) -> None:
    scan = recorded(specimens.waived(), tmp_path / "audit.db")
    assert scan.verdict == specimens.waived().verdict
    text = " ".join(render(scan, name).split())
    for one in specimens.WAIVERS:
        assert one.ticket.replace("-", "\\-") in text or one.ticket in text, one
    for one in IDLE:
        words = one.note.replace("'", "&#39;") if name == "html" else one.note
        assert words.lower() in text.lower(), one


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_without_waivers_nothing_is_said_of_them(name: str) -> None:
    text = render(specimens.failing(), name)
    assert "put forward" not in text
    assert "Waivers" not in text
    assert "waiver-" not in text


def test_the_first_screen_counts_those_without_effect() -> None:
    lede = build_view(specimens.waived()).lede
    assert lede.idle_waivers == (
        "Of 6 waivers put forward: 1 expired, 1 refused, 1 matching nothing here and 1 unused, "
        "without effect on the verdict."
    )
    assert "none was broken" not in lede.meaning
    assert "waived by a named person" in lede.meaning
    assert build_view(specimens.failing()).lede.idle_waivers == ""
    assert "none was broken" in build_view(specimens.passing()).lede.meaning


def test_those_that_did_not_count_come_first_and_point_to_their_rule() -> None:
    lines = build_view(specimens.waived()).waivers
    assert [one.outcome for one in lines] == [
        "Expired", "Refused", "Matches nothing", "Unused", "Applied", "Applied",
    ]  # fmt: skip
    anchors = {one.rule: one.anchor for one in lines}
    assert anchors["DR-999"] == ""
    assert all(anchor.startswith("rule-") for rule, anchor in anchors.items() if rule != "DR-999")
    assert all("kestrel-1b-chat" in one.scope for one in lines)
    scan = specimens.waived()
    assert scan.verdict is not None
    other = replace(specimens.WAIVERS[0], subject="sha256:" + "ab" * 32, finding="sha256:" + "cd" * 32)
    judged = replace(scan.verdict, waivers=(other,))
    (line,) = build_view(replace(scan, verdict=judged)).waivers
    assert line.scope == "finding cdcdcdcdcdcd about model abababababab"


def test_sarif_suppresses_by_applied_waivers_only() -> None:
    text = render(specimens.waived(), "sarif")
    Sarif.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    suppressed = {one["ruleId"]: one["suppressions"] for one in run["results"] if "suppressions" in one}
    assert set(suppressed) == {"DR-101", "DR-201"}
    (one,) = suppressed["DR-201"]
    assert (one["status"], one["properties"]["ticket"]) == ("accepted", "SAF-77")
    assert one["properties"]["approvers"] == ["R. Okafor", "M. Lindqvist"]
    (invocation,) = run["invocations"]
    notes = invocation["toolConfigurationNotifications"]
    kinds = run["tool"]["driver"]["notifications"]
    assert [kinds[one["descriptor"]["index"]]["id"] for one in notes] == [
        one["descriptor"]["id"] for one in notes
    ]
    found = {one["descriptor"]["id"]: one for one in notes}
    assert {name: one["level"] for name, one in found.items()} == {
        "waiver-unused": "note",
        "waiver-unmatched": "warning",
        "waiver-expired": "warning",
        "waiver-refused": "warning",
    }
    assert "associatedRule" not in found["waiver-unmatched"]
    place = found["waiver-expired"]["associatedRule"]
    assert run["tool"]["driver"]["rules"][place["index"]]["id"] == place["id"] == "DR-102"


def test_junit_lists_them_as_properties_of_the_suite() -> None:
    (suite,) = junitparser.JUnitXml.fromstring(render(specimens.waived(), "junit").encode())
    told = {one.name: one.value for one in suite.properties()}
    assert told["waiver.DR-102"].startswith("expired: it expired on 2026-10-31; ")
    assert told["waiver.DR-101"].startswith("applied: the teacher's owner agreed in writing (LEG-2231; ")
