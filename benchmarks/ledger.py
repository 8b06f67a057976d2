"""Append and verify 50,000 records of 1 KB, beside plain sqlite-utils on the same rows in one run.

Run with ``python benchmarks/ledger.py``. The peer, ``sqlite_utils.Table.insert_all``, keeps the same
bodies in an ordinary table: no chain, no digests, no guards, no canonical form, no durability per
batch. The ratio is what evidence costs.
"""

from __future__ import annotations

import argparse
import json
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from auditor.ledger import Ledger
from auditor.record.observation import Observation, Text
from auditor.record.request import Generate, request_digest, user
from auditor.record.scan import Environment, Plan
from auditor.record.subject import Access, Role, Subject

_BODY_BYTES = 1024
_PEER = "peer: insert_all"
_SUBJECT = Subject(
    role=Role.SUSPECT, name="suspect", locator="none", digest="sha256:" + "5" * 64, access=Access.TEXT
)
_PLAN = Plan(
    subjects=(_SUBJECT,), probes=(), seed=1, seed_origin="given", policy="none", policy_digest="sha256:0"
)
_WHERE = Environment(python="3", platform="any", device="cpu")


def _answers(count: int) -> list[Observation]:
    """Observations whose canonical JSON takes about 1 KB each."""
    made: list[Observation] = []
    for number in range(count):
        request = Generate(prompt=user(f"Explain number {number} to a child, please."), max_tokens=64)
        text = f"Number {number} is like a row of apples, and every apple may be counted once. " * 12
        made.append(
            Observation(
                subject_digest=_SUBJECT.digest,
                request_digest=request_digest(request),
                request=request,
                answer=Text(text=text[: _BODY_BYTES - 430]),
            )
        )
    return made


class Clock:
    """Wall and processor seconds by name; they part where the machine is busy with something else."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}

    def time(self, name: str, what: Callable[[], Any]) -> Any:
        """What ``what`` returns, having noted how long it took."""
        wall, processor = time.perf_counter(), time.process_time()
        result = what()
        self.seconds[name] = (time.perf_counter() - wall, time.process_time() - processor)
        return result


def _append(ledger: Ledger, run: str, answers: list[Observation], batch: int) -> None:
    for start in range(0, len(answers), batch):
        ledger.observe(run, answers[start : start + batch])


def _insert_all(path: Path, rows: list[dict[str, Any]]) -> None:
    database = Database(path)
    database["evidence"].insert_all(rows, pk="seq")
    database.conn.close()


def measure(count: int, folder: Path) -> tuple[dict[str, tuple[float, float]], float]:
    """Wall and processor seconds of each step on ``count`` records, and the mean bytes of a body."""
    answers = _answers(count)
    clock = Clock()
    with Ledger.open(folder / "bulk.db") as ledger:
        run = ledger.begin(_PLAN, _WHERE).run
        clock.time("append, 1000 a commit", lambda: _append(ledger, run, answers, 1000))
        clock.time("verify", ledger.verify)
        loaded = clock.time("load", lambda: list(ledger.observations([_SUBJECT.digest])))
        clock.time("load as a scan", lambda: ledger.scan(run))
        clock.time("index (holds)", lambda: ledger.holds(_SUBJECT.digest))
    if loaded != answers:
        raise SystemExit("what was loaded is not what was appended")
    del loaded
    with Ledger.open(folder / "single.db") as ledger:
        run = ledger.begin(_PLAN, _WHERE).run
        clock.time("append, 1 a commit", lambda: _append(ledger, run, answers, 1))
    reader = sqlite3.connect(folder / "bulk.db")
    bodies = reader.execute("SELECT seq, run, kind, body FROM evidence WHERE kind = 'observation'").fetchall()
    reader.close()
    rows = [dict(zip(("seq", "run", "kind", "body"), row, strict=True)) for row in bodies]
    clock.time(_PEER, lambda: _insert_all(folder / "peer.db", rows))
    return clock.seconds, sum(len(row["body"].encode()) for row in rows) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds, size = measure(options.count, Path(folder))
    if options.json:
        print(json.dumps({"count": options.count, "bytes": size, "seconds": seconds}))
        return
    print(f"{options.count} records of {size:.0f} bytes, Python {platform.python_version()}")
    for name, (wall, processor) in seconds.items():
        ratio = processor / seconds[_PEER][1]
        print(f"{name:24}{wall:8.2f} s wall{processor:8.2f} s processor{ratio:8.2f} x peer")


if __name__ == "__main__":
    main()
