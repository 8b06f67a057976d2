"""``auditor ledger``: look into the evidence and check that it is whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from auditor.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="Look into the evidence ledger.", rich_markup_mode="rich")
_PATH = typer.Option("--ledger", help="Evidence ledger.")


@app.command(epilog="[bold]Example[/bold]\n\n  auditor ledger runs --ledger audit.db")
def runs(
    ledger: Annotated[Path, _PATH] = Path("audit.db"),
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """List the runs, newest last."""
    with Ledger.open(ledger, create=False, readonly=True) as evidence:
        found = evidence.runs()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2, default=str))
        return 0
    table = Table("run", "suspect", "started", "finished", "status")
    for one in found:
        cells = (one.run, one.suspect, one.started_at, one.finished_at or "unfinished", one.status or "-")
        table.add_row(*(escape(str(cell)) for cell in cells))
    Console().print(table)
    return 0


@app.command(epilog="[bold]Example[/bold]\n\n  auditor ledger verify --ledger audit.db")
def verify(
    ledger: Annotated[Path, _PATH] = Path("audit.db"),
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """Check every digest, the chain and the seals; leaves with status 4 at the first bad record."""
    with Ledger.open(ledger, create=False, readonly=True) as evidence:
        result = evidence.verify()
    if as_json:
        typer.echo(json.dumps(asdict(result), indent=2))
    else:
        typer.echo(f"{result.records} records are whole; root {result.root}")
    return 0
