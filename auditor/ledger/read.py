"""Reading: runs, subjects and answers, rebuilt as the frozen records they were written from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from auditor.error import EvidenceIntegrityError, UsageError
from auditor.ledger.body import Conclusion, Import, Point, Seal
from auditor.ledger.commitment import is_withheld
from auditor.record.codec import decode, decode_member
from auditor.record.finding import Finding
from auditor.record.observation import Answer, Observation, Observations
from auditor.record.request import Request
from auditor.record.scan import Environment, Plan, Scan
from auditor.record.subject import Subject
from auditor.record.verdict import Status

# The seqs come from the index and are sorted before a body is touched.
_ANSWERS = """
    SELECT seq, body FROM evidence
    WHERE seq < ? AND seq IN (
      SELECT seq FROM evidence WHERE subject_digest IN (SELECT value FROM json_each(?))
    )
    ORDER BY seq
"""
_RECORDS = "SELECT seq, run, recorded_at, body_sha256, body FROM evidence WHERE kind = ?"
_BATCH = 1000
_NO_END = 2**62

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line about a run.

    Attributes:
        run: Its identity.
        suspect: Name of the suspect.
        started_at: When the plan was sealed, ISO 8601 in UTC.
        finished_at: When the end was sealed, or None while it is unfinished.
        status: The verdict, or None without one.
    """

    run: str
    suspect: str
    started_at: str
    finished_at: str | None
    status: Status | None


@dataclass(frozen=True, slots=True)
class _Record(Generic[T]):
    seq: int
    run: str
    recorded_at: str
    body_sha256: str
    body: T


def _parsed(seq: int, body: str) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        pass  # such as a lone surrogate or a number beyond a double, which the standard library reads
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EvidenceIntegrityError(
            f"a record is no JSON: {error}",
            where=f"record {seq}",
            fix="restore the ledger from a copy, or start a new one with --ledger",
        ) from error


def _decoded(kind: type[T], seq: int, body: str) -> T:
    record: T = decode(kind, _parsed(seq, body), where=f"record {seq}")
    return record


def _observation(seq: int, body: str) -> Observation:
    """An answer; question and answer are read as the kind that they name, which is far quicker."""
    value, where = _parsed(seq, body), f"record {seq}"
    if not isinstance(value, dict) or not {"request", "answer"} <= set(value):
        return decode(Observation, value, where=where)  # to say what is wrong with it
    request = decode_member(Request, value["request"], where=where)
    answer = decode_member(Answer, value["answer"], where=where)
    rest = {name: one for name, one in value.items() if name not in ("request", "answer")}
    return decode(Observation, {**rest, "request": request, "answer": answer}, where=where)


def _records(
    connection: sqlite3.Connection, kind: str, body: type[T], run: str | None = None
) -> Iterator[_Record[T]]:
    rows = (
        connection.execute(f"{_RECORDS} ORDER BY seq", (kind,))
        if run is None
        else connection.execute(f"{_RECORDS} AND run = ? ORDER BY seq", (kind, run))
    )
    for seq, of_run, recorded_at, digest, text in rows:
        yield _Record(seq, of_run, recorded_at, digest, _decoded(body, seq, text))


def ends(connection: sqlite3.Connection) -> dict[str, _Record[Seal]]:
    """The end seal of every finished run, in the order of finishing."""
    return {one.run: one for one in _records(connection, "seal", Seal) if one.body.point is Point.END}


def plan_of(connection: sqlite3.Connection, run: str) -> Plan | None:
    """The plan that ``run`` was begun with, or None where there is no such run."""
    record = next(_records(connection, "plan", Plan, run), None)
    return record.body if record else None


def unfinished(connection: sqlite3.Connection, intent_digest: str) -> tuple[str, Plan] | None:
    """The latest run of this intent that has no end seal, with its plan."""
    finished = ends(connection)
    found = None
    for one in _records(connection, "plan", Plan):
        if one.run not in finished and one.body.intent_digest == intent_digest:
            found = one.run, one.body
    return found


def environment_of(connection: sqlite3.Connection, run: str) -> Environment:
    """Where ``run`` was asked last.

    Raises:
        EvidenceIntegrityError: If the run has no start seal.
    """
    found = None
    for one in _records(connection, "seal", Seal, run):
        found = one.body.environment or found
    if found is None:
        raise EvidenceIntegrityError(
            f"run {run} has no start seal", fix="restore the ledger from a copy, or start a new one"
        )
    return found


def imported(connection: sqlite3.Connection, body_sha256: str) -> bool:
    """Whether an import with exactly this provenance is recorded."""
    found = connection.execute(
        "SELECT 1 FROM evidence WHERE kind = 'import' AND body_sha256 = ?", (body_sha256,)
    )
    return found.fetchone() is not None


def held(connection: sqlite3.Connection, subject_digest: str) -> set[str]:
    """Digests of the requests that this subject has answered; from the index alone."""
    return {
        digest
        for (digest,) in connection.execute(
            "SELECT request_digest FROM evidence WHERE subject_digest = ?", (subject_digest,)
        )
    }


def asked_in(connection: sqlite3.Connection, run: str) -> int:
    """How many answers were recorded in ``run``."""
    (count,) = connection.execute(
        "SELECT count(*) FROM evidence WHERE kind = 'observation' AND run = ?", (run,)
    ).fetchone()
    return int(count)


def _withheld_answers(connection: sqlite3.Connection) -> int:
    """How many answers are withheld: those that the index of answers does not know. Touches no body."""
    (count,) = connection.execute(
        "SELECT (SELECT count(*) FROM evidence WHERE kind = 'observation') - "
        "(SELECT count(*) FROM evidence INDEXED BY evidence_answer WHERE subject_digest IS NOT NULL)"
    ).fetchone()
    return int(count)


def _answers(
    connection: sqlite3.Connection, subject_digests: Collection[str], before: int
) -> Iterator[Observation]:
    cursor = connection.execute(_ANSWERS, (before, json.dumps(sorted(set(subject_digests)))))
    while rows := cursor.fetchmany(_BATCH):
        for seq, body in rows:
            yield _observation(seq, body)


def observations(connection: sqlite3.Connection, subject_digests: Collection[str]) -> Iterator[Observation]:
    """Every answer of these subjects, oldest first."""
    return _answers(connection, subject_digests, _NO_END)


def subjects(connection: sqlite3.Connection) -> tuple[Subject, ...]:
    """Every subject of any plan or import; of the same digest and role, the latest description."""
    announced = [(one.seq, one.body.subjects) for one in _records(connection, "plan", Plan)]
    announced += [(one.seq, one.body.subjects) for one in _records(connection, "import", Import)]
    latest: dict[tuple[str, str], Subject] = {}
    for _, group in sorted(announced, key=lambda pair: pair[0]):
        for one in group:
            latest[one.digest, one.role] = one
    return tuple(latest.values())


def runs(connection: sqlite3.Connection) -> tuple[RunSummary, ...]:
    """Every run, oldest first."""
    finished = ends(connection)
    verdicts = {one.run: one.body.verdict for one in _records(connection, "verdict", Conclusion)}
    summaries: list[RunSummary] = []
    for one in _records(connection, "plan", Plan):
        end, verdict = finished.get(one.run), verdicts.get(one.run)
        summaries.append(
            RunSummary(
                run=one.run,
                suspect=one.body.suspect.name,
                started_at=one.recorded_at,
                finished_at=end.recorded_at if end else None,
                status=verdict.status if verdict else None,
            )
        )
    return tuple(summaries)


def find_run(connection: sqlite3.Connection, prefix: str | None) -> str:
    """The one run whose identity begins with ``prefix``; without one, the run finished last.

    Raises:
        UsageError: If there is none or more than one; the message lists the runs there are.
    """
    known = runs(connection)
    if prefix is None:
        finished = ends(connection)
        if finished:
            return next(reversed(finished))
        what = "no scan in this ledger was finished"
    else:
        matching = [one.run for one in known if one.run.startswith(prefix)]
        if len(matching) == 1:
            return matching[0]
        what = f"{'several runs begin' if matching else 'no run begins'} with '{prefix}'"
    listed = ", ".join(
        f"{one.run} ({one.suspect}, {one.started_at}{'' if one.finished_at else ', unfinished'})"
        for one in known
    )
    raise UsageError(what, fix=f"the runs are: {listed}" if listed else "scan a model first")


def scan(connection: sqlite3.Connection, run: str) -> Scan:
    """Everything about one run, with the answers that its plan's subjects had given by its end."""
    record = next(_records(connection, "plan", Plan, run))
    plan = record.body
    end = ends(connection).get(run)
    conclusion = next(_records(connection, "verdict", Conclusion, run), None)
    # Later runs may ask these subjects more; the report of this one must not change with them.
    before = end.seq if end else _NO_END
    answers: dict[tuple[str, str], Answer] = {}
    requests: dict[str, Request] = {}
    for one in _answers(connection, [subject.digest for subject in plan.subjects], before):
        answers[one.subject_digest, one.request_digest] = one.answer
        requests[one.request_digest] = one.request
    return Scan(
        run=run,
        plan=plan,
        plan_digest=record.body_sha256,
        findings=tuple(one.body for one in _records(connection, "finding", Finding, run)),
        environment=environment_of(connection, run),
        started_at=record.recorded_at,
        observations=Observations(plan.subjects, plan.seed, answers),
        verdict=conclusion.body.verdict if conclusion else None,
        finished_at=end.recorded_at if end else None,
        asked=conclusion.body.asked if conclusion else asked_in(connection, run),
        reused=conclusion.body.reused if conclusion else 0,
        root=end.body.root if end else "",
        advice=conclusion.body.advice if conclusion else (),
        withheld_answers=_withheld_answers(connection),
        withheld_findings=sum(
            is_withheld(json.loads(body))
            for (body,) in connection.execute(
                "SELECT body FROM evidence WHERE kind = 'finding' AND run = ?", (run,)
            )
        ),
        requests=requests,
    )
