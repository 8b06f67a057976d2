"""Long work followed on a terminal: progress bars with estimated time, notes, or silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from auditor.scan.listener import Listener, Silent


class Follower:
    """Draws a bar for each subject that is being asked."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._stage = progress.add_task("Starting", total=None)
        self._bars: dict[str, TaskID] = {}

    def stage(self, text: str) -> None:
        """Show the stage beside the spinner."""
        self._progress.update(self._stage, description=escape(text))

    def asking(self, subject: str, questions: int) -> None:
        """Open or lengthen the subject's bar."""
        self.stage(f"Asking {subject}")
        if subject in self._bars:
            total = self._progress.tasks[self._progress.task_ids.index(self._bars[subject])].total or 0
            self._progress.update(self._bars[subject], total=total + questions)
        else:
            self._bars[subject] = self._progress.add_task(escape(subject), total=questions)

    def answered(self, subject: str, answers: int) -> None:
        """Advance the subject's bar."""
        self._progress.advance(self._bars[subject], answers)

    def note(self, text: str) -> None:
        """Print a note above the bars."""
        self._console.print(f"[dim]note:[/dim] {escape(text)}", highlight=False)


def _bars(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
    )
    return Progress(*columns, console=console, transient=True)


@contextmanager
def crafting(*, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Takes the number of finished pieces of work, their total and the latest one's name; draws one bar."""
    if quiet:
        yield lambda *_: None
        return
    with _bars(Console(stderr=True)) as progress:
        task = progress.add_task("Starting", total=None)

        def show(done: int, total: int, name: str) -> None:
            progress.update(task, completed=done, total=total, description=escape(name))

        yield show


@contextmanager
def following(*, quiet: bool) -> Iterator[Listener]:
    """A listener that draws on standard error, so that standard output stays clean."""
    if quiet:
        yield Silent()
        return
    console = Console(stderr=True)
    with _bars(console) as progress:
        yield Follower(console, progress)
