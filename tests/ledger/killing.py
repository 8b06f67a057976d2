"""Kills scans, and the writing of reports and bundles, at random moments, and looks at what is left.

    python killing.py FOLDER KILLS SEED

Every attempt is a process of its own that is killed by SIGKILL, anywhere between opening the ledger and the
last byte of the report. The next attempt goes on with the same ledger; a scan that gets through must have
found what an undisturbed one finds, and a new ledger is begun. Then the same number of kills goes to
processes that write a report or a bundle over an older one, again and again. Prints how many fell where.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sealed_runs import PROBE, recorded

from auditor.attestation.key import new_key
from auditor.cli.app import run
from auditor.error import LedgerError
from auditor.ledger import Ledger
from auditor.record.scan import Scan
from auditor.report.write import render, write_report
from auditor.scan.conduct import conduct
from auditor.scan.listener import Silent
from auditor.scan.plan_file import PlanFile
from auditor.target import recorded as recorded_target

#: Answers that are committed together, as of a slow endpoint.
BATCH = 4
PAUSE = 0.003
#: What may differ between two runs of the same plan.
PASSING = ("run", "started_at", "finished_at", "root")


class Telling(Silent):
    """Says through a pipe how many answers are committed."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def answered(self, subject: str, answers: int) -> None:
        os.write(self._pipe, b"." * answers)
        time.sleep(PAUSE)


def attempt(wanted: PlanFile, folder: Path) -> tuple[int, int]:
    """Begin the scan in a process of its own; its id, and a pipe that tells of committed answers."""
    told, telling = os.pipe()
    child = os.fork()
    if child:
        os.close(telling)
        return child, told
    status = 1
    try:
        with Ledger.open(folder / "audit.db") as ledger:
            finished = conduct(wanted, ledger, Telling(telling))
        write_report(finished, folder / "audit.html", "html")
        status = 0
    finally:
        os._exit(status)


def drained(pipe: int) -> int:
    """How many answers were told of until the other end was closed."""
    count = 0
    while data := os.read(pipe, 65_536):
        count += len(data)
    os.close(pipe)
    return count


def held(folder: Path, told: int) -> tuple[int, Scan | None]:
    """How many answers the ledger holds, and the finished scan if there is one; all of it is verified."""
    path = folder / "audit.db"
    try:
        with Ledger.open(path, create=False, readonly=True) as ledger:
            verified = ledger.verify()
            runs = ledger.runs()
            assert len(runs) <= 1, "a killed run is gone on with, not begun again"
            digests = [one.digest for one in ledger.known_subjects()]
            answers = [(one.subject_digest, one.request_digest) for one in ledger.observations(digests)]
            scan = ledger.scan() if runs and runs[0].finished_at else None
    except LedgerError:
        if told:
            raise
        return 0, None  # killed before there was a ledger
    assert len(answers) == len(set(answers)) == verified.counts.get("observation", 0), "asked twice"
    return len(answers), scan


def whole_report(folder: Path) -> bool:
    """Whether there is a report; a half-written one is an error."""
    path = folder / "audit.html"
    if not path.exists():
        return False
    assert path.read_text(encoding="utf-8").endswith("</html>\n"), "half a report was left"
    return True


def conclusions(scan: Scan) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(render(scan, "json"))
    return {name: value for name, value in body.items() if name not in PASSING}


def scans(folder: Path, kills: int, moments: random.Random) -> Counter[str]:
    """Kill scans, and see every one of them end well."""
    recorded_target._BATCH = BATCH
    wanted = PlanFile(
        suspect=recorded(folder / "student.jsonl", refuses=False),
        teachers=(recorded(folder / "teacher.jsonl", refuses=True),),
        suites=(PROBE,),
        judge="rules",  # the last digit of an embedder's numbers depends on what is embedded together
        seed=1,
    )
    undisturbed = folder / "undisturbed"
    undisturbed.mkdir()
    before = time.monotonic()
    child, pipe = attempt(wanted, undisturbed)
    answers = drained(pipe)
    assert os.waitpid(child, 0)[1] == 0
    lasting = time.monotonic() - before
    count, scan = held(undisturbed, answers)
    assert (count, whole_report(undisturbed)) == (answers, True)
    assert scan is not None
    expected = conclusions(scan)
    found: Counter[str] = Counter()
    place, known, number = folder / "round-0", 0, 0
    place.mkdir()
    while found["kills"] < kills:
        child, pipe = attempt(wanted, place)
        # Later attempts have less to do: the moment is drawn from what is left of the work.
        time.sleep(moments.random() * lasting * max(0.25, 1 - known / answers))
        os.kill(child, signal.SIGKILL)
        known += drained(pipe)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        count, scan = held(place, known)
        reported = whole_report(place)
        assert known <= count <= known + BATCH, f"{known} answers were committed, and {count} are held"
        found["kills"] += killed
        if killed:
            stage = "before" if count == 0 else "during" if count < answers else "after"
            found["reporting" if scan is not None else stage] += 1
        known = count
        if scan is None:
            assert not reported, "there is a report of a scan that is not finished"
            continue
        assert conclusions(scan) == expected, "a killed scan ends with another report"
        found["finished"] += 1
        number += 1
        place, known = folder / f"round-{number}", 0
        place.mkdir()
    child, pipe = attempt(wanted, place)  # and the last one goes on to its end
    drained(pipe)
    assert os.waitpid(child, 0)[1] == 0
    _, scan = held(place, answers)
    assert scan is not None
    assert conclusions(scan) == expected
    assert whole_report(place)
    found["finished"] += 1
    return found


def overwriting(write: Callable[[], object], path: Path, lasting: float, moments: random.Random) -> None:
    """Begin a process that writes ``path`` over and over, and kill it."""
    child = os.fork()
    if not child:
        try:
            while True:
                write()
        finally:
            os._exit(1)
    time.sleep(moments.random() * lasting)
    os.kill(child, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), f"{path} could not be written"


def writings(folder: Path, kills: int, moments: random.Random) -> Counter[str]:
    """Kill the writing of a report and of a bundle; a whole one must be there each time."""
    os.chdir(folder / "undisturbed")
    quiet = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for as long as this process lives
    new_key(Path("audit.pem"))
    with contextlib.redirect_stdout(quiet):
        assert run(["seal", "--key", "audit.pem"]) == 0
        assert run(["bundle"]) == 0
    with Ledger.open(Path("audit.db"), create=False, readonly=True) as ledger:
        scan = ledger.scan()
    later = replace(scan, finished_at="2031-01-01T00:00:00Z")

    def report() -> None:
        for one in (scan, later):
            write_report(one, Path("audit.html"), "html")

    def bundle() -> None:
        with contextlib.redirect_stdout(quiet):
            run(["bundle"])

    wholes = {
        Path("audit.html"): {render(one, "html").encode() for one in (scan, later)},
        Path("audit.zip"): {Path("audit.zip").read_bytes()},
    }
    found: Counter[str] = Counter()
    for write, path in ((report, Path("audit.html")), (bundle, Path("audit.zip"))):
        before = time.monotonic()
        write()
        lasting = time.monotonic() - before
        for _ in range(kills):
            overwriting(write, path, 2 * lasting, moments)
            assert path.read_bytes() in wholes[path], f"{path} is neither the old one nor the new one"
            found[path.suffix[1:]] += 1
    return found


def main(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Everything that is killed, and how many times."""
    moments = random.Random(seed)
    return {**scans(folder, kills, moments), **writings(folder, kills, moments)}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
