"""What the file itself refuses, and which files are refused."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_records import HERE, SUSPECT, observations, plan

from auditor.digest import digest_json
from auditor.error import LedgerBusyError, LedgerError
from auditor.ledger import Ledger
from auditor.ledger.migrations import STEPS

COLUMNS = "seq, run, kind, recorded_at, body_sha256, prev_sha256, leaf, body"
# Digest of every released step. A released step is never edited: add another one instead.
RELEASED = {
    "0001_evidence": "sha256:a813e1e976741f6085a92c350693577b0160c0c23961dc110690f93e703c6045",
    "0002_commitment": "sha256:1d66bacb76d8af35edc9a5fa2f6701eee15c61158289b3902d992fd509218974",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, observations(0, 4))
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(path, isolation_level=None)
    found.execute("PRAGMA recursive_triggers = 1")
    yield found
    found.close()


def inserted(
    *,
    seq: int | str = 7,
    run: str = "run",
    kind: str = "'plan'",
    prev: str = "leaf",
    leaf: str = "''",
    body: str = "'{}'",
) -> str:
    """A statement that appends a record; unless an argument spoils it, SQLite takes it."""
    return (
        f"INSERT INTO evidence ({COLUMNS}) SELECT {seq}, {run}, {kind}, '', '', {prev}, {leaf}, {body} "
        "FROM evidence WHERE seq = 6"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence SET body = '{}' WHERE seq = 3",
        "UPDATE evidence SET recorded_at = '2020-01-01T00:00:00.000Z' WHERE seq = 3",
        "UPDATE evidence SET seq = 90 WHERE seq = 6",
        "DELETE FROM evidence WHERE seq = 6",
        "DELETE FROM evidence",
        inserted(seq=8),
        inserted(seq="NULL"),
        f"INSERT OR REPLACE INTO evidence ({COLUMNS}) SELECT {COLUMNS} FROM evidence WHERE seq = 4",
        inserted(prev="'sha256:0'"),
        inserted(kind="'rumour'"),
        inserted(run="'x'"),
        inserted(body="x'00'"),
        inserted(leaf="NULL"),
        "UPDATE _sqlite_migrations SET name = 'other'",
        "DELETE FROM _sqlite_migrations",
    ],
)
def test_the_file_refuses(connection: sqlite3.Connection, statement: str) -> None:
    before = connection.execute(f"SELECT {COLUMNS} FROM evidence").fetchall()
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert connection.execute(f"SELECT {COLUMNS} FROM evidence").fetchall() == before


@pytest.mark.parametrize("recursive", [0, 1])
def test_replace_cannot_swap_an_answer(connection: sqlite3.Connection, recursive: int) -> None:
    connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(
            f"INSERT OR REPLACE INTO evidence ({COLUMNS}) SELECT 7, run, kind, recorded_at, body_sha256, "
            "(SELECT leaf FROM evidence WHERE seq = 6), leaf, json_set(body, '$.answer.text', 'no') "
            "FROM evidence WHERE seq = 3"
        )
    assert connection.execute("SELECT count(*) FROM evidence").fetchone() == (6,)


def test_the_file_takes_the_next_record(connection: sqlite3.Connection) -> None:
    connection.execute(inserted())
    assert connection.execute("SELECT max(seq) FROM evidence").fetchone() == (7,)


def test_settings_of_the_file(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'evidence'").fetchone()
    assert sql.rstrip().endswith("STRICT")


def test_answers_are_looked_up_in_the_index(connection: sqlite3.Connection) -> None:
    steps = connection.execute(
        "EXPLAIN QUERY PLAN SELECT request_digest FROM evidence WHERE subject_digest = ?", (SUSPECT.digest,)
    ).fetchall()
    assert ["evidence_answer" in step[3] for step in steps] == [True]


def test_steps_are_recorded_and_never_edited(connection: sqlite3.Connection) -> None:
    applied = connection.execute("SELECT migration_set, name FROM _sqlite_migrations").fetchall()
    assert applied == [("auditor.ledger", name) for name in STEPS]
    found = {
        name: digest_json([" ".join(sql.split()) for sql in statements]) for name, statements in STEPS.items()
    }
    assert found == RELEASED


def test_a_broken_step_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    with monkeypatch.context() as patch:
        patch.setitem(STEPS, "0003_broken", ("CREATE TABLE extra (a) STRICT",))
        with pytest.raises(LedgerError):
            Ledger.open(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    with Ledger.open(path) as ledger:
        assert ledger.verify().records == 0


def test_an_older_ledger_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(STEPS, "0003_more", ("CREATE TABLE extra (a TEXT) STRICT",))
        with Ledger.open(path, readonly=True) as ledger:
            ledger.verify()
        with Ledger.open(path) as ledger:
            assert len(ledger.holds(SUSPECT.digest)) == 4
            ledger.verify()
    with pytest.raises(LedgerError, match=r"newer version.*0003_more.*upgrade"):
        Ledger.open(path)
    with pytest.raises(LedgerError, match="newer version"):
        Ledger.open(path, readonly=True)


@pytest.mark.parametrize("readonly", [False, True])
def test_what_is_no_ledger(tmp_path: Path, readonly: bool) -> None:
    with pytest.raises(LedgerError, match="a folder cannot be a ledger"):
        Ledger.open(tmp_path, readonly=readonly)
    text = tmp_path / "notes.txt"
    text.write_text("some notes that are longer than a header")
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger.open(text, readonly=readonly)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger.open(damaged, readonly=readonly)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE evidence (seq)")
    connection.close()
    before = foreign.read_bytes()
    with pytest.raises(LedgerError, match="another program"):
        Ledger.open(foreign, readonly=readonly)
    assert foreign.read_bytes() == before
    with pytest.raises(LedgerError, match=r"no ledger here.*scan a model first"):
        Ledger.open(tmp_path / "none.db", create=False, readonly=readonly)
    with pytest.raises(LedgerError, match="no ledger here"):
        Ledger.open(tmp_path / "none.db", readonly=True)
    assert not (tmp_path / "none.db").exists()
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(LedgerError, match="empty"):
        Ledger.open(empty, readonly=True)
    with pytest.raises(LedgerError, match=r"is a file|no ledger here"):
        Ledger.open(text / "ledger.db", readonly=readonly)


def test_one_writer_also_within_a_process(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with Ledger.open(path):
        for name in (path, link):
            with pytest.raises(LedgerBusyError, match=r"another process \(\d+\).*wait"):
                Ledger.open(name)
        with Ledger.open(path, readonly=True) as reader:
            assert len(reader.holds(SUSPECT.digest)) == 4
    Ledger.open(path).close()


def test_another_program_that_locks_the_file(
    path: Path, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.ledger.store._BUSY_SECONDS", 0.05)
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusyError, match="another program"):
        Ledger.open(path)
    connection.execute("ROLLBACK")
    Ledger.open(path).close()


def test_a_copy_is_a_ledger(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "odd name ?#%.db"
    shutil.copy(path, copy)
    with Ledger.open(copy, readonly=True) as reader, Ledger.open(path) as original:
        assert reader.verify() == original.verify()
