"""A scan that is killed, runs out of disk, or finds its ledger locked: nothing is lost, and it goes on."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import assert_plain_error, environment
from killing import conclusions
from sealed_runs import PROBE, recorded

from auditor.ledger import Ledger
from auditor.record.scan import Scan
from auditor.scan.conduct import conduct
from auditor.scan.plan_file import PlanFile

KILLING = Path(__file__).resolve().with_name("killing.py")


def killed(folder: Path, kills: int, seed: int, patience: float) -> dict[str, int]:
    paths = [str(KILLING.parents[1] / "support"), str(KILLING.parents[2])]
    done = subprocess.run(
        [sys.executable, KILLING, folder, str(kills), str(seed)],
        env={**environment(), "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_killed_at_a_few_random_moments(tmp_path: Path) -> None:
    found = killed(tmp_path, kills=4, seed=2, patience=240)
    assert (found["kills"], found["html"], found["zip"]) == (4, 4, 4)
    assert found["finished"] >= 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_a_hundred_random_moments(tmp_path: Path) -> None:
    found = killed(tmp_path, kills=100, seed=1, patience=1500)
    assert (found["kills"], found["html"], found["zip"]) == (100, 100, 100)
    for stage in ("before", "during", "after", "reporting"):
        assert found[stage] >= 3, f"hardly any of the moments fell here: {found}"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    recorded(folder / "student.jsonl", refuses=False)
    recorded(folder / "teacher.jsonl", refuses=True)
    return folder


def finished(models: Path, ledger: Path) -> Scan:
    """The scan, from wherever it stands to its end."""
    wanted = PlanFile(
        suspect=f"recorded:{models / 'student.jsonl'}",
        teachers=(f"recorded:{models / 'teacher.jsonl'}",),
        suites=(PROBE,),
        judge="rules",
        seed=1,
    )
    with Ledger.open(ledger) as evidence:
        scan = conduct(wanted, evidence)
        evidence.verify()
    return scan


def scanned(models: Path, folder: Path, limit: str = "unlimited") -> subprocess.CompletedProcess[str]:
    """The same scan by the command line; no file may grow beyond so many blocks of 1,024 bytes."""
    arguments = (
        "scan",
        f"recorded:{models / 'student.jsonl'}",
        "--teacher",
        f"recorded:{models / 'teacher.jsonl'}",
    )
    return subprocess.run(
        [
            *("bash", "-c", f'ulimit -f {limit} && exec "$@"', "bash"),
            *(
                sys.executable,
                "-m",
                "auditor",
                *arguments,
                "-s",
                PROBE,
                "--judge",
                "rules",
                "--seed",
                "1",
                "--quiet",
            ),
        ],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_no_room_for_the_ledger(models: Path, tmp_path: Path) -> None:
    full = scanned(models, tmp_path, limit="300")
    assert_plain_error(
        full, 5, ["what was written before is intact", "audit.db", "give the same command again"]
    )
    with Ledger.open(tmp_path / "audit.db", create=False, readonly=True) as ledger:
        (begun,) = ledger.runs()
        kept = ledger.verify().counts
    assert begun.finished_at is None
    scan = finished(models, tmp_path / "audit.db")
    assert scan.run == begun.run, "it went on, and did not begin again"
    assert kept.get("observation", 0) < len(scan.observations.answers)
    assert conclusions(scan) == conclusions(finished(models, tmp_path / "other.db"))


def test_locked_by_another_program(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    Ledger.open(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    locked = scanned(models, tmp_path)
    assert_plain_error(
        locked, 5, ["another program holds this ledger locked", "audit.db", "close that program"]
    )
    other.execute("ROLLBACK")
    other.close()
    assert len(finished(models, path).findings) > 0
