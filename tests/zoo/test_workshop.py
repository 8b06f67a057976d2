"""Workers share jobs through a folder, do each once, and can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.error import AuditorError
from auditor.zoo.work.workshop import run_all


@dataclass(frozen=True)
class Step:
    """Writes one line when it runs, and its product."""

    name: str
    needs: tuple[str, ...]
    folder: Path
    seconds: float = 0.0

    def done(self) -> bool:
        return (self.folder / self.name).is_file()

    def run(self) -> None:
        for need in self.needs:
            assert (self.folder / need).is_file()
        with (self.folder / "diary").open("a") as diary:
            diary.write(f"{self.name} {os.getpid()}\n")
        time.sleep(self.seconds)
        (self.folder / self.name).write_text("made")


@dataclass(frozen=True)
class Failing(Step):
    def run(self) -> None:
        sys.stderr.write("out of clay\n")
        raise SystemExit(3)


def _jobs(folder: Path, seconds: float = 0.0) -> list[Step]:
    folder.mkdir(exist_ok=True)
    base = Step("base", (), folder, seconds)
    return [base, *(Step(f"child-{n}", ("base",), folder, seconds) for n in range(5))]


def _diary(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "diary").read_text().splitlines()]


def test_every_job_is_done_once_needs_first(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    run_all(_jobs(tmp_path / "made", 0.05), tmp_path / "claims", 2, lambda *progress: told.append(progress))
    diary = _diary(tmp_path / "made")
    assert sorted(diary) == sorted(job.name for job in _jobs(tmp_path / "made"))
    assert diary[0] == "base"
    assert [done for done, _, _ in told] == list(range(1, 7))


def test_finished_work_is_not_done_again(tmp_path: Path) -> None:
    jobs = _jobs(tmp_path / "made")
    for job in jobs[:3]:
        job.run()
    run_all(jobs, tmp_path / "claims", 1)
    assert sorted(_diary(tmp_path / "made")) == sorted(job.name for job in jobs)


def test_a_failing_worker_ends_the_build_with_one_error(tmp_path: Path) -> None:
    tmp_path.joinpath("made").mkdir()
    with pytest.raises(AuditorError, match="status 3") as caught:
        run_all([Failing("pot", (), tmp_path / "made")], tmp_path / "claims", 1)
    assert "again" in str(caught.value)


def test_a_killed_build_goes_on_where_it_stood(tmp_path: Path) -> None:
    """The claim of a killed worker is free again, and what it left unfinished is made anew."""
    made, claims = tmp_path / "made", tmp_path / "claims"
    made.mkdir()
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[3])\n"
        "from test_workshop import Step; from auditor.zoo.work.workshop import _work\n"
        "_work((Step('base', (), Path(sys.argv[1]), 60.0),), Path(sys.argv[2]))\n"
    )
    claims.mkdir()
    arguments = [str(made), str(claims), str(Path(__file__).parent)]
    with subprocess.Popen([sys.executable, "-c", script, *arguments]) as worker:
        deadline = time.monotonic() + 60
        while not (made / "diary").is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert not (made / "base").exists()
    run_all(_jobs(made), claims, 1)
    assert _diary(made).count("base") == 2
    assert (made / "child-4").is_file()


def test_workers_end_with_whoever_started_them(tmp_path: Path) -> None:
    """An overseer that is killed outright cannot tell them; they see it before the next job."""
    made, claims, script = tmp_path / "made", tmp_path / "claims", tmp_path / "overseer.py"
    made.mkdir()
    script.write_text(
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[3])\n"
        "from test_workshop import Step; from auditor.zoo.work.workshop import run_all\n"
        "if __name__ == '__main__':\n"
        "    jobs = [Step(f'step-{n}', (), Path(sys.argv[1]), 1.5) for n in range(40)]\n"
        "    run_all(jobs, Path(sys.argv[2]), 1)\n"
    )
    arguments = [str(made), str(claims), str(Path(__file__).parent)]
    with subprocess.Popen([sys.executable, str(script), *arguments]) as overseer:
        deadline = time.monotonic() + 120
        while not (made / "step-0").is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        overseer.kill()
        overseer.wait()
    time.sleep(5)
    finished = len(_diary(made))
    time.sleep(4)
    assert len(_diary(made)) == finished < 10
