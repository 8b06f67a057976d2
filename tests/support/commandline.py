"""The command as a user runs it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

#: A scan that is small enough to be run often, and still asks, scores and inspects.
SMALL = (
    "--set", "lineage/reference-likelihood.prompts=20", "--set", "lineage/reference-likelihood.max_tokens=12",
    "--set", "refusal/refusal-retention.max_tokens=8", "--set", "overfitting/twin-gap.items=24",
    "--seed", "5",
)  # fmt: skip


def environment() -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "COLUMNS": "200", "NO_COLOR": "1"}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "auditor", *map(str, arguments)]


def auditor(*arguments: str | Path, cwd: Path, timeout: float = 280) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does, in a process of its own."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def assert_plain_error(done: subprocess.CompletedProcess[str], status: int, words: Sequence[str]) -> None:
    """One line on standard error that says what to do, the right status, and no traceback."""
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word in lines[0], lines[0]
