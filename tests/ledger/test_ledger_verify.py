"""Every way to tamper with evidence that a chain and its seals can see, named at the first bad record."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_records import HERE, SUSPECT, finish, observation, observations, plan

from auditor.digest import canonical_json, digest_bytes
from auditor.error import EvidenceIntegrityError
from auditor.ledger import Ledger
from auditor.ledger.chain import leaf_digest
from auditor.ledger.commitment import reduced

GUARDS = ("evidence_update", "evidence_delete", "evidence_gap", "evidence_link", "evidence_twice")
# Plan 1, start seal 2, answers 3 to 22, finding 23, verdict 24, end seal 25; then an unfinished run:
# plan 26, start seal 27, answers 28 to 30.
LAST = 30
TIME = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, observations(0, 20))
        finish(ledger, run, asked=20)
        later = ledger.begin(plan(), HERE).run
        ledger.observe(later, observations(20, 23))
        assert ledger.verify().records == LAST
        assert ledger.verify().unfinished == (later,)
    return path


def tamper(path: Path, *statements: str, restore: bool = True) -> None:
    """Open the file by hand without its guards, and put them back."""
    connection = sqlite3.connect(path, isolation_level=None)
    kept = [
        connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        for name in GUARDS
    ]
    for name in GUARDS:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for sql in kept if restore else ():
        connection.execute(sql)
    connection.close()


def committed(kind: str, body: bytes) -> str:
    """The digest of a body as the ledger writes it."""
    return digest_bytes(reduced(kind, body, json.loads(body)) if kind in ("observation", "finding") else body)


def leaf_of(seq: int, run: str, kind: str, digest: str, prev: str, time: str) -> str:
    columns = (one.encode() for one in (run, kind, digest, prev, time))
    return leaf_digest(seq, *columns).decode()


def fails(path: Path, message: str, *, root: str | None = None) -> None:
    with (
        Ledger.open(path, readonly=True) as ledger,
        pytest.raises(EvidenceIntegrityError, match=message) as caught,
    ):
        ledger.verify(root=root)
    assert caught.value.exit_status == 4
    assert str(path) in str(caught.value)


def forge(path: Path, seq: int, change: Callable[[dict[str, object]], object], *, upto: str) -> None:
    """Edit a body and mend its digest, its leaf, or the whole chain after it."""
    connection = sqlite3.connect(path, isolation_level=None)
    for name in GUARDS:
        connection.execute(f"DROP TRIGGER {name}")
    rows = connection.execute(
        "SELECT seq, run, kind, body, prev_sha256, recorded_at FROM evidence WHERE seq >= ? ORDER BY seq",
        (seq,),
    ).fetchall()
    prev = rows[0][4]
    for number, run, kind, body, _, time in rows if upto == "chain" else rows[:1]:
        if number == seq:
            value = json.loads(body)
            change(value)
            body = canonical_json(value).decode()
        digest = committed(kind, body.encode())
        leaf = leaf_of(number, run, kind, digest, prev, time)
        connection.execute(
            "UPDATE evidence SET body = ?, body_sha256 = ?, prev_sha256 = ? WHERE seq = ?",
            (body, digest, prev, number),
        )
        if upto != "digest":
            connection.execute("UPDATE evidence SET leaf = ? WHERE seq = ?", (leaf, number))
        prev = leaf
    connection.close()


def test_edited_body(path: Path) -> None:
    tamper(path, "UPDATE evidence SET body = replace(body, 'It is 4', 'It is 5') WHERE seq = 7")
    fails(path, "record 7 has been changed: its body")


def test_edited_body_with_its_digest(path: Path) -> None:
    forge(path, 7, lambda value: value.update(answer="no"), upto="digest")
    fails(path, "record 7 has been changed: its leaf")


def test_edited_body_with_its_leaf(path: Path) -> None:
    forge(path, 7, lambda value: value.update(answer="no"), upto="leaf")
    fails(path, "record 8 does not follow record 7")


def test_edited_body_with_the_chain_after_it(path: Path) -> None:
    forge(path, 7, lambda value: value.update(answer="no"), upto="chain")
    fails(path, "record 25 is a seal whose root does not match")


@pytest.mark.parametrize("column", ["run", "kind", "recorded_at", "body_sha256", "prev_sha256", "leaf"])
def test_edited_column(path: Path, column: str) -> None:
    named = {"run": "'" + "0" * 12 + "'", "kind": "'finding'", "recorded_at": f"'{TIME}'"}
    value = named.get(column, "'sha256:" + "0" * 64 + "'")
    tamper(path, f"UPDATE evidence SET {column} = {value} WHERE seq = 12")
    fails(path, "record 12 ")


@pytest.mark.parametrize("seq", [1, 2, 10, 25])
def test_dropped_record(path: Path, seq: int) -> None:
    tamper(path, f"DELETE FROM evidence WHERE seq = {seq}")
    fails(path, f"record {seq} is missing")


def test_dropped_record_with_the_rest_moved_up(path: Path) -> None:
    moves = [f"UPDATE evidence SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(11, LAST + 1)]
    tamper(path, "DELETE FROM evidence WHERE seq = 10", *moves)
    fails(path, "record 10 does not follow record 9")


def test_reordered_records(path: Path) -> None:
    swap = [f"UPDATE evidence SET seq = {new} WHERE seq = {old}" for old, new in ((8, 99), (9, 8), (99, 9))]
    tamper(path, *swap)
    fails(path, "record 8 does not follow record 7")


def test_renumbered_records(path: Path) -> None:
    tamper(path, *[f"UPDATE evidence SET seq = {seq + 1} WHERE seq = {seq}" for seq in range(LAST, 14, -1)])
    fails(path, "record 15 is missing")
    tamper(path, "UPDATE evidence SET seq = 0 WHERE seq = 1")
    fails(path, "record 0 has an impossible number")


def test_replaced_answer(path: Path) -> None:
    tamper(
        path,
        "CREATE TEMP TABLE kept AS SELECT * FROM evidence WHERE seq = 5",
        "INSERT OR REPLACE INTO evidence (seq, run, kind, recorded_at, body_sha256, prev_sha256, leaf, body) "
        "SELECT seq, run, kind, recorded_at, body_sha256, prev_sha256, leaf, replace(body, 'It', 'That') "
        "FROM kept",
    )
    fails(path, "record 5 has been changed")


def test_cut_tail(path: Path) -> None:
    with Ledger.open(path, readonly=True) as ledger:
        root = ledger.verify().sealed_root
    tamper(path, "DELETE FROM evidence WHERE seq > 28")
    fails(path, "record 29 and everything up to record 30 is missing from the end")
    tamper(path, "DELETE FROM evidence WHERE seq > 23")
    fails(path, "record 24 and everything up to record 30")
    tamper(path, "UPDATE sqlite_sequence SET seq = 23 WHERE name = 'evidence'")
    with Ledger.open(path, readonly=True) as ledger:
        assert ledger.verify().sealed_root == "", "without a root from outside, this cannot be seen"
    fails(path, "no end seal of this ledger has the root", root=root)


def test_a_root_from_a_report(path: Path) -> None:
    with Ledger.open(path) as ledger:
        first = ledger.scan().root
        finish(ledger, ledger.runs()[-1].run)
        assert ledger.verify(root=first).sealed_root == ledger.scan().root != first
        assert ledger.verify(root=ledger.verify().root)
    forge(path, 1, lambda value: value.update(policy="other"), upto="chain")
    fails(path, "record 2 is a seal whose root does not match")


@pytest.mark.parametrize("seq", [2, 25])
def test_forged_seal(path: Path, seq: int) -> None:
    forge(path, seq, lambda value: value.update(leaves=3, root="sha256:" + "1" * 64), upto="chain")
    fails(path, f"record {seq} is a seal whose root")


def _append(path: Path, run: str, kind: str, body: bytes) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    seq, prev = connection.execute("SELECT seq, leaf FROM evidence ORDER BY seq DESC LIMIT 1").fetchone()
    digest = committed(kind, body)
    leaf = leaf_of(seq + 1, run, kind, digest, prev, TIME)
    connection.execute(
        "INSERT INTO evidence (seq, run, kind, recorded_at, body_sha256, prev_sha256, leaf, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (seq + 1, run, kind, TIME, digest, prev, leaf, body.decode()),
    )
    connection.close()


def test_records_that_fit_the_chain_and_make_no_sense(path: Path, tmp_path: Path) -> None:
    with Ledger.open(path, readonly=True) as ledger:
        done, begun = (one.run for one in ledger.runs())
    whole = path.read_bytes()
    good = {
        "answer": {},
        "request": {"a": 1},
        "request_digest": digest_bytes(b'{"a":1}'),
        "salt": "0" * 32,
        "subject_digest": SUSPECT.digest,
    }
    cases = (
        (done, "observation", good, "was added to a run after its end seal"),
        ("0" * 12, "observation", good, "belongs to a run that no record began"),
        (begun, "observation", {**good, "request": {"a": 2}}, "filed under the digest of another question"),
        (
            begun,
            "observation",
            {**good, "subject_digest": "sha256:9"},
            "a subject that its plan does not name",
        ),
        (begun, "observation", {"salt": "0" * 32}, "is malformed"),
        (begun, "observation", {**good, "salt": "short"}, "is malformed: its salt is none"),
        (begun, "finding", {"salt": 7}, "is malformed: its salt is none"),
        (begun, "plan", {"subjects": []}, "begins a run that was begun before"),
        (begun, "seal", {"point": "end", "leaves": 1, "root": "x"}, "is a seal whose root"),
        (begun, "seal", [], "is malformed"),
    )
    for run, kind, body, message in cases:
        path.write_bytes(whole)
        _append(path, run, kind, canonical_json(body))
        fails(path, f"record {LAST + 1} {re.escape(message)}|record {LAST + 1} .*{re.escape(message)}")
    path.write_bytes(whole)
    _append(path, begun, "observation", json.dumps(good).encode())
    fails(path, f"record {LAST + 1} is not canonical JSON")
    path.write_bytes(whole)
    _append(path, begun, "observation", canonical_json(good))
    with Ledger.open(path, readonly=True) as ledger:
        assert ledger.verify().records == LAST + 1


def test_asked_before_the_plan_was_sealed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        with ledger._appender.transaction():
            run = ledger._appender.open_run("plan", canonical_json({"subjects": []}))
        with ledger._appender.transaction():
            ledger._appender.append(run, "finding", b'{"salt":""}')
    fails(path, "record 2 was added before its plan was sealed")


def test_guards_that_are_gone(path: Path) -> None:
    tamper(path, restore=False)
    fails(path, "the records are whole, but the ledger's guard 'evidence_update' was removed")


def test_index_out_of_step(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    page, sql = connection.execute(
        "SELECT rootpage, sql FROM sqlite_master WHERE name = 'evidence_answer'"
    ).fetchone()
    # Hide the index from SQLite while an answer is dropped, then show it again as it was.
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute("DELETE FROM sqlite_master WHERE name = 'evidence_answer'")
    connection.close()
    tamper(path, "DELETE FROM evidence WHERE seq = 30", "UPDATE sqlite_sequence SET seq = 29")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute(
        "INSERT INTO sqlite_master VALUES ('index', 'evidence_answer', 'evidence', ?, ?)", (page, sql)
    )
    connection.close()
    fails(path, "the file around them is damaged")


def test_a_damaged_page(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    raw = bytearray(path.read_bytes())
    spot = raw.index(b'"Say 8 in words."') // 4096 * 4096
    raw[spot : spot + 64] = b"\xff" * 64
    path.write_bytes(raw)
    with Ledger.open(path, readonly=True) as ledger:
        with pytest.raises(EvidenceIntegrityError, match=r"record \d+ |damaged"):
            ledger.verify()
        with pytest.raises(EvidenceIntegrityError, match="damaged"):
            list(ledger.observations([SUSPECT.digest]))


@pytest.mark.parametrize("body", ["not json", "[]", '{"subjects":3}'])
def test_reading_a_tampered_ledger_tells_where(path: Path, body: str) -> None:
    tamper(path, f"UPDATE evidence SET body = '{body}' WHERE seq IN (1, 2)")
    with Ledger.open(path, readonly=True) as ledger:
        for read in (ledger.runs, ledger.known_subjects, ledger.scan):
            with pytest.raises(EvidenceIntegrityError, match=r"record [12]"):
                read()


def test_an_empty_ledger_is_whole(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        found = ledger.verify()
    assert (found.records, found.sealed, found.unfinished) == (0, 0, ())
    assert found.root == digest_bytes(b"")
    assert observation(0).id
