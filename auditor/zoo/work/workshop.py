"""The workshop: worker processes that share jobs through a folder, and can be stopped at any time.

A job is claimed by a lock on its file, which the system releases when a worker dies, and done when its
product is there. Starting again goes on with what is missing.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from auditor.error import AuditorError

#: Called with the number of finished jobs, their total, and the name of one that was just finished.
Progress = Callable[[int, int, str], None]

_PAUSE = 0.5


class Job(Protocol):
    """A piece of work with a product on disk. It travels to worker processes, so it must pickle."""

    @property
    def name(self) -> str:
        """Its name, unique among the jobs."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of jobs that must be done before."""
        ...

    def done(self) -> bool:
        """Whether its product is there, whole."""
        ...

    def run(self) -> None:
        """Make the product; it appears at once or not at all."""
        ...


def run_all(jobs: Sequence[Job], claims: Path, workers: int, progress: Progress = lambda *_: None) -> None:
    """Do all jobs in ``workers`` processes of one thread each.

    Args:
        jobs: The jobs; needs come before what needs them.
        claims: Folder for claims; several calls on one machine may share it.
        workers: Number of processes.
        progress: Told of every finished job.

    Raises:
        AuditorError: If a worker failed; what was finished stays.
    """
    claims.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    crew = [context.Process(target=_work, args=(tuple(jobs), claims)) for _ in range(max(1, workers))]
    for process in crew:
        process.start()
    told: set[str] = set()
    try:
        while any(process.is_alive() for process in crew):
            time.sleep(_PAUSE)
            _tell(jobs, told, progress)
            failed = [process for process in crew if process.exitcode not in (None, 0)]
            if failed:
                raise AuditorError(
                    f"a worker of the zoo ended with status {failed[0].exitcode}",
                    where=str(claims.parent),
                    fix="see its message above, then run the same command again to go on",
                )
    finally:
        for process in crew:
            if process.is_alive():
                process.terminate()
            process.join()
    _tell(jobs, told, progress)
    missing = [job.name for job in jobs if not job.done()]
    if missing:
        raise AuditorError(
            f"{len(missing)} jobs were not finished, the first is '{missing[0]}'",
            where=str(claims.parent),
            fix="run the same command again to go on",
        )


def _tell(jobs: Sequence[Job], told: set[str], progress: Progress) -> None:
    for job in jobs:
        if job.name not in told and job.done():
            told.add(job.name)
            progress(len(told), len(jobs), job.name)


def _work(jobs: Sequence[Job], claims: Path) -> None:
    from auditor.zoo.training.learning import one_thread

    one_thread()
    overseer = multiprocessing.parent_process()
    done: set[str] = set()
    while len(done) < len(jobs):
        advanced = False
        for job in jobs:
            if job.name in done:
                continue
            # Whoever started the work may have been killed; nobody would ever be told of the product.
            if overseer is not None and not overseer.is_alive():
                return
            if job.done():
                done.add(job.name)
                continue
            if not all(need in done for need in job.needs):
                continue
            with _claimed(claims / f"{job.name}.lock") as mine:
                # Somebody may have finished it between the look and the claim.
                if mine and not job.done():
                    job.run()
                    advanced = True
        if not advanced:
            time.sleep(_PAUSE)


@contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
