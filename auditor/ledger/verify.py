"""Checking the evidence against its own digests, record by record, in one pass.

What this sees without any help: an edited body, a record that was dropped, moved, renumbered or
replaced, a broken link, a seal that does not fit what is before it, a question asked before its plan
was sealed or of a subject the plan does not name, an index that does not fit its table, and guards
that were removed from the schema.

What no chain can see by itself: a ledger whose records were all rewritten consistently, seals
included, and a tail that was cut together with its traces. Records that were cut by deleting rows
still show, because SQLite remembers the highest number it gave; somebody who edits that memory too is
found only by a root kept elsewhere. Pass the ``root`` of a report or of a signed seal to compare.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from auditor.digest import digest_bytes
from auditor.error import EvidenceIntegrityError
from auditor.ledger.body import Point
from auditor.ledger.canonical import member_bytes, parse_canonical
from auditor.ledger.chain import GENESIS, leaf_digest
from auditor.ledger.commitment import SALT, is_salt, is_withheld, reduced, reduced_to
from auditor.ledger.fault import primary_code
from auditor.ledger.migrations import missing_guards
from auditor.ledger.seal import Tree, leaf_bytes

# As bytes, because a tampered record need not be valid text.
_ROWS = """
    SELECT seq, CAST(run AS BLOB), CAST(kind AS BLOB), CAST(body AS BLOB),
           CAST(body_sha256 AS BLOB), CAST(prev_sha256 AS BLOB), CAST(leaf AS BLOB),
           CAST(recorded_at AS BLOB)
    FROM evidence ORDER BY seq
"""
_RUN = re.compile(rb"[0-9a-f]{12}")
_TIME = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_KINDS = frozenset({b"plan", b"seal", b"observation", b"finding", b"verdict", b"import"})


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and found whole.

    Attributes:
        records: Number of records.
        counts: Number of records of each kind.
        root: Merkle root over all records.
        sealed: Number of records under the last end seal; those after it are chained only.
        sealed_root: Merkle root that the last end seal holds; empty without one.
        unfinished: Runs without an end seal.
        withheld: Number of records of each kind that are withheld in part or whole.
        undated: Number of records from before times were under the hash.
    """

    records: int
    counts: Mapping[str, int]
    root: str
    sealed: int
    sealed_root: str
    unfinished: tuple[str, ...]
    withheld: Mapping[str, int]
    undated: int


@dataclass(slots=True)
class _Run:
    kind: bytes
    subjects: frozenset[str]
    sealed: bool
    ended: bool = False


class _Walk:
    """The state of one pass."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.counts: Counter[str] = Counter()
        self.runs: dict[bytes, _Run] = {}
        self.ends: list[tuple[int, str]] = []
        self.withheld: Counter[str] = Counter()
        self.undated = 0
        self._previous = GENESIS.encode("ascii")
        self._time = b""

    def record(
        self,
        seq: int,
        run: bytes,
        kind: bytes,
        body: bytes,
        body_sha256: bytes,
        prev: bytes,
        leaf: bytes,
        time: bytes,
    ) -> None:
        expected = self.tree.size + 1
        if seq != expected:
            _bad(min(seq, expected), "is missing" if seq > expected else "has an impossible number")
        if kind not in _KINDS or None in (run, body, body_sha256, prev, leaf, time):
            _bad(seq, "is malformed: a column is empty or its kind is unknown")
        salted = _salted(seq, kind, body, body_sha256)
        if prev != self._previous:
            _bad(seq, f"does not follow record {seq - 1}: the chain is broken between them")
        self._leaf(seq, run, kind, body_sha256, prev, leaf, time)
        try:
            value = parse_canonical(body)
        except ValueError as error:
            _bad(seq, f"is not canonical JSON: {error}")
        try:
            if salted and not is_salt(value[SALT]):
                _bad(seq, "is malformed: its salt is none")
            withheld = not salted and kind in (b"observation", b"finding") and is_withheld(value)
            self._meaning(seq, run, kind, body, value, withheld=withheld)
        except (LookupError, TypeError, ValueError):
            _bad(seq, f"is malformed: it lacks what a record of kind {kind.decode('ascii')} has")
        self.tree.append(leaf_bytes(leaf))
        self.counts[kind.decode("ascii")] += 1
        if withheld:
            self.withheld[kind.decode("ascii")] += 1
        self._previous = leaf

    def _leaf(
        self, seq: int, run: bytes, kind: bytes, body_sha256: bytes, prev: bytes, leaf: bytes, time: bytes
    ) -> None:
        # What is put between quotation marks must not hold any; the other columns are compared or known.
        if run not in self.runs and not _RUN.fullmatch(run):
            _bad(seq, "is malformed: its run is none")
        if time != self._time and not _TIME.fullmatch(time):
            _bad(seq, "is malformed: its time is none")
        self._time = time
        if leaf_digest(seq, run, kind, body_sha256, prev, time) == leaf:
            return
        if self.undated < self.tree.size or leaf_digest(seq, run, kind, body_sha256, prev, None) != leaf:
            _bad(seq, "has been changed: its leaf does not match its columns")
        self.undated += 1  # a record of the older form, and none of the newer comes before it

    def _meaning(self, seq: int, run: bytes, kind: bytes, body: bytes, value: Any, *, withheld: bool) -> None:
        if kind in (b"plan", b"import"):
            if run in self.runs:
                _bad(seq, "begins a run that was begun before")
            subjects = frozenset(str(one["digest"]) for one in value["subjects"])
            self.runs[run] = _Run(kind, subjects, sealed=kind == b"import")
            return
        state = self.runs.get(run)
        if state is None:
            _bad(seq, "belongs to a run that no record began")
        if state.ended:
            _bad(seq, "was added to a run after its end seal")
        if kind == b"seal":
            self._seal(seq, state, value)
        elif not state.sealed:
            _bad(seq, "was added before its plan was sealed")
        elif kind == b"observation" and not withheld:
            if value["subject_digest"] not in state.subjects:
                _bad(seq, "is the answer of a subject that its plan does not name")
            if digest_bytes(member_bytes(body, "request", "request_digest")) != value["request_digest"]:
                _bad(seq, "is filed under the digest of another question")

    def _seal(self, seq: int, state: _Run, value: Mapping[str, Any]) -> None:
        if value["leaves"] != self.tree.size or value["root"] != self.tree.root:
            _bad(seq, "is a seal whose root does not match the records before it")
        point = Point(value["point"])
        if state.kind != b"plan" or (point is Point.START) is state.sealed:
            _bad(seq, f"is a {point.value} seal where there can be none")
        state.sealed = True
        if point is Point.END:
            state.ended = True
            self.ends.append((int(value["leaves"]), str(value["root"])))


def _salted(seq: int, kind: bytes, body: bytes, body_sha256: bytes) -> bool:
    """Whether a body is committed to with a salt, having found that it matches its digest."""
    digest = digest_bytes(body)
    if digest.encode("ascii") == body_sha256:
        return False
    try:
        if kind == b"observation":
            short = reduced_to(digest)
        elif kind == b"finding":
            short = reduced("finding", body, parse_canonical(body))
        else:
            short = body
    except (ValueError, AttributeError):
        short = body  # no record at all, so not the one that was digested
    if digest_bytes(short).encode("ascii") != body_sha256:
        _bad(seq, "has been changed: its body does not match its digest")
    return True


def _bad(seq: int, what: str) -> NoReturn:
    raise EvidenceIntegrityError(
        f"record {seq} {what}", fix="do not rely on this ledger; restore it from a copy you trust"
    )


def verify(connection: sqlite3.Connection, root: str | None = None) -> Verification:
    """Check every record, every link, every seal and the file itself.

    Args:
        connection: A connection to the ledger.
        root: A Merkle root from a report or a signed seal that this ledger must still hold.

    Raises:
        EvidenceIntegrityError: At the first record that fails; the message names it.
        sqlite3.Error: If the file cannot be read at all.
    """
    connection.execute("BEGIN")  # one snapshot, also while another process writes
    try:
        walk = _Walk()
        try:
            for row in connection.execute(_ROWS):
                walk.record(*row)
        except sqlite3.DatabaseError as error:
            if primary_code(error) != sqlite3.SQLITE_CORRUPT:
                raise
            _bad(walk.tree.size + 1, f"cannot be read: the file is damaged ({error})")
        _tail(connection, walk.tree.size)
        _file(connection)
    finally:
        connection.execute("ROLLBACK")
    if root is not None and root not in (walk.tree.root, *(sealed for _, sealed in walk.ends)):
        raise EvidenceIntegrityError(
            f"no end seal of this ledger has the root {root}",
            fix="it was cut or rewritten after that root was noted, or this is another ledger",
        )
    sealed, sealed_root = walk.ends[-1] if walk.ends else (0, "")
    return Verification(
        records=walk.tree.size,
        counts=dict(walk.counts),
        root=walk.tree.root,
        sealed=sealed,
        sealed_root=sealed_root,
        unfinished=tuple(
            run.decode("ascii")
            for run, state in walk.runs.items()
            if state.kind == b"plan" and not state.ended
        ),
        withheld=dict(walk.withheld),
        undated=walk.undated,
    )


def _tail(connection: sqlite3.Connection, last: int) -> None:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'evidence'").fetchone()
    highest = int(row[0]) if row else 0
    if highest > last:
        _bad(last + 1, f"and everything up to record {highest} is missing from the end")
    if highest < last:
        _bad(highest + 1, "was added past the ledger's own numbering")


def _file(connection: sqlite3.Connection) -> None:
    (state,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if state != "ok":
        raise EvidenceIntegrityError(
            f"the records are whole, but the file around them is damaged: {state}",
            fix="copy it with `sqlite3 OLD 'VACUUM INTO NEW'` and verify the copy",
        )
    if gone := missing_guards(connection):
        raise EvidenceIntegrityError(
            f"the records are whole, but the ledger's guard '{gone[0]}' was removed or altered",
            fix="somebody has opened the ledger by hand; compare its root with the one in your reports",
        )
