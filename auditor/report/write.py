"""A report on disk: written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from rich.console import Console

from auditor.error import ReportError
from auditor.record.scan import Scan
from auditor.report.cyclonedx import render_cyclonedx
from auditor.report.html import render_html
from auditor.report.junit import render_junit
from auditor.report.machine import render_json
from auditor.report.markdown import render_markdown
from auditor.report.pdf import render_pdf
from auditor.report.sarif import render_sarif
from auditor.report.terminal import render_terminal
from auditor.report.unfinished import sweep, unfinished
from auditor.report.view import build_view

_TEXT_WIDTH = 100


def _text(scan: Scan) -> str:
    stream = StringIO()
    console = Console(file=stream, width=_TEXT_WIDTH, color_system=None, legacy_windows=False, _environ={})
    render_terminal(build_view(scan), console)
    return stream.getvalue()


#: Every format that is text.
FORMATS: dict[str, Callable[[Scan], str]] = {
    "html": lambda scan: render_html(build_view(scan)),
    "markdown": lambda scan: render_markdown(build_view(scan)),
    "json": render_json,
    "sarif": render_sarif,
    "junit": render_junit,
    "cyclonedx": render_cyclonedx,
    "text": _text,
}
#: The format that is not: it needs an extra.
PDF = "pdf"


def render(scan: Scan, format: str) -> str:  # noqa: A002 - the word that the command line uses
    """The report of ``scan`` in one of `FORMATS`.

    Raises:
        ReportError: If there is no such format, or if it cannot be rendered.
    """
    if format not in FORMATS:
        raise ReportError(
            f"there is no report format '{format}'", fix=f"use one of {', '.join((*FORMATS, PDF))}"
        )
    return FORMATS[format](scan)


def render_file(scan: Scan, format: str) -> bytes:  # noqa: A002
    """What a file of the report holds: one of `FORMATS` in UTF-8, or a PDF.

    Raises:
        UsageError: If it is a PDF, and the extra that makes it is not installed.
        ReportError: If there is no such format, or if it cannot be rendered.
    """
    return render_pdf(build_view(scan)) if format == PDF else render(scan, format).encode("utf-8")


def write_report(scan: Scan, path: Path, format: str) -> Path:  # noqa: A002
    """Render ``scan`` and put it at ``path``, whole or not at all; an old report stays until then.

    Args:
        scan: What to report.
        path: Where to; missing folders are made.
        format: One of `FORMATS`, or ``pdf``.

    Returns:
        The path written.

    Raises:
        UsageError: If it is a PDF, and the extra that makes it is not installed.
        ReportError: If the format is unknown or the file cannot be written.
    """
    data = render_file(scan, format)
    part = unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ReportError(
            f"the report cannot be written: {error.strerror or error}",
            where=str(path),
            fix="choose a folder that you can write to, with room on its disk",
        ) from error
    return path
