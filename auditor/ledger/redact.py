"""A copy of a ledger in which some bodies are withheld: a new file, row by row, from the first page on.

Changing a copy would not do: what SQLite overwrites stays in freed pages. Nothing that is withheld is ever
written to the new file.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from auditor.error import UsageError
from auditor.ledger.commitment import KINDS, SALT, is_withheld, reduced

_SCHEMA = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid"
_COLUMNS = "seq, run, kind, recorded_at, body_sha256, prev_sha256, leaf, body"

#: Whether the body of a record of this kind, in this run, parsed, is to be withheld.
Choice = Callable[[str, str, Mapping[str, Any]], bool]


def write_redacted(source: sqlite3.Connection, copy: sqlite3.Connection, chosen: Choice) -> dict[str, int]:
    """Write every record of ``source`` to the empty ``copy``, the chosen ones without what they hide.

    Returns:
        Number of records of each kind that are withheld in the copy.

    Raises:
        UsageError: If a chosen record carries no salt: without one its digest would give it away.
    """
    withheld: Counter[str] = Counter()
    (application,) = source.execute("PRAGMA application_id").fetchone()
    copy.execute(f"PRAGMA application_id = {int(application)}")
    copy.execute("BEGIN")
    for (sql,) in source.execute(_SCHEMA).fetchall():
        copy.execute(sql)
    steps = source.execute("SELECT * FROM _sqlite_migrations ORDER BY rowid").fetchall()
    marks = ",".join("?" * len(steps[0]))
    copy.executemany(f"INSERT INTO _sqlite_migrations VALUES ({marks})", steps)
    for *columns, body in source.execute(f"SELECT {_COLUMNS} FROM evidence ORDER BY seq"):
        seq, run, kind = columns[:3]
        if kind in KINDS:
            value = json.loads(body)
            if not is_withheld(value) and chosen(kind, run, value):
                body = _short(seq, kind, body, value)
                withheld[kind] += 1
            elif is_withheld(value):
                withheld[kind] += 1
        copy.execute(f"INSERT INTO evidence ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*columns, body))
    copy.execute("COMMIT")
    return dict(withheld)


def _short(seq: int, kind: str, body: str, value: Mapping[str, Any]) -> str:
    if SALT not in value:
        raise UsageError(
            f"record {seq} is from before answers were salted: its digest would tell if a guess is right",
            fix="scan again into a new ledger (--ledger), and redact that",
        )
    return reduced(kind, body.encode(), value).decode()
