"""The ledger: what a scan writes to and every report is read from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from types import TracebackType

from auditor.digest import canonical_json, digest_bytes
from auditor.error import EvidenceIntegrityError, LedgerError
from auditor.ledger import read, store, verify
from auditor.ledger.append import Appender, RunHandle
from auditor.ledger.body import Conclusion, Import, Point
from auditor.ledger.commitment import reduced, reduced_answer, salted
from auditor.ledger.fault import told, told_on_opening
from auditor.ledger.lock import WriterLock
from auditor.ledger.read import RunSummary
from auditor.ledger.redact import Choice, write_redacted
from auditor.ledger.verify import Verification
from auditor.record.codec import encode
from auditor.record.finding import Finding
from auditor.record.observation import Observation
from auditor.record.request import request_digest
from auditor.record.scan import Environment, Plan, Scan
from auditor.record.subject import Subject
from auditor.record.verdict import Verdict


class Ledger:
    """Append-only evidence in one SQLite file. Use :meth:`open`.

    Every method raises ``LedgerError`` where the file cannot be read or written.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriterLock | None) -> None:
        self._path = path
        self._connection = connection
        self._lock = lock
        self._appender = Appender(connection)
        self._open_runs: dict[str, frozenset[str]] = {}

    @classmethod
    def open(cls, path: Path, *, create: bool = True, readonly: bool = False) -> Ledger:
        """Open the ledger at ``path``.

        Args:
            path: The file; a new one is made with its folders where ``create`` allows it.
            create: Make the ledger if there is none.
            readonly: Only read. Any number of readers may be open beside the one writer.

        Raises:
            LedgerBusyError: If another process is writing to it.
            LedgerError: If it cannot be opened, or is no ledger, or of a newer version.
        """
        with told_on_opening(path):
            path = Path(path).resolve()
            store.check_path(path, create=create and not readonly)
            if readonly:
                return cls(path, store.open_reader(path), None)
            lock = WriterLock(path)
            try:
                return cls(path, store.open_writer(path), lock)
            except BaseException:
                lock.release()
                raise

    def close(self) -> None:
        """Close the file and let others write; a second call does nothing."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    # Writing

    def begin(self, plan: Plan, environment: Environment) -> RunHandle:
        """Seal ``plan`` before the first question, or go on with an unfinished run of the same intent.

        A run that goes on in another environment gets a further seal that says so.
        """
        with self._writing():
            earlier = read.unfinished(self._connection, plan.intent_digest)
            if earlier is None:
                run = self._appender.begin(plan, environment)
                handle = RunHandle(run, plan, resumed=False)
            else:
                handle = RunHandle(*earlier, resumed=True)
                if read.environment_of(self._connection, handle.run) != environment:
                    with self._appender.transaction(seal=True):
                        self._appender.seal(handle.run, Point.RESUME, environment)
        self._open_runs[handle.run] = frozenset(one.digest for one in handle.plan.subjects)
        return handle

    def observe(self, run: str, observations: Sequence[Observation]) -> None:
        """Append answers; when this returns, the death of the process cannot undo it.

        Raises:
            LedgerError: If one of them is held already, is filed under the digest of another question,
                or is the answer of a subject that the plan does not name. Then none is appended.
        """
        subjects = self._subjects_of(run)
        bodies = [_observation_body(one, subjects, self._path) for one in observations]
        if not bodies:
            return
        with self._writing(), self._appender.transaction():
            for one, body in zip(observations, bodies, strict=True):
                self._append_answer(run, one, body)

    def conclude(
        self,
        run: str,
        findings: Sequence[Finding],
        verdict: Verdict | None,
        advice: Sequence[str],
        *,
        asked: int,
        reused: int,
    ) -> None:
        """Append what was concluded and seal the end; the run is finished.

        Args:
            run: The run.
            findings: In the order of the plan.
            verdict: What the policy makes of them.
            advice: What a further teacher, base or control would add.
            asked: Distinct questions that this process has put to a model.
            reused: Distinct questions whose answers it found in the ledger.

        An interrupted run is finished by a process that asked only the rest and found the beginning in
        the ledger. So that its report equals that of an uninterrupted one, the ledger keeps as
        ``asked`` the answers recorded in the run, by whichever process, and as ``reused`` the remainder
        of ``asked + reused``: the answers that were there before the run began.
        """
        self._subjects_of(run)
        with told(self._path):
            recorded = read.asked_in(self._connection, run)
        conclusion = Conclusion(
            verdict=verdict,
            advice=tuple(advice),
            asked=recorded,
            reused=max(asked + reused - recorded, 0),
        )
        values = [encode(one) for one in findings]
        bodies = [(body := salted(one), reduced("finding", body, json.loads(body))) for one in values]
        last = canonical_json(encode(conclusion))
        with self._writing(), self._appender.transaction(seal=True):
            for body, short in bodies:
                self._appender.append(run, "finding", body, body_sha256=digest_bytes(short))
            self._appender.append(run, "verdict", last)
            self._appender.seal(run, Point.END)
        del self._open_runs[run]

    def import_observations(
        self,
        source: str,
        source_digest: str,
        subjects: Sequence[Subject],
        observations: Iterable[Observation],
    ) -> int:
        """Take over recorded answers, all or none, with where they come from.

        Answers that the ledger holds are skipped. The same import again adds nothing, not even a record
        of itself.

        Args:
            source: Name of the source, for people.
            source_digest: Digest of what was read.
            subjects: Everyone whose answers are among them.
            observations: The answers.

        Returns:
            Number of answers added.

        Raises:
            LedgerError: If an answer is of nobody in ``subjects``, or filed under the digest of another
                question.
        """
        origin = Import(source=source, source_digest=source_digest, subjects=tuple(subjects))
        body = canonical_json(encode(origin))
        digests = frozenset(one.digest for one in subjects)
        added = 0
        with self._writing(), self._appender.transaction():
            held = {one: read.held(self._connection, one) for one in digests}
            known = read.imported(self._connection, digest_bytes(body))
            run = "" if known else self._appender.open_run("import", body)
            for one in observations:
                content = _observation_body(one, digests, self._path)
                if one.request_digest in held[one.subject_digest]:
                    continue
                run = run or self._appender.open_run("import", body)
                self._append_answer(run, one, content)
                held[one.subject_digest].add(one.request_digest)
                added += 1
        return added

    def _append_answer(self, run: str, one: Observation, body: bytes) -> None:
        try:
            self._appender.append(run, "observation", body, body_sha256=digest_bytes(reduced_answer(body)))
        except sqlite3.IntegrityError as error:
            if one.request_digest not in read.held(self._connection, one.subject_digest):
                raise
            raise LedgerError(
                f"the answer {one.id} is in the ledger already",
                where=str(self._path),
                fix="ask only what the ledger does not hold",
            ) from error

    def _subjects_of(self, run: str) -> frozenset[str]:
        if run not in self._open_runs:
            with told(self._path):
                plan = read.plan_of(self._connection, run)
                ended = run in read.ends(self._connection)
            if plan is None or ended:
                raise LedgerError(
                    f"run {run} is {'finished' if plan else 'unknown'}, so nothing can be added to it",
                    where=str(self._path),
                    fix="begin a new run",
                )
            self._open_runs[run] = frozenset(one.digest for one in plan.subjects)
        return self._open_runs[run]

    def _writing(self) -> AbstractContextManager[None]:
        if self._lock is None:
            raise LedgerError(
                "the ledger was opened for reading only", where=str(self._path), fix="open it for writing"
            )
        return told(self._path)

    # Reading

    def observations(self, subject_digests: Collection[str]) -> Iterator[Observation]:
        """Every answer of these subjects, oldest first."""
        with told(self._path):
            yield from read.observations(self._connection, subject_digests)

    def holds(self, subject_digest: str) -> set[str]:
        """Digests of the requests that this subject has answered."""
        with told(self._path):
            return read.held(self._connection, subject_digest)

    def goes_on(self, plan: Plan) -> bool:
        """Whether :meth:`begin` would go on with an unfinished run of this plan."""
        with told(self._path):
            return read.unfinished(self._connection, plan.intent_digest) is not None

    def known_subjects(self) -> tuple[Subject, ...]:
        """Every subject of any plan or import; of the same digest and role, the latest description."""
        with told(self._path):
            return read.subjects(self._connection)

    def runs(self) -> tuple[RunSummary, ...]:
        """Every run, oldest first."""
        with told(self._path):
            return read.runs(self._connection)

    def scan(self, run: str | None = None) -> Scan:
        """Everything that a report of one run needs.

        Args:
            run: Identity of the run or its beginning; without it, the run that was finished last.

        Raises:
            UsageError: If there is no such run or more than one; the message lists the runs.
            EvidenceIntegrityError: If a record is malformed.
        """
        with told(self._path):
            return read.scan(self._connection, read.find_run(self._connection, run))

    def copy_to(self, path: Path) -> None:
        """Write the whole ledger, as it is at this moment, to another file.

        Raises:
            LedgerError: If it cannot be written.
        """
        with told(path), closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def copy_redacted(self, path: Path, chosen: Choice) -> dict[str, int]:
        """Write the ledger to a new file, of the chosen records only what proves them.

        Args:
            path: The new file.
            chosen: Whether a record is to be withheld, by its kind, run and parsed body.

        Returns:
            Number of records of each kind that are withheld in the copy.

        Raises:
            UsageError: If a chosen record cannot be withheld, for it carries no salt.
            LedgerError: If the copy cannot be written.
        """
        with told(path), closing(sqlite3.connect(path, isolation_level=None)) as copy:
            return write_redacted(self._connection, copy, chosen)

    def records(self) -> Iterator[tuple[int, str, str, str]]:
        """Number, run, kind and body of every record, in order."""
        with told(self._path):
            yield from self._connection.execute("SELECT seq, run, kind, body FROM evidence ORDER BY seq")

    def verify(self, *, root: str | None = None) -> Verification:
        """Check the evidence against its own digests.

        Args:
            root: A Merkle root from a report or a signed seal; it must be that of a seal in here.

        Raises:
            EvidenceIntegrityError: At the first record that fails; the message names it.
        """
        with told(self._path):
            try:
                return verify.verify(self._connection, root)
            except EvidenceIntegrityError as error:
                raise EvidenceIntegrityError(error.what, where=str(self._path), fix=error.fix) from None


def _observation_body(one: Observation, subjects: Collection[str], path: Path) -> bytes:
    if one.subject_digest not in subjects:
        raise LedgerError(
            f"the answer {one.id} is of a subject that was not announced",
            where=str(path),
            fix="name every subject in the plan or the import",
        )
    if request_digest(one.request) != one.request_digest:
        raise LedgerError(
            f"the answer {one.id} is filed under the digest of another question",
            where=str(path),
            fix="report this",
        )
    return salted(encode(one))
