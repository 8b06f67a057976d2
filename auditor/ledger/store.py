"""Opening the file: checks before anything is touched, and the settings every connection needs."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from auditor.error import LedgerError
from auditor.ledger.fault import primary_code
from auditor.ledger.migrations import migrate, pending

_OLDEST_SQLITE = (3, 38, 0)  # STRICT tables, and JSON functions that are always built in
_MAGIC = b"SQLite format 3\x00"
_BUSY_SECONDS = 5.0


def check_path(path: Path, *, create: bool) -> None:
    """Refuse what cannot be a ledger before a lock file is left beside it.

    Raises:
        LedgerError: If there is no ledger and none may be created, or something else is there.
        OSError: If the folder cannot be read or made.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise LedgerError(
            f"this Python carries SQLite {sqlite3.sqlite_version}, which is too old for a ledger",
            fix=f"use a Python with SQLite {'.'.join(map(str, _OLDEST_SQLITE))} or newer",
        )
    if path.is_dir():
        raise LedgerError(
            "a folder cannot be a ledger", where=str(path), fix=f"name a file in it: {path / 'ledger.db'}"
        )
    if not path.exists():
        if not create:
            raise LedgerError(
                "there is no ledger here",
                where=str(path),
                fix="scan a model first, or name another ledger with --ledger",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        return
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) not in (b"", _MAGIC):
            raise LedgerError(
                "this file is not a ledger", where=str(path), fix="name another ledger with --ledger"
            )


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where the code says so.
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{mode}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )
    connection.execute("PRAGMA recursive_triggers = 1")
    # A ledger may come from a stranger: its schema must not run functions with side effects.
    connection.execute("PRAGMA trusted_schema = 0")
    connection.execute("PRAGMA cell_size_check = 1")
    connection.execute("PRAGMA cache_size = -32000")
    return connection


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that may append; new or older ledgers are brought up to date first.

    Raises:
        LedgerError: If the file is a newer or foreign database.
        sqlite3.Error: If SQLite cannot open or write it.
    """
    connection = _connect(path, "mode=rwc")
    try:
        pending(connection)  # refuses foreign files before their journal mode is changed
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL survives the death of the process; seals are written with FULL and survive the machine's.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")  # fails at once where the file cannot be written
        if pending(connection):
            migrate(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads, also while another process writes or from read-only media.

    Raises:
        LedgerError: If the file is empty, older, newer or foreign.
        sqlite3.Error: If SQLite cannot read it.
    """
    connection = _connect(path, "mode=ro")
    try:
        try:
            missing = pending(connection)
        except sqlite3.OperationalError as error:
            journal = path.with_name(f"{path.name}-wal")
            unreachable = primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if not unreachable or journal.exists():
                raise
            # A folder that cannot be written has no room for the shared memory of a write-ahead log;
            # without a log nobody is writing, and the file can be read as it lies there.
            connection.close()
            connection = _connect(path, "mode=ro&immutable=1")
            missing = pending(connection)
        if missing:
            raise LedgerError(
                "this ledger is empty or of an older version",
                where=str(path),
                fix="scan a model into it first, which brings it up to date",
            )
    except BaseException:
        connection.close()
        raise
    return connection
