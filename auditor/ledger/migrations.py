"""The schema, step by step. A step that was released is never edited; a change is a further step.

sqlite-utils runs each step together with the record that it ran, and all pending steps share one
transaction, so a ledger is never between two versions. The library is imported only where a step is
pending: opening a ledger that is up to date has no use for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from auditor.error import LedgerError

#: Marks the file as a ledger ("AuLe"), in the header field that ``file`` and SQLite know.
APPLICATION_ID = 0x41754C65

_SET = "auditor.ledger"

_EVIDENCE = (
    """
    CREATE TABLE evidence (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      run TEXT NOT NULL CHECK (length(run) = 12 AND run NOT GLOB '*[^0-9a-f]*'),
      kind TEXT NOT NULL
        CHECK (kind IN ('plan', 'seal', 'observation', 'finding', 'verdict', 'import')),
      recorded_at TEXT NOT NULL,
      body_sha256 TEXT NOT NULL,
      prev_sha256 TEXT NOT NULL,
      leaf TEXT NOT NULL,
      subject_digest TEXT GENERATED ALWAYS AS
        (CASE kind WHEN 'observation' THEN json_extract(body, '$.subject_digest') END) VIRTUAL,
      request_digest TEXT GENERATED ALWAYS AS
        (CASE kind WHEN 'observation' THEN json_extract(body, '$.request_digest') END) VIRTUAL,
      body TEXT NOT NULL
    ) STRICT
    """,
    # Both digests live in the index alone, and SQLite keeps the index: it cannot fall out of step.
    """
    CREATE UNIQUE INDEX evidence_answer ON evidence (subject_digest, request_digest)
      WHERE subject_digest IS NOT NULL
    """,
    "CREATE INDEX evidence_kind ON evidence (kind, run)",
    """
    CREATE TRIGGER evidence_update BEFORE UPDATE ON evidence
    BEGIN SELECT RAISE(ABORT, 'evidence is append-only: a record cannot be changed'); END
    """,
    """
    CREATE TRIGGER evidence_delete BEFORE DELETE ON evidence
    BEGIN SELECT RAISE(ABORT, 'evidence is append-only: a record cannot be removed'); END
    """,
    """
    CREATE TRIGGER evidence_gap BEFORE INSERT ON evidence
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM evidence)
    BEGIN SELECT RAISE(ABORT, 'evidence is append-only: a record must follow the last one'); END
    """,
    """
    CREATE TRIGGER evidence_link BEFORE INSERT ON evidence
    WHEN NEW.seq > 1 AND NEW.prev_sha256 IS NOT (SELECT leaf FROM evidence WHERE seq = NEW.seq - 1)
    BEGIN SELECT RAISE(ABORT, 'evidence is chained: a record must name the leaf of the last one'); END
    """,
    # INSERT OR REPLACE removes the old answer unheard where recursive_triggers is off.
    """
    CREATE TRIGGER evidence_twice BEFORE INSERT ON evidence
    WHEN NEW.kind = 'observation' AND EXISTS (
      SELECT 1 FROM evidence
      WHERE subject_digest = json_extract(NEW.body, '$.subject_digest')
        AND request_digest = json_extract(NEW.body, '$.request_digest')
    )
    BEGIN SELECT RAISE(ABORT, 'evidence is append-only: this question was answered before'); END
    """,
    """
    CREATE TRIGGER migration_update BEFORE UPDATE ON _sqlite_migrations
    BEGIN SELECT RAISE(ABORT, 'migrations are recorded once'); END
    """,
    """
    CREATE TRIGGER migration_delete BEFORE DELETE ON _sqlite_migrations
    BEGIN SELECT RAISE(ABORT, 'migrations are recorded once'); END
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
)

# From here on answers and findings are salted, and times are under the hash: see commitment.py and chain.py.
# Programs that know nothing of it must not take such a ledger for a damaged one.
_COMMITMENT = (
    """
    CREATE TRIGGER evidence_salt BEFORE INSERT ON evidence
    WHEN NEW.kind IN ('observation', 'finding')
      AND coalesce(json_extract(NEW.body, '$.salt'), json_extract(NEW.body, '$.withheld')) IS NULL
    BEGIN SELECT RAISE(ABORT, 'evidence is committed to: an answer or a finding must carry a salt'); END
    """,
)

#: Every step by name, oldest first.
STEPS: dict[str, tuple[str, ...]] = {"0001_evidence": _EVIDENCE, "0002_commitment": _COMMITMENT}


def pending(connection: sqlite3.Connection, path: Path) -> tuple[str, ...]:
    """Names of the steps that the ledger at ``path`` still lacks.

    Raises:
        LedgerError: If it was written by a newer version, or is no ledger at all.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables and application in (0, APPLICATION_ID):
        return tuple(STEPS)
    if application != APPLICATION_ID or not {"evidence", "_sqlite_migrations"} <= tables:
        raise LedgerError(
            "this is the SQLite database of another program",
            where=str(path),
            fix="name another ledger with --ledger",
        )
    applied = _applied(connection)
    if newer := sorted(applied - set(STEPS)):
        raise LedgerError(
            f"this ledger was written by a newer version of the auditor (step {newer[0]})",
            where=str(path),
            fix="upgrade distillation-auditor, or name another ledger with --ledger",
        )
    return tuple(name for name in STEPS if name not in applied)


def _applied(connection: sqlite3.Connection) -> set[str]:
    found = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (_SET,))
    return {str(name) for (name,) in found}


def migrate(connection: sqlite3.Connection) -> None:
    """Run the pending steps in one transaction that the caller has begun."""
    from sqlite_utils import Database, Migrations

    steps = Migrations(_SET)
    for name, statements in STEPS.items():
        steps(name=name)(_step(statements))
    steps.apply(Database(connection, execute_plugins=False))


def _step(statements: tuple[str, ...]) -> Callable[[Any], None]:
    def run(database: Any) -> None:
        for statement in statements:
            database.execute(statement)

    return run


def missing_guards(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Names of the tables, indexes and triggers that are gone or altered since its steps made them."""
    present = {
        name: " ".join(str(sql).split())
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    }
    expected: dict[str, str] = {}
    applied = _applied(connection)
    for name, statements in STEPS.items():
        for statement in statements if name in applied else ():
            words = statement.split()
            if words[0] == "CREATE":
                made = words[3] if words[1] == "UNIQUE" else words[2]
                expected[made] = " ".join(words)
    return tuple(name for name, sql in expected.items() if present.get(name) != sql)
