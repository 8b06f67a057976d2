"""A bundle whose writing was broken off: the old one stays, the next clears up, and the error says why."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import assert_plain_error, environment
from sealed_runs import Sealed

from auditor.attestation.bundle import SEAL
from auditor.attestation.workroom import workroom
from auditor.error import ReportError
from auditor.report.unfinished import unfinished


@pytest.fixture
def sealed_folder(sealed: Sealed, tmp_path: Path) -> Path:
    shutil.copy(sealed.folder / "audit.db", tmp_path)
    (tmp_path / "seal.json").write_bytes(sealed.members[SEAL])
    return tmp_path


def bundled(folder: Path, limit: str = "unlimited") -> subprocess.CompletedProcess[str]:
    """``auditor bundle`` in a folder; no file may grow beyond so many blocks of 1,024 bytes."""
    return subprocess.run(
        [
            *("bash", "-c", f'ulimit -f {limit} && exec "$@"', "bash"),
            *(sys.executable, "-m", "auditor", "bundle"),
        ],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def gone() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_no_room_for_the_bundle(sealed_folder: Path) -> None:
    (sealed_folder / "audit.zip").write_bytes(b"the one from yesterday")
    assert_plain_error(bundled(sealed_folder, limit="100"), 5, ["audit.zip", "disk"])
    assert (sealed_folder / "audit.zip").read_bytes() == b"the one from yesterday"
    assert not list(sealed_folder.glob(".audit.zip*"))


def test_what_a_killed_one_left_is_swept(sealed_folder: Path) -> None:
    dead = sealed_folder / f".audit.zip.{gone()}.part"
    dead.mkdir()
    (dead / "evidence.db").write_bytes(b"half a ledger")
    living = sealed_folder / ".audit.zip.1.part"
    living.mkdir()
    done = bundled(sealed_folder)
    assert done.returncode == 0, done.stderr
    assert (sealed_folder / "audit.zip").stat().st_size > 1000
    assert not dead.exists()
    assert living.exists(), "another process may still be writing there"
    assert not [one for one in sealed_folder.glob(".audit.zip.*.part") if one != living]


def test_what_the_disk_refuses_is_said(tmp_path: Path) -> None:
    out = tmp_path / "audit.zip"

    def fill() -> None:
        with workroom(out) as room:
            (room / "evidence.db").write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(ReportError, match="cannot be written: No space left") as raised:
        fill()
    assert str(out) in str(raised.value)
    assert list(tmp_path.iterdir()) == []
    assert unfinished(out).parent == tmp_path
