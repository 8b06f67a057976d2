"""``auditor report``: render a run again, from the ledger alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from auditor.ledger import Ledger

EXAMPLES = """
[bold]Examples[/bold]

  The latest run, on the terminal:
    auditor report

  A certain run as a web page and as JSON:
    auditor report 3f9a1c --out audit.html --out audit.json

  On paper (pip install 'distillation-auditor\\[pdf]'):
    auditor report --out audit.pdf

  The JSON Schema of the JSON report:
    auditor report --schema
"""


def report(
    run: Annotated[
        str | None, typer.Argument(help="Run, or the beginning of its name; the latest if left out.")
    ] = None,
    ledger: Annotated[Path, typer.Option(help="Evidence ledger.")] = Path("audit.db"),
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            help="Write to a file: .html, .pdf, .md, .json, .sarif, .xml (JUnit), .cdx.json or .txt; repeat.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing; the exit status tells.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the JSON report, and do nothing else.")
    ] = False,
) -> int:
    """Render a run again. Needs neither the models nor a network; leaves with the run's own status."""
    if schema:
        from auditor.report.schema import report_schema

        typer.echo(json.dumps(report_schema(), indent=1, sort_keys=True))
        return 0
    from auditor.cli.outcome import show

    with Ledger.open(ledger, create=False, readonly=True) as evidence:
        finished = evidence.scan(run)
    return show(finished, as_json=as_json, quiet=quiet, reports=tuple(out or ()))
