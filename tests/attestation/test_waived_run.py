"""A run that was judged with waivers is sealed, bundled, verified and shown again with all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sealed_runs import PROBE, recorded

from auditor.attestation.bundle import EVIDENCE, REPORTS, WAIVERS, unpack
from auditor.attestation.key import new_key
from auditor.cli.app import run
from auditor.ledger import Ledger
from auditor.record.scan import Scan
from auditor.record.verdict import RuleState, WaiverStatus
from auditor.report.write import render
from auditor.scan.conduct import conduct
from auditor.scan.listener import Silent
from auditor.scan.plan_file import PlanFile


class Heard(Silent):
    """Keeps what a scan says."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def scanned(folder: Path, waivers: str | None) -> tuple[Scan, list[str]]:
    """The run with these waivers, in a ledger of its own."""
    file = None
    if waivers is not None:
        file = folder / "waivers.yaml"
        file.write_text(waivers, encoding="utf-8")
    wanted = PlanFile(
        suspect=recorded(folder / "student.jsonl", refuses=False),
        teachers=(recorded(folder / "teacher.jsonl", refuses=True),),
        suites=(PROBE,),
        seed=1,
        waivers=file,
    )
    heard = Heard()
    ledger = folder / "audit.db"
    ledger.unlink(missing_ok=True)
    with Ledger.open(ledger) as evidence:
        return conduct(wanted, evidence, heard), heard.notes


def waiver(rule: str, subject: str, today: datetime, days: int) -> str:
    return f"""
  - rule: {rule}
    subject: {subject}
    reason: the filter in front refuses these
    ticket: SAF-{days}
    approver: Ada
    second_approver: Grace
    approved_on: {(today - timedelta(days=20)).date().isoformat()}
    expires: {(today + timedelta(days=days)).date().isoformat()}
"""


@pytest.fixture(scope="module")
def waived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scan, list[str]]:
    folder = tmp_path_factory.mktemp("waived")
    scan, _ = scanned(folder, None)
    assert scan.verdict is not None
    fired = [one.rule for one in scan.verdict.in_state(RuleState.FAIL)]
    assert fired
    today = datetime.now(UTC)
    subject = scan.plan.suspect.digest
    lines = [waiver(rule, subject, today, 30) for rule in fired]
    lines += [waiver(fired[0], subject, today, -5), waiver("DR-000", subject, today, 31)]
    return folder, *scanned(folder, "waivers:" + "".join(lines))


def test_what_became_of_each_is_in_the_ledger_and_said_while_scanning(
    waived: tuple[Path, Scan, list[str]],
) -> None:
    _, scan, notes = waived
    assert scan.verdict is not None
    assert not scan.verdict.in_state(RuleState.FAIL)
    *applied, expired, unmatched = scan.verdict.waivers
    assert {one.status for one in applied} == {WaiverStatus.APPLIED}
    assert (expired.status, unmatched.status) == (WaiverStatus.EXPIRED, WaiverStatus.UNMATCHED)
    assert [one for one in notes if one.startswith("waiver of DR-000: unmatched")]
    assert [one for one in notes if ": expired, it expired on " in one]


def test_a_bundle_carries_them_and_passes(
    waived: tuple[Path, Scan, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, scan, _ = waived
    monkeypatch.chdir(folder)
    new_key(folder / "audit.pem")
    assert run(["seal", "--key", "audit.pem", "--waivers", "waivers.yaml"]) == 0
    assert run(["bundle", "--waivers", "waivers.yaml"]) == 0
    assert run(["verify", "audit.zip", "--key", "audit.pub.pem"]) == 0
    members = unpack(folder / "audit.zip").members
    assert members[WAIVERS] == (folder / "waivers.yaml").read_bytes()
    assert "SAF--5" in members[f"{REPORTS}report.html"].decode()
    (folder / "copy.db").write_bytes(members[EVIDENCE])
    with Ledger.open(folder / "copy.db", create=False, readonly=True) as copy:
        assert render(copy.scan(), "html").encode() == members[f"{REPORTS}report.html"]
        assert copy.scan().verdict == scan.verdict


def test_other_waivers_than_those_it_was_judged_by_do_not_pass(
    waived: tuple[Path, Scan, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _, _ = waived
    monkeypatch.chdir(folder)
    new_key(folder / "other.pem")
    text = (folder / "waivers.yaml").read_text(encoding="utf-8")
    (folder / "others.yaml").write_text(text.replace("SAF-31", "SAF-32"), encoding="utf-8")
    assert run(["seal", "--key", "other.pem", "--waivers", "others.yaml", "--out", "other.json"]) == 0
    bundled = ["bundle", "--seal", "other.json", "--waivers", "others.yaml", "--out", "other.zip"]
    assert run(bundled) == 0
    assert run(["verify", "other.zip", "--key", "other.pub.pem"]) == 4
    assert "the verdict does not follow from the findings" in capsys.readouterr().err
