"""SQLite's and the file system's refusals, in the words of a user who has to mend them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.error import EvidenceIntegrityError, LedgerBusyError, LedgerError

_OTHER_LEDGER = "name another ledger with --ledger"
_WORDS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: (
        "the disk is full, so evidence could not be written; what was written before is intact",
        "make room and give the same command again",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk refused to read or write the ledger; what was written before is intact",
        "see to the disk, its quota and the limit on the size of files, and give the same command again",
    ),
    sqlite3.SQLITE_READONLY: (
        "the ledger cannot be written: the file or its folder is read-only",
        f"make both writable, or {_OTHER_LEDGER}",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the ledger cannot be opened",
        f"see that the file and its folder may be read and written, or {_OTHER_LEDGER}",
    ),
    sqlite3.SQLITE_PERM: ("access to the ledger is refused", f"mend its permissions, or {_OTHER_LEDGER}"),
    sqlite3.SQLITE_NOTADB: ("this file is not a ledger", _OTHER_LEDGER),
}


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code behind an exception; 0 where Python raised it by itself."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def ledger_error(error: sqlite3.Error, path: Path) -> LedgerError:
    """The error that tells a user what ``error`` means for the ledger at ``path``."""
    code, where = primary_code(error), str(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LedgerBusyError(
            "another program holds this ledger locked",
            where=where,
            fix=f"close that program, or {_OTHER_LEDGER}",
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return EvidenceIntegrityError(
            f"the file of the ledger is damaged: {error}",
            where=where,
            fix=f"restore it from a copy, or {_OTHER_LEDGER}",
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return LedgerError(
            f"the ledger refused a record: {error}", where=where, fix=f"report this, and {_OTHER_LEDGER}"
        )
    if code in _WORDS:
        what, fix = _WORDS[code]
        return LedgerError(what, where=where, fix=fix)
    return LedgerError(
        f"the ledger could not be read or written: {error}",
        where=where,
        fix=f"check the disk and the permissions, or {_OTHER_LEDGER}",
    )


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn every SQLite error inside the block into a ``LedgerError``."""
    try:
        yield
    except sqlite3.Error as error:
        raise ledger_error(error, path) from error


@contextmanager
def told_on_opening(path: Path) -> Iterator[None]:
    """Turn every SQLite or operating-system error inside the block into a ``LedgerError``."""
    try:
        with told(path):
            yield
    except OSError as error:
        raise LedgerError(
            f"the ledger cannot be opened: {error.strerror or error}",
            where=str(path),
            fix=f"make the file and its folder readable and writable, or {_OTHER_LEDGER}",
        ) from error
