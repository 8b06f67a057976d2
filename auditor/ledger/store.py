"""Opening the file: checks before anything is touched, and the settings every connection needs."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from auditor.error import LedgerError
from auditor.ledger.fault import primary_code
from auditor.ledger.migrations import STEPS, migrate, pending

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
        if path.parent.exists() and not path.parent.is_dir():
            raise LedgerError(
                f"{path.parent.name} is a file, so there can be no ledger in it",
                where=str(path),
                fix="name another ledger with --ledger",
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
    try:
        connection.execute("PRAGMA recursive_triggers = 1")
        connection.execute("PRAGMA cell_size_check = 1")  # a ledger may come from a stranger
        connection.execute("PRAGMA cache_size = -32000")
    except BaseException:
        connection.close()
        raise
    return connection


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that may append; new or older ledgers are brought up to date first.

    Raises:
        LedgerError: If the file is a newer or foreign database.
        OSError: If the file is read-only.
        sqlite3.Error: If SQLite cannot open or write it.
    """
    if path.exists() and not os.access(path, os.W_OK):
        # SQLite would open it for reading and say nothing before the first answer is to be written.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    connection = _connect(path, "mode=rwc")
    try:
        pending(connection, path)  # refuses foreign files before their journal mode is changed
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL survives the death of the process; seals are written with FULL and survive the machine's.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        if pending(connection, path):
            migrate(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads, also while another process writes or from read-only media.

    Raises:
        LedgerError: If the file is empty, newer or foreign.
        sqlite3.Error: If SQLite cannot read it.
    """
    try:
        return _checked_reader(path, "mode=ro")
    except sqlite3.OperationalError as error:
        unreachable = primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if not unreachable or path.with_name(f"{path.name}-wal").exists():
            raise
        # A folder that cannot be written has no room for the shared memory of a write-ahead log; without
        # a log nobody is writing, and the file can be read as it lies there.
        return _checked_reader(path, "mode=ro&immutable=1")


def _checked_reader(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(path, mode)
    try:
        # An older ledger is read as it is: no step changes how what is there is read.
        if len(pending(connection, path)) == len(STEPS):
            raise LedgerError("this ledger is empty", where=str(path), fix="scan a model into it first")
    except BaseException:
        connection.close()
        raise
    return connection
