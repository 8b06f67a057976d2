"""A report file is written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import report_specimens as specimens

from auditor.error import ReportError
from auditor.report import write
from auditor.report.write import FORMATS, render, write_report


@pytest.mark.parametrize("format_name", sorted(FORMATS))
def test_what_is_rendered_is_what_lies_on_disk(tmp_path: Path, format_name: str) -> None:
    scan = specimens.failing()
    path = write_report(scan, tmp_path / "new" / "folder" / "report.out", format_name)
    assert path.read_bytes() == render(scan, format_name).encode("utf-8")
    assert [one.name for one in path.parent.iterdir()] == ["report.out"]


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write.os, "fsync", full)
    with pytest.raises(ReportError, match="No space left on device") as caught:
        write_report(specimens.passing(), path, "html")
    assert str(path) in str(caught.value)
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["report.html"]  # noqa: PTH208 - hidden files count as well


def test_a_folder_in_the_way_is_one_line_of_error(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(specimens.passing(), tmp_path / "report.html", "html")


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="html, markdown, json, sarif, junit, cyclonedx, text, pdf"):
        write_report(specimens.passing(), tmp_path / "report.doc", "doc")


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    path = tmp_path / "report[1].html"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for process in (gone.pid, os.getppid()):
        path.with_name(f".{path.name}.{process}.part").write_text("half", encoding="utf-8")
    other = tmp_path / ".another.html.1.part"
    other.write_text("half", encoding="utf-8")
    write_report(specimens.unjudged(), path, "html")
    left = {f".{path.name}.{os.getppid()}.part", other.name, path.name}
    assert {one.name for one in tmp_path.iterdir()} == left


def test_a_full_disk_leaves_the_old_report_and_one_line(tmp_path: Path) -> None:
    """A real limit of the operating system on the size of a file, in a process of its own."""
    code = (
        "import resource, sys, report_specimens as specimens\n"
        "from pathlib import Path\n"
        "from auditor.error import ReportError\n"
        "from auditor.report.write import write_report\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n"
        "    write_report(specimens.failing(), Path(sys.argv[1]), 'html')\n"
        "except ReportError as error:\n"
        "    print(error)\n"
        "    sys.exit(error.exit_status)\n"
    )
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    here = Path(__file__).resolve().parent
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[1])])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith("the report cannot be written: File too large")
    assert path.read_text(encoding="utf-8") == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
