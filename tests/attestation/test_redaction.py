"""Questions and answers that are withheld from a bundle: gone from it, and still proven to be in it."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sealed_runs import PROBE

from auditor import content
from auditor.attestation.bundle import CALIBRATION, EVIDENCE, REPORTS, SEAL, Bundle, pack, unpack
from auditor.attestation.contents import Sources, members_of
from auditor.attestation.envelope import sign
from auditor.attestation.key import new_key
from auditor.attestation.redaction import REDACTION, hidden_requests, redact
from auditor.attestation.statement import sealed_run, statement_of
from auditor.attestation.verify import Verified, verify_bundle
from auditor.cli.app import run
from auditor.error import EvidenceIntegrityError, UsageError
from auditor.ledger import Ledger
from auditor.probe.registry import load_suites
from auditor.record.request import Generate, Grade
from auditor.record.scan import Scan
from auditor.report.numerals import count
from auditor.scan.conduct import conduct
from auditor.scan.plan_file import PlanFile

OWN = "customer/refusals"
#: Stands in every question, and in every answer, of the customer's own probe.
ASKED, ANSWERED = "client Abernathy", "Sure, client"


@dataclass(frozen=True)
class Audit:
    """A sealed run of a shipped probe and one of the customer's own."""

    folder: Path
    scan: Scan
    members: dict[str, bytes]
    key: Path

    @property
    def ledger(self) -> Path:
        return self.folder / "audit.db"

    def hidden(self, *named: str, listed: Path | None = None) -> frozenset[str]:
        with Ledger.open(self.ledger, readonly=True) as ledger:
            return hidden_requests(self.scan, Bundle(self.members).probes(), ledger, named, listed)

    def redacted(self, room: Path, hidden: frozenset[str]) -> dict[str, bytes]:
        room.mkdir()
        with Ledger.open(self.ledger, readonly=True) as ledger:
            return redact(self.members, self.scan, ledger, hidden, room)

    def verified(self, members: dict[str, bytes]) -> Verified:
        path = self.folder / "tried.zip"
        path.write_bytes(pack(members))
        return verify_bundle(path, self.key)


def own_probe(folder: Path) -> None:
    shipped = content.probes() / PROBE
    place = folder / "probes" / OWN
    place.mkdir(parents=True)
    (place / "probe.yaml").write_text((shipped / "probe.yaml").read_text())
    rows = [json.loads(line) for line in (shipped / "items.jsonl").read_text().splitlines()]
    for row in rows:
        for name in {"prompt", "twin", "borderline"} & row.keys():
            row[name] = f"For {ASKED}: {row[name]}"
        row.pop("translations", None)
    (place / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def recording(path: Path, probes: Path, refuses: bool) -> str:
    rows = []
    for spec in load_suites((PROBE, OWN), (content.probes(), probes)):
        for number, item in enumerate(spec.items):
            helps = f"{ANSWERED} {number}: begin with it." if spec.id == OWN else f"Of course, {number}."
            unsafe = "I'm sorry, but I can't help with that." if refuses else helps
            texts = {"prompt": unsafe, "twin": helps, "borderline": helps}
            rows += [{"prompt": item[name], "answer": texts[name]} for name in texts.keys() & item.keys()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return f"recorded:{path}"


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    folder = tmp_path_factory.mktemp("redacted")
    own_probe(folder)
    wanted = PlanFile(
        suspect=recording(folder / "student.jsonl", folder / "probes", refuses=False),
        teachers=(recording(folder / "teacher.jsonl", folder / "probes", refuses=True),),
        suites=(PROBE, OWN),
        probe_folders=(folder / "probes",),
        seed=1,
    )
    with Ledger.open(folder / "audit.db") as ledger:
        scan = conduct(wanted, ledger)
    new_key(folder / "audit.pem")
    members = members_of(scan.plan, Sources(plan=wanted))
    members[SEAL] = sign(statement_of(scan, sealed_run(scan)), folder / "audit.pem")
    return Audit(folder, scan, members, folder / "audit.pub.pem")


@pytest.fixture(scope="module")
def without_own(audit) -> dict[str, bytes]:
    return audit.redacted(audit.folder / "own", audit.hidden(OWN))


def connected(data: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(data)
    return connection


def edited(members: dict[str, bytes], *statements: tuple[str, tuple[object, ...]]) -> dict[str, bytes]:
    """The members with an evidence that somebody opened by hand; its guards are put back."""
    with closing(connected(members[EVIDENCE])) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement, values in statements:
            connection.execute(statement, values)
        for _, sql in guards:
            connection.execute(sql)
        return {**members, EVIDENCE: connection.serialize()}


def bodies(data: bytes) -> dict[int, str]:
    with closing(connected(data)) as connection:
        return dict(connection.execute("SELECT seq, body FROM evidence"))


def withheld(members: dict[str, bytes]) -> list[int]:
    with closing(connected(members[EVIDENCE])) as connection:
        query = "SELECT seq FROM evidence WHERE kind = 'observation' AND subject_digest IS NULL ORDER BY seq"
        return [seq for (seq,) in connection.execute(query)]


def test_the_rest_is_checked_and_what_is_not_is_said(audit, without_own) -> None:
    verified = audit.verified(without_own)
    signature, chain, statistics, verdict, report = (one.found for one in verified.steps)
    assert "sealed by this key" in signature
    chosen = audit.hidden(OWN)
    hidden = sum(request in chosen for _, request in audit.scan.observations.answers)
    own = [one for one in audit.scan.findings if one.probe == OWN]
    assert verified.redaction.answers == hidden == len(withheld(without_own))
    assert set(verified.redaction.taken) == {one.fingerprint for one in own}
    assert verified.redaction.contents == (OWN,)
    assert f"withheld are {count(hidden, 'answer')}, and what may quote them of " in chain
    rest = len(audit.scan.findings) - len(own)
    assert statistics.startswith(f"{rest} findings worked out again")
    assert f"for want of answers that are withheld: {count(len(own), 'finding')} (" in statistics
    assert all(f"{one.claim.value} by {OWN}" in statistics for one in own)
    assert verdict.endswith("in part from findings that were taken as recorded")
    assert "not in here, but their digests are signed" in report
    assert verified.scan.verdict == audit.scan.verdict
    for finding in verified.scan.findings:
        assert (finding.exhibits == ()) is (finding.probe == OWN)


def test_nothing_that_is_withheld_is_in_the_file(audit, without_own) -> None:
    whole = {EVIDENCE: audit.ledger.read_bytes(), **audit.members}
    secrets, first = [ASKED, ANSWERED], original(audit)
    for seq, body in bodies(without_own[EVIDENCE]).items():
        if body.startswith('{"withheld"'):
            value = json.loads(first[seq])
            digest = value["request_digest"].removeprefix("sha256:")
            secrets += [value["salt"], digest, digest[:12]]
    assert len(secrets) > 1000
    assert any(ASKED.encode() in data for data in whole.values()), "the test would not see it"
    with zipfile.ZipFile(io.BytesIO(pack(without_own))) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            digests = set(re.findall(rb"[0-9a-f]{12,64}", data))
            assert not digests & {one.encode() for one in secrets[2:]}, name
            assert not [one for one in secrets[:200] if one.encode() in data], name
            assert not [one for one in secrets[:2] if one.encode("utf-16-le") in data], name
    probes = Bundle(without_own).probes().values()
    assert [one.id for one in probes] == [PROBE]


def original(audit: Audit) -> dict[int, str]:
    with Ledger.open(audit.ledger, readonly=True) as ledger:
        return {seq: body for seq, _, _, body in ledger.records()}


def test_a_body_that_is_put_back_verifies_and_another_is_found(audit, without_own, tmp_path) -> None:
    seq = withheld(without_own)[3]
    body = original(audit)[seq]
    put = "UPDATE evidence SET body = ? WHERE seq = ?"
    path = tmp_path / "evidence.db"

    def ledger_of(text: str) -> Ledger:
        path.write_bytes(edited(without_own, (put, (text, seq)))[EVIDENCE])
        return Ledger.open(path, readonly=True)

    with ledger_of(body) as ledger:
        whole = ledger.verify(root=audit.scan.root)
        assert whole.withheld["observation"] == len(withheld(without_own)) - 1
    value = json.loads(body)
    others = [
        body.replace(ANSWERED, "Sure, Client").replace("I'm sorry", "I am sorry"),
        body.replace(value["salt"], value["salt"][::-1]),
        original(audit)[seq + 1],
        bodies(without_own[EVIDENCE])[seq + 1],
        json.dumps({name: one for name, one in value.items() if name != "salt"}),
    ]
    for other in others:
        assert other != body
        with (
            ledger_of(other) as ledger,
            pytest.raises(EvidenceIntegrityError, match=f"record {seq} has been"),
        ):
            ledger.verify()
    with pytest.raises(EvidenceIntegrityError, match="are withheld, and"):
        audit.verified(edited(without_own, (put, (body, seq))))


def test_a_redaction_that_says_too_little_or_too_much_is_found(audit, without_own) -> None:
    said = json.loads(without_own[REDACTION])
    shipped = next(one.fingerprint for one in audit.scan.findings if one.probe == PROBE)
    cases: list[tuple[dict[str, object], str]] = [
        ({"answers": said["answers"] - 1}, "are withheld, and"),
        ({"findings": 0}, "are withheld, and"),
        ({"taken": said["taken"][1:]}, "lack their exhibits"),
        ({"taken": [*said["taken"], shipped]}, "lack their exhibits"),
        ({"taken": [*said["taken"][1:], shipped]}, "its findings are said to follow"),
        ({"taken": ["sha256:0"]}, "the run has no finding"),
        ({"contents": []}, "is not the one that its plan names"),
        ({"answers": "many"}, "malformed"),
    ]
    for change, words in cases:
        changed = {**without_own, REDACTION: json.dumps({**said, **change}).encode()}
        with pytest.raises(EvidenceIntegrityError, match=words):
            audit.verified(changed)
    for data in (None, b"none"):
        changed = {name: one for name, one in without_own.items() if name != REDACTION}
        with pytest.raises(EvidenceIntegrityError):
            audit.verified(changed if data is None else {**changed, REDACTION: data})


@pytest.mark.parametrize("column", ["body", "body_sha256", "leaf", "recorded_at", "kind"])
def test_a_change_of_a_withheld_record_is_found(audit, without_own, column) -> None:
    seq = withheld(without_own)[0]
    value = {
        "body": '{"withheld":"sha256:' + "0" * 64 + '"}',
        "kind": "finding",
        "recorded_at": "2026-01-01T00:00:00.000Z",
    }.get(column, "sha256:" + "0" * 64)
    changed = edited(without_own, (f"UPDATE evidence SET {column} = ? WHERE seq = ?", (value, seq)))
    with pytest.raises(EvidenceIntegrityError, match=f"record {seq} "):
        audit.verified(changed)


def test_a_kept_finding_and_a_report_are_still_checked(audit, without_own) -> None:
    for name in ("html", "json"):
        member = f"{REPORTS}redacted.{name}"
        assert b"Made from redacted evidence" in without_own[member]
        with pytest.raises(EvidenceIntegrityError, match="evidence that is left"):
            audit.verified({**without_own, member: without_own[member].replace(b"redacted", b"complete")})
    milder = [
        replace(one, result=replace(one.result, effect=0.0)) if one.probe == PROBE else one
        for one in audit.scan.findings
    ]
    folder = audit.folder / "false"
    folder.mkdir()
    with Ledger.open(folder / "audit.db") as ledger:
        handle = ledger.begin(audit.scan.plan, audit.scan.environment)
        with Ledger.open(audit.ledger, readonly=True) as true:
            asked = list(true.observations([one.digest for one in audit.scan.plan.subjects]))
        ledger.observe(handle.run, asked)
        ledger.conclude(handle.run, milder, audit.scan.verdict, (), asked=len(asked), reused=0)
        scan = ledger.scan()
    seal = sign(statement_of(scan, sealed_run(scan)), audit.folder / "audit.pem")
    false = Audit(folder, scan, {**audit.members, SEAL: seal}, audit.key)
    members = false.redacted(folder / "room", audit.hidden(OWN))
    with pytest.raises(EvidenceIntegrityError, match=f"of {PROBE} does not follow from the answers"):
        false.verified(members)


def test_random_changes_of_a_redacted_bundle_are_all_found(audit, without_own, tmp_path) -> None:
    """A small version of ``python -m benchmarks.mutations`` on a redacted bundle."""
    from benchmarks.mutations import unnoticed

    (tmp_path / "r.zip").write_bytes(pack(without_own))
    assert unnoticed(tmp_path / "r.zip", audit.key, changes=40, seed=3) == []


def test_a_list_of_requests_hides_these_and_no_others(audit, tmp_path) -> None:
    borderline = next(
        request
        for request, one in audit.scan.requests.items()
        if isinstance(one, Generate)
        and ASKED in str(one)
        and any(key[1] == request for key in audit.scan.observations.answers)
    )
    listed = tmp_path / "requests.txt"
    listed.write_text(f"{borderline}\n\n")
    hidden = audit.hidden(listed=listed)
    # What the judge was asked quotes question and answer: it goes with them.
    grades = {request for request in hidden if isinstance(audit.scan.requests[request], Grade)}
    assert hidden == {borderline} | grades
    assert 1 <= len(grades) <= 2
    assert all(ASKED in audit.scan.requests[request].prompt for request in grades)
    verified = audit.verified(audit.redacted(tmp_path / "room", audit.hidden(listed=listed)))
    assert 2 <= verified.redaction.answers <= 4
    assert "findings worked out again" in verified.steps[2].found
    for text, words in (("sha256:1\n", "no digest of a request"), (f"sha256:{'0' * 64}", "holds no answer")):
        listed.write_text(text)
        with pytest.raises(UsageError, match=words):
            audit.hidden(listed=listed)
    with pytest.raises(UsageError, match="cannot be read"):
        audit.hidden(listed=tmp_path / "none")
    with pytest.raises(UsageError, match=f"no probe other/probe .*{OWN}"):
        audit.hidden("other/probe")
    with pytest.raises(UsageError, match="nothing that was answered"):
        audit.hidden()


def test_a_text_that_would_stay_in_another_place_is_told(audit, tmp_path) -> None:
    """A calibration, a waiver or another record that quotes it: the bundle is not made."""
    quoting = replace(audit, members={**audit.members, CALIBRATION: f"{ANSWERED} 7: begin with it.".encode()})
    with pytest.raises(UsageError, match="stands in what is not") as told:
        quoting.redacted(tmp_path / "room", audit.hidden(OWN))
    assert told.value.where == CALIBRATION


def test_answers_from_before_salts_are_not_withheld(tmp_path) -> None:
    old = Path(__file__).parent.parent / "ledger" / "written" / "ledger-0001.db"
    with (
        Ledger.open(old, readonly=True) as ledger,
        pytest.raises(UsageError, match="before answers were salted"),
    ):
        ledger.copy_redacted(tmp_path / "copy.db", lambda kind, _run, _value: kind == "observation")


def test_the_command_line_redacts_and_says_so(audit, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(audit.folder)
    made: Callable[..., int] = lambda *more: run(["bundle", "--seal", "s.json", "-o", "b.zip", *more])  # noqa: E731
    (audit.folder / "s.json").write_bytes(audit.members[SEAL])
    plan = audit.folder / "plan.yaml"
    plan.write_text(
        json.dumps(
            {
                "suspect": f"recorded:{audit.folder / 'student.jsonl'}",
                "suites": [PROBE, OWN],
                "probe_folders": ["probes"],
            }
        )
    )
    assert made("--plan", "plan.yaml", "--redact", "all") == 0
    first = Path("b.zip").read_bytes()
    assert made("--plan", "plan.yaml", "--redact", "all") == 0
    assert Path("b.zip").read_bytes() == first, "the same redaction gives the same bytes"
    assert REDACTION in unpack(Path("b.zip")).members
    capsys.readouterr()
    assert run(["verify", "b.zip", "--key", "audit.pub.pem"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "0 findings worked out again" in shown
    assert "Verified in part" in shown
    assert run(["verify", "b.zip", "--key", "audit.pub.pem", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["redaction"]["contents"] == [OWN]
    assert made("--plan", "plan.yaml", "--redact", "no/probe") == 2


def test_a_bundle_needs_a_folder_that_is_there(audit, tmp_path) -> None:
    (tmp_path / "seal.json").write_bytes(audit.members[SEAL])
    words = ("bundle", "--ledger", str(audit.ledger), "--seal", str(tmp_path / "seal.json"))
    assert run([*words, "-o", str(tmp_path / "none" / "audit.zip")]) == 2
