"""Other processes, killed processes, full disks and folders that may not be written."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_records import HERE, SUSPECT, finish, observation, observations, plan

from auditor.error import LedgerBusyError, LedgerError
from auditor.ledger import Ledger

HOME = Path(__file__).resolve().parent

# Asks one question after the other and says so once the ledger has the answer.
ASK = """
import sys
from pathlib import Path
from ledger_records import HERE, SUSPECT, observation, plan
from auditor.ledger import Ledger
with Ledger.open(Path(sys.argv[1])) as ledger:
    handle = ledger.begin(plan(), HERE)
    held = ledger.holds(SUSPECT.digest)
    for number in range(100_000):
        if observation(number).request_digest not in held:
            ledger.observe(handle.run, [observation(number)])
            print(number, flush=True)
"""


def start(code: str, *arguments: object, preamble: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(HOME), *(one for one in sys.path if one), str(HOME.parent.parent)])
    return subprocess.Popen(
        [*preamble, sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    return iter(process.stdout)


def test_kill_at_any_moment_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    generator = random.Random(20)
    told: list[int] = []
    for _ in range(4):
        with start(ASK, path) as process:
            lines = lines_of(process)
            told.append(int(next(lines)))
            deadline = time.monotonic() + generator.uniform(0.0, 0.15)
            while time.monotonic() < deadline:
                told.append(int(next(lines)))
            process.send_signal(signal.SIGKILL)
            told.extend(int(line) for line in lines if line.endswith("\n"))
            assert process.wait() == -signal.SIGKILL
        with Ledger.open(path, readonly=True) as ledger:
            ledger.verify()
            kept = ledger.holds(SUSPECT.digest)
        assert {observation(number).request_digest for number in told} <= kept
        assert len(told) <= len(kept) <= len(told) + 4, "one answer in flight each time, at most"
    assert len(told) == len(set(told)), "nothing was asked twice"
    with Ledger.open(path) as ledger:
        handle = ledger.begin(plan(seed=12345), HERE)
        assert handle.resumed
        finish(ledger, handle.run, asked=0, reused=len(kept))
        assert (ledger.scan().asked, ledger.scan().reused) == (len(kept), 0)
        assert list(ledger.observations([SUSPECT.digest])) == observations(0, len(kept))
        assert ledger.verify().unfinished == ()


def test_a_second_writer_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with start(ASK, path) as process:
        lines = lines_of(process)
        next(lines)
        before = time.monotonic()
        with pytest.raises(LedgerBusyError, match=rf"another process \({process.pid}\)"):
            Ledger.open(path)
        assert time.monotonic() - before < 1.0, "at once, without waiting"
        with Ledger.open(path, readonly=True) as reader:
            for _ in range(20):
                number = int(next(lines))
            assert observation(number).request_digest in reader.holds(SUSPECT.digest)
            assert reader.verify().counts["observation"] > number
        process.kill()
    with Ledger.open(path) as ledger:
        assert ledger.begin(plan(), HERE).resumed


# Fills the ledger until the disk is full, then frees room and goes on in the same process.
FILL = """
import dataclasses, pathlib, sys
from ledger_records import HERE, SUSPECT, observation, plan, finish
from auditor.error import LedgerError
from auditor.ledger import Ledger
from auditor.record.observation import Text
folder = pathlib.Path(sys.argv[1])
ballast = folder / "ballast"
ballast.write_bytes(bytes(600_000))
ledger = Ledger.open(folder / "ledger.db")
run = ledger.begin(plan(), HERE).run
number = 0
def ask():
    global number
    one = dataclasses.replace(observation(number), answer=Text(text="word " * 2000))
    ledger.observe(run, [one])
    number += 1
try:
    while True:
        ask()
except LedgerError as error:
    print(error)
assert len(ledger.holds(SUSPECT.digest)) == number, "a refused answer is not held"
ledger.verify()
ballast.unlink()
ask()
finish(ledger, run, asked=number)
ledger.close()
with Ledger.open(folder / "ledger.db", readonly=True) as ledger:
    assert ledger.scan().asked == number > 5
    ledger.verify()
print("done")
"""


def small_disk() -> tuple[str, ...] | None:
    """A command prefix under which a small disk of its own is mounted, where the system allows it."""
    for prefix in (["unshare", "-m"], ["unshare", "-r", "-m"]):
        if shutil.which("unshare") and shutil.which("mount"):
            probe = [*prefix, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/mnt"]
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return tuple(prefix)
    return None


def test_full_disk(tmp_path: Path) -> None:
    prefix = small_disk()
    if prefix is None:
        pytest.skip("this system lets nobody mount a small disk")
    mount = f'mount -t tmpfs -o size=1500k tmpfs "{tmp_path}" && exec "$@"'
    with start(FILL, tmp_path, preamble=(*prefix, "sh", "-c", mount, "sh")) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "the disk is full, so evidence could not be written; what was written before is intact" in out
    assert "make room and give the same command again" in out
    assert "done" in out


def test_no_more_pages(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        run = ledger.begin(plan(), HERE).run
        (pages,) = ledger._connection.execute("PRAGMA page_count").fetchone()
        ledger._connection.execute(f"PRAGMA max_page_count = {pages + 8}")
        with pytest.raises(LedgerError, match="the disk is full"):
            ledger.observe(run, observations(0, 500))
        assert ledger.holds(SUSPECT.digest) == set()
        ledger._connection.execute("PRAGMA max_page_count = 100000")
        ledger.observe(run, observations(0, 500))
        finish(ledger, run, asked=500)
        ledger.verify()


# As somebody who may read and not write: prints what reading gives and what writing is told.
LOOK = """
import os, sys
from pathlib import Path
from auditor.error import LedgerError
from auditor.ledger import Ledger
def look(path):
    with Ledger.open(Path(path), readonly=True) as ledger:
        return len(ledger.scan().observations.answers), ledger.verify().records
look(sys.argv[2])  # imports what is imported late, which nobody may not read
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
print(*look(sys.argv[1]))
try:
    Ledger.open(Path(sys.argv[1]))
except LedgerError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A finished ledger in a folder of its own that everybody may enter, which pytest's are not."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-shared-"))
    folder.chmod(0o755)
    with Ledger.open(folder / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, observations(0, 3))
        finish(ledger, run, asked=3)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("writable_folder", [False, True])
def test_read_only(shared: Path, tmp_path: Path, writable_folder: bool) -> None:
    path, copy = shared / "ledger.db", tmp_path / "copy.db"
    shutil.copy(path, copy)
    path.chmod(0o444)
    path.with_name("ledger.db.lock").unlink()
    shared.chmod(0o777 if writable_folder else 0o555)
    with start(LOOK, path, copy) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    read, refused = out.splitlines()
    assert read == "3 8"
    assert refused.startswith("LedgerError the ledger cannot be opened: Permission denied")
    assert "name another ledger with --ledger" in refused


def test_a_folder_that_cannot_be_entered(shared: Path, tmp_path: Path) -> None:
    path, copy = shared / "ledger.db", tmp_path / "copy.db"
    shutil.copy(path, copy)
    shared.chmod(0o000)
    with start(LOOK, path, copy) as process:
        _, err = process.communicate(timeout=60)
    assert "LedgerError: the ledger cannot be opened: Permission denied" in err


def test_a_log_that_was_left_behind_is_read(shared: Path, tmp_path: Path) -> None:
    path = shared / "ledger.db"
    copied = tmp_path / "copied"
    copied.mkdir()
    with Ledger.open(path) as ledger:
        run = ledger.begin(plan(seed=5, seed_origin="given"), HERE).run
        ledger.observe(run, observations(3, 6))
        for file in shared.iterdir():  # as a crash would leave them: the last answers only in the log
            shutil.copy(file, copied)
    assert (copied / "ledger.db-wal").stat().st_size > 0
    with Ledger.open(copied / "ledger.db", readonly=True) as reader:
        assert len(reader.holds(SUSPECT.digest)) == 6
        assert reader.verify().unfinished == (run,)
