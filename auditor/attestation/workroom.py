"""The folder in which a bundle is put together, beside the place where it will lie."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.error import ReportError
from auditor.report.unfinished import sweep, unfinished


@contextmanager
def workroom(out: Path) -> Iterator[Path]:
    """A folder on the disk of ``out``, gone afterwards; what killed processes left of theirs goes first.

    Raises:
        ReportError: If the disk refuses what is written there; ``out`` is then what it was before.
    """
    room = unfinished(out)
    try:
        sweep(out)
        room.mkdir()
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise ReportError(
            f"the bundle cannot be written: {error.strerror or error}",
            where=str(out),
            fix="choose a folder that you can write to, with room on its disk for a copy of the ledger",
        ) from error
