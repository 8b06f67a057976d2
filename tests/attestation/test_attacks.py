"""Everything that can be done to a bundle is found, and the message says what was done where."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sealed_runs import Sealed, sealed_members

from auditor.attestation.bundle import EVIDENCE, POLICY, SEAL, WAIVERS, pack
from auditor.attestation.envelope import sign
from auditor.attestation.key import new_key
from auditor.attestation.statement import sealed_run, statement_of
from auditor.attestation.verify import verify_bundle
from auditor.digest import canonical_json, digest_bytes
from auditor.error import AuditorError, EvidenceIntegrityError
from auditor.ledger import Ledger
from auditor.ledger.chain import GENESIS, leaf_digest
from auditor.ledger.commitment import reduced
from auditor.ledger.seal import Tree, leaf_bytes
from auditor.record.codec import encode
from auditor.record.finding import Finding
from auditor.record.observation import Observation
from auditor.record.verdict import Status, Verdict

Edit = Callable[[sqlite3.Connection], None]


def verified(path: Path, key: Path) -> None:
    verify_bundle(path, key)


def edited(sealed: Sealed, edit: Edit, *, guards: bool = True) -> Path:
    """A bundle whose ledger somebody opened by hand; the guards are taken off and put back."""
    copy = sealed.folder / "edited.db"
    copy.write_bytes(sealed.members[EVIDENCE])
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        edit(connection)
        for _, sql in triggers if guards else ():
            connection.execute(sql)
    data = copy.read_bytes()
    copy.unlink()
    return sealed.bundle("edited.zip", **{EVIDENCE: data})


def body_of(connection: sqlite3.Connection, seq: int) -> bytes:
    (body,) = connection.execute("SELECT CAST(body AS BLOB) FROM evidence WHERE seq = ?", (seq,)).fetchone()
    return bytes(body)


def body_in(sealed: Sealed, seq: int) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(sealed.members[EVIDENCE])
        return body_of(connection, seq)


def set_body(connection: sqlite3.Connection, seq: int, body: bytes) -> None:
    connection.execute("UPDATE evidence SET body = CAST(? AS TEXT) WHERE seq = ?", (body, seq))


def places(sealed: Sealed, kind: str) -> list[int]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(sealed.members[EVIDENCE])
        return [row[0] for row in connection.execute("SELECT seq FROM evidence WHERE kind = ?", (kind,))]


@pytest.mark.parametrize("kind", ["plan", "seal", "observation", "finding", "verdict"])
def test_a_changed_byte_of_any_record_is_found_and_the_record_named(sealed, kind) -> None:
    rng = np.random.default_rng(len(kind))
    for seq in rng.permutation(places(sealed, kind))[:3].tolist():

        def change(connection: sqlite3.Connection, seq: int = seq) -> None:
            body = body_of(connection, seq)
            letters = [place for place, byte in enumerate(body) if chr(byte).isalnum()]
            place = int(rng.choice(letters))
            other = b"0" if chr(body[place]).isalpha() else b"9"
            # Inside a word, so that the columns which SQLite reads from the body still find JSON.
            set_body(
                connection,
                seq,
                body[:place] + (other if body[place] != other[0] else b"8") + body[place + 1 :],
            )

        with pytest.raises(EvidenceIntegrityError, match=rf"record {seq} has been changed"):
            verified(edited(sealed, change), sealed.key)


@pytest.mark.parametrize(
    "column", ["run", "kind", "recorded_at", "body_sha256", "prev_sha256", "leaf", "seq"]
)
def test_a_changed_column_is_found(sealed, column) -> None:
    seq = places(sealed, "observation")[5]
    value = {
        "seq": 10_000,
        "kind": "finding",
        "run": "0" * 12,
        "recorded_at": "2026-01-01T00:00:00.000Z",
    }.get(column, "sha256:" + "0" * 64)

    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE evidence SET {column} = ? WHERE seq = ?", (value, seq))

    with pytest.raises(EvidenceIntegrityError, match=rf"record {seq}"):
        verified(edited(sealed, change), sealed.key)


def test_a_dropped_record_is_found(sealed) -> None:
    seq = places(sealed, "observation")[7]
    with pytest.raises(EvidenceIntegrityError, match=rf"record {seq} is missing"):
        verified(
            edited(sealed, lambda one: one.execute("DELETE FROM evidence WHERE seq = ?", (seq,)) and None),
            sealed.key,
        )


def test_a_cut_tail_is_found_whether_the_numbering_is_mended_or_not(sealed) -> None:
    last = places(sealed, "verdict")[0]

    def cut(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM evidence WHERE seq >= ?", (last,))

    def cut_and_renumber(connection: sqlite3.Connection) -> None:
        cut(connection)
        connection.execute("UPDATE sqlite_sequence SET seq = ?", (last - 1,))

    with pytest.raises(EvidenceIntegrityError, match=rf"record {last} .*missing from the end"):
        verified(edited(sealed, cut), sealed.key)
    with pytest.raises(EvidenceIntegrityError, match="no end seal of this ledger has the root"):
        verified(edited(sealed, cut_and_renumber), sealed.key)


def test_reordered_records_are_found(sealed) -> None:
    first, second = places(sealed, "observation")[3:5]

    def swap(connection: sqlite3.Connection) -> None:
        for old, new in ((first, -1), (second, first), (-1, second)):
            connection.execute("UPDATE evidence SET seq = ? WHERE seq = ?", (new, old))

    with pytest.raises(EvidenceIntegrityError, match=rf"record {first} does not follow"):
        verified(edited(sealed, swap), sealed.key)


def test_a_replaced_record_is_found(sealed) -> None:
    seq = places(sealed, "observation")[2]

    def replaced(connection: sqlite3.Connection) -> None:
        names = [info[1] for info in connection.execute("PRAGMA table_info(evidence)")]
        columns = f"SELECT {','.join(names)} FROM evidence WHERE seq = ?"
        row = list(connection.execute(columns, (seq,)).fetchone())
        row[names.index("body")] = row[names.index("body")].replace("a", "b")
        marks = ",".join("?" * len(names))
        connection.execute(f"INSERT OR REPLACE INTO evidence ({','.join(names)}) VALUES ({marks})", row)

    with pytest.raises(EvidenceIntegrityError, match=rf"record {seq} has been changed"):
        verified(edited(sealed, replaced), sealed.key)


def test_missing_guards_are_found(sealed) -> None:
    with pytest.raises(EvidenceIntegrityError, match=r"guard .* was removed"):
        verified(edited(sealed, lambda _: None, guards=False), sealed.key)


def rechained(sealed: Sealed, change: Callable[[int, str, bytes], bytes]) -> Edit:
    """Change bodies, and work every digest, link, leaf and seal out again, as a careful forger would."""

    def edit(connection: sqlite3.Connection) -> None:
        tree, previous = Tree(), GENESIS
        rows = connection.execute(
            "SELECT seq, run, kind, CAST(body AS BLOB), recorded_at FROM evidence ORDER BY seq"
        ).fetchall()
        for seq, run, kind, body, time in rows:
            changed = change(seq, kind, bytes(body))
            if kind == "seal":
                value = json.loads(changed)
                value["root"] = tree.root
                changed = canonical_json(value)
            salted = kind in ("observation", "finding")
            digest = digest_bytes(reduced(kind, changed, json.loads(changed)) if salted else changed)
            columns = (one.encode() for one in (run, kind, digest, previous, time))
            leaf = leaf_digest(seq, *columns).decode()
            connection.execute(
                "UPDATE evidence SET body = CAST(? AS TEXT), body_sha256 = ?, prev_sha256 = ?, leaf = ? "
                "WHERE seq = ?",
                (changed, digest, previous, leaf, seq),
            )
            tree.append(leaf_bytes(leaf))
            previous = leaf

    return edit


def test_a_forged_chain_is_found_by_the_signed_root(sealed) -> None:
    seq = next(one for one in places(sealed, "observation") if b"begin with it" in body_in(sealed, one))

    def change(number: int, _kind: str, body: bytes) -> bytes:
        return body.replace(b"begin with it", b"begin with us") if number == seq else body

    with pytest.raises(EvidenceIntegrityError, match="no end seal of this ledger has the root"):
        verified(edited(sealed, rechained(sealed, change)), sealed.key)


def concluded(sealed: Sealed, folder: Path, findings: tuple[Finding, ...], verdict: Verdict) -> Path:
    """A ledger by the tool's own hand and a bundle with the right signature, of whatever findings."""
    scan = sealed.scan
    asked = [
        Observation(
            subject_digest=subject, request_digest=request, request=scan.requests[request], answer=answer
        )
        for (subject, request), answer in scan.observations.answers.items()
    ]
    with Ledger.open(folder / "false.db") as ledger:
        handle = ledger.begin(scan.plan, scan.environment)
        ledger.observe(handle.run, asked)
        ledger.conclude(handle.run, findings, verdict, scan.advice, asked=len(asked), reused=0)
    _, members = sealed_members(folder / "false.db", sealed.folder / "audit.pem")
    (folder / "false.zip").write_bytes(pack(members))
    return folder / "false.zip"


def test_the_same_run_by_the_same_hand_passes(sealed, tmp_path) -> None:
    """What the next tests rest on: nothing but what they change is found."""
    verify_bundle(concluded(sealed, tmp_path, sealed.scan.findings, sealed.scan.verdict), sealed.key)


def test_statistics_that_the_signer_made_up_are_found(sealed, tmp_path) -> None:
    first, *rest = sealed.scan.findings
    milder = replace(first, result=replace(first.result, p_value=0.3, effect=0.0))
    path = concluded(sealed, tmp_path, (milder, *rest), sealed.scan.verdict)
    with pytest.raises(EvidenceIntegrityError, match=r"does not follow from the answers: result\.effect"):
        verified(path, sealed.key)


def test_a_finding_that_was_left_out_is_found(sealed, tmp_path) -> None:
    path = concluded(sealed, tmp_path, sealed.scan.findings[1:], sealed.scan.verdict)
    with pytest.raises(EvidenceIntegrityError, match="findings are recorded, and"):
        verified(path, sealed.key)


def test_a_verdict_that_the_signer_made_up_is_found(sealed, tmp_path) -> None:
    path = concluded(sealed, tmp_path, sealed.scan.findings, replace(sealed.scan.verdict, status=Status.PASS))
    with pytest.raises(EvidenceIntegrityError, match="verdict does not follow"):
        verified(path, sealed.key)


def test_a_policy_that_was_swapped_is_found(sealed) -> None:
    milder = sealed.members[POLICY].replace(b"mode: deny", b"mode: info")
    assert milder != sealed.members[POLICY]
    with pytest.raises(EvidenceIntegrityError, match="policy pack is not the one"):
        verified(sealed.bundle("policy.zip", **{POLICY: milder}), sealed.key)


def test_waivers_that_nobody_sealed_are_found(sealed) -> None:
    with pytest.raises(EvidenceIntegrityError, match="waivers are not those that were sealed"):
        verified(sealed.bundle("waived.zip", **{WAIVERS: b"waivers: []\n"}), sealed.key)


def test_a_probe_that_was_swapped_is_found(sealed) -> None:
    name = "probes/000.json"
    for data in (sealed.members[name].replace(b"0.01", b"0.99"), b"[]", b"no JSON"):
        assert data != sealed.members[name]
        with pytest.raises(EvidenceIntegrityError, match="probe"):
            verified(sealed.bundle("probe.zip", **{name: data}), sealed.key)


@pytest.mark.parametrize("kind", ["html", "json"])
def test_an_edited_report_is_found(sealed, kind) -> None:
    name = f"reports/report.{kind}"
    softer = sealed.members[name].replace(b"Fail", b"Pass").replace(b'"fail"', b'"pass"')
    assert softer != sealed.members[name]
    with pytest.raises(EvidenceIntegrityError, match="report was edited"):
        verified(sealed.bundle("report.zip", **{name: softer}), sealed.key)


def test_a_report_that_was_edited_before_sealing_is_found(sealed) -> None:
    name = "reports/report.html"
    softer = sealed.members[name].replace(b"Fail", b"Pass")
    noted = sealed_run(sealed.scan)
    false = replace(noted, reports={**noted.reports, "html": digest_bytes(softer)})
    seal = sign(statement_of(sealed.scan, false), sealed.folder / "audit.pem")
    with pytest.raises(EvidenceIntegrityError, match="report does not follow from the evidence"):
        verified(sealed.bundle("sealed-report.zip", **{name: softer, SEAL: seal}), sealed.key)


def test_a_seal_by_another_key_or_of_another_run_is_found(sealed, tmp_path) -> None:
    new_key(tmp_path / "other.pem")
    statement = statement_of(sealed.scan, sealed_run(sealed.scan))
    with pytest.raises(EvidenceIntegrityError, match="not signed by this key"):
        verified(sealed.bundle("key.zip", **{SEAL: sign(statement, tmp_path / "other.pem")}), sealed.key)
    other = replace(sealed_run(sealed.scan), plan_digest="sha256:" + "1" * 64)
    seal = sign(statement_of(sealed.scan, other), sealed.folder / "audit.pem")
    with pytest.raises(EvidenceIntegrityError, match="the seal is about another plan"):
        verified(sealed.bundle("other.zip", **{SEAL: seal}), sealed.key)


def test_a_changed_statement_is_found(sealed) -> None:
    import base64

    envelope = json.loads(sealed.members[SEAL])
    body = base64.b64decode(envelope["payload"]).replace(b"FAILED", b"PASSED")
    envelope["payload"] = base64.b64encode(body).decode()
    with pytest.raises(EvidenceIntegrityError, match="changed after it was signed"):
        verified(sealed.bundle("statement.zip", **{SEAL: json.dumps(envelope).encode()}), sealed.key)


@pytest.mark.parametrize("name", [SEAL, EVIDENCE, POLICY, "probes/000.json", "reports/report.json"])
def test_a_missing_member_is_found(sealed, name) -> None:
    with pytest.raises(EvidenceIntegrityError):
        verified(sealed.bundle("less.zip", **{name: None}), sealed.key)


def test_random_changes_of_the_file_are_all_found(sealed) -> None:
    """A small version of ``python -m benchmarks.mutations``."""
    from benchmarks.mutations import unnoticed

    assert unnoticed(sealed.folder / "audit.zip", sealed.key, changes=60, seed=1) == []


def test_the_encoded_finding_is_what_is_compared(sealed) -> None:
    """A finding is compared whole: every field of it is in its encoding."""
    first = sealed.scan.findings[0]
    assert set(encode(first)) >= {"outcome", "reason", "result", "facts", "exhibits", "observation_ids"}


def test_errors_end_with_the_status_for_broken_evidence() -> None:
    assert EvidenceIntegrityError.exit_status == 4
    assert issubclass(EvidenceIntegrityError, AuditorError)
