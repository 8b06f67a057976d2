"""One writer: an advisory lock of the operating system on a file beside the ledger.

The kernel releases it when the process ends, however it ends, so a killed scan never leaves a ledger
locked. The lock file itself stays: removing it would let two processes lock two different files.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from auditor.error import LedgerBusyError


class WriterLock:
    """Held from construction until :meth:`release` or the end of the process.

    Args:
        ledger: Path of the ledger; the lock file is that path with ``.lock`` appended.

    Raises:
        LedgerBusyError: If another holder has it.
        OSError: If the lock file cannot be opened for writing.
    """

    def __init__(self, ledger: Path) -> None:
        path = ledger.with_name(f"{ledger.name}.lock")
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise LedgerBusyError(
                f"another process{f' ({holder})' if holder.isdigit() else ''} is writing to this ledger",
                where=str(ledger),
                fix="wait until it has ended, or name another ledger with --ledger",
            ) from error
        except OSError:
            os.close(self._descriptor)
            raise
        self._tell_who()

    def _tell_who(self) -> None:
        # Only for the other process's message: a full disk must not keep anybody from the ledger.
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode("ascii"), 0)
        except OSError:
            return

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
