"""How a finished scan is shown, and the exit status it ends with."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from auditor.error import UsageError
from auditor.record.scan import Scan
from auditor.record.verdict import Status
from auditor.report.machine import render_json
from auditor.report.pdf import paper
from auditor.report.terminal import render_terminal
from auditor.report.view import build_view
from auditor.report.write import PDF, write_report

EXIT_STATUS = {Status.PASS: 0, Status.FAIL: 1, Status.INCONCLUSIVE: 3}

#: Report formats by the ending of a file.
FORMATS = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".cdx.json": "cyclonedx",
    ".json": "json",
    ".sarif": "sarif",
    ".xml": "junit",
    ".txt": "text",
    ".pdf": "pdf",
}


def format_of(path: Path, named: str | None = None) -> str:
    """The report format for a path, or the one named.

    Raises:
        UsageError: If neither is known, or the format needs an extra that is not installed.
    """
    ending = next((one for one in FORMATS if path.name.lower().endswith(one)), "")
    wanted = named or FORMATS.get(ending, "")
    if wanted not in FORMATS.values():
        raise UsageError(
            f"no report format belongs to '{named or path.suffix}'",
            where=str(path),
            fix=f"end the name in one of {', '.join(FORMATS)}",
        )
    if wanted == PDF:
        paper()
    return wanted


def show(scan: Scan, *, as_json: bool, quiet: bool, reports: tuple[Path, ...]) -> int:
    """Print a scan, write its reports, and say how the process ends."""
    for path in reports:
        write_report(scan, path, format_of(path))
    if as_json:
        typer.echo(render_json(scan), nl=False)
    elif not quiet:
        console = Console()
        render_terminal(build_view(scan), console)
        for path in reports:
            console.print(f"Report: {escape(str(path))}", highlight=False)
    return EXIT_STATUS[scan.verdict.status] if scan.verdict else EXIT_STATUS[Status.INCONCLUSIVE]
