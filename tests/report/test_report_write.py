"""A report file is written whole or not at all."""

from __future__ import annotations

import os
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
