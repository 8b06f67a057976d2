"""Appending: one transaction at a time, each record linked to the one before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.digest import canonical_json, digest_bytes
from auditor.ledger.body import Point, Seal
from auditor.ledger.chain import GENESIS, leaf_digest, run_identity
from auditor.ledger.seal import Tree, leaf_bytes
from auditor.record.codec import encode
from auditor.record.scan import Environment, Plan

_INSERT = """
    INSERT INTO evidence (seq, run, kind, recorded_at, body_sha256, prev_sha256, leaf, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A run that may be asked for: its identity, the plan that binds it, and whether it goes on.

    Attributes:
        run: Identity of the run in its ledger, 12 hexadecimal digits.
        plan: The sealed plan; of a resumed run the one sealed then, with the seed drawn then.
        resumed: Whether answers may be there already.
    """

    run: str
    plan: Plan
    resumed: bool


class Appender:
    """Writes records at the end of the evidence. There must be only one at a time.

    Args:
        connection: A connection from :func:`auditor.ledger.store.open_writer`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._seq = 0
        self._leaf = GENESIS
        self._now = ""
        self._tree = Tree()

    @contextmanager
    def transaction(self, *, seal: bool = False) -> Iterator[None]:
        """Everything appended inside the block is committed together, or nothing of it.

        Args:
            seal: Wait until the disk has it, so that it survives the loss of power as well.
        """
        if seal:
            self._connection.execute("PRAGMA synchronous = FULL")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            last = self._connection.execute(
                "SELECT seq, leaf FROM evidence ORDER BY seq DESC LIMIT 1"
            ).fetchone()
            self._seq, self._leaf = last or (0, GENESIS)
            self._now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._tree = Tree()  # it may hold leaves that are rolled back here
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            if seal:
                self._connection.execute("PRAGMA synchronous = NORMAL")

    def append(self, run: str, kind: str, body: bytes, *, body_sha256: str | None = None) -> None:
        """Append one record inside a transaction.

        Args:
            run: The run or import that it belongs to.
            kind: One of the kinds of the schema.
            body: RFC 8785 canonical JSON.
            body_sha256: Digest of ``body``, or of what it is reduced to where it can be withheld; worked
                out as the former where it is left out.
        """
        seq, prev = self._seq + 1, self._leaf
        digest = body_sha256 or digest_bytes(body)
        leaf = leaf_digest(
            seq, run.encode(), kind.encode(), digest.encode(), prev.encode(), self._now.encode()
        ).decode("ascii")
        self._connection.execute(
            _INSERT, (seq, run, kind, self._now, digest, prev, leaf, body.decode("utf-8"))
        )
        self._seq, self._leaf = seq, leaf

    def open_run(self, kind: str, body: bytes) -> str:
        """Append the record that a run or an import begins with, and return the new identity."""
        digest = digest_bytes(body)
        run = run_identity(digest, self._leaf)
        self.append(run, kind, body, body_sha256=digest)
        return run

    def begin(self, plan: Plan, environment: Environment) -> str:
        """Append a plan and its start seal in one transaction, and return the new run's identity."""
        body = canonical_json(encode(plan))
        with self.transaction(seal=True):
            run = self.open_run("plan", body)
            self.seal(run, Point.START, environment)
        return run

    def seal(self, run: str, point: Point, environment: Environment | None = None) -> None:
        """Append a seal over every record before it."""
        leaves = self._connection.execute(
            "SELECT leaf FROM evidence WHERE seq > ? ORDER BY seq", (self._tree.size,)
        )
        for (leaf,) in leaves:
            self._tree.append(leaf_bytes(leaf))
        body = Seal(point=point, leaves=self._tree.size, root=self._tree.root, environment=environment)
        self.append(run, "seal", canonical_json(encode(body)))
