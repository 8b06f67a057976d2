"""What is being written and not whole yet: it lies beside its place, under a name that says whose it is."""

from __future__ import annotations

import os
import shutil
from glob import escape
from pathlib import Path


def unfinished(path: Path) -> Path:
    """Where this process puts together what is to become ``path``."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def sweep(path: Path) -> None:
    """Remove what killed processes have left of ``path``, files and folders; who still writes keeps its own.

    Raises:
        OSError: If it cannot be removed.
    """
    for left in path.parent.glob(f".{escape(path.name)}.*.part"):
        process = left.suffixes[-2].removeprefix(".")
        if not process.isdigit() or _alive(int(process)):
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
