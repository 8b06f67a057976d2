"""``auditor diff``: what changed between two scans."""

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
from auditor.report.comparison import Change, Difference, compare

EXAMPLES = """
[bold]Examples[/bold]

  The release candidate against the last release, in one ledger:
    auditor diff 3f9a1c 7b02de

  Each in a ledger of its own:
    auditor diff 3f9a1c 7b02de --ledger old.db --after new.db --json
"""
_STYLES = {Change.NEW: "red", Change.GONE: "green", Change.STANDING: "yellow", Change.CHANGED: "dim"}


def diff(
    before: Annotated[str, typer.Argument(help="The earlier run, or the beginning of its name.")],
    after: Annotated[str, typer.Argument(help="The later run.")],
    ledger: Annotated[Path, typer.Option(help="Evidence ledger.")] = Path("audit.db"),
    after_ledger: Annotated[
        Path | None, typer.Option("--after", help="Ledger of the later run, where it is another.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """Show which findings and failed rules are new, gone or standing; leaves with 1 if any is new."""
    with Ledger.open(ledger, create=False, readonly=True) as evidence:
        earlier = evidence.scan(before)
    with Ledger.open(after_ledger or ledger, create=False, readonly=True) as evidence:
        later = evidence.scan(after)
    found = compare(earlier, later)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return int(found.worse)
    console = Console()
    for remark in found.remarks:
        console.print(f"[dim]note:[/dim] {escape(remark)}", highlight=False)
    _print(console, "Findings", found.findings)
    _print(console, "Rules", found.rules)
    return int(found.worse)


def _print(console: Console, title: str, found: tuple[Difference, ...]) -> None:
    if not found:
        console.print(f"{title}: no difference, and nothing that stands", highlight=False)
        return
    table = Table("", title, "before", "after")
    for one in found:
        what = f"{one.what}\n[dim]{escape(one.about)}[/dim]" if one.about else escape(one.what)
        change = f"[{_STYLES[one.change]}]{one.change.value}[/]"
        table.add_row(change, what, escape(one.before) or "–", escape(one.after) or "–")
    console.print(table)
