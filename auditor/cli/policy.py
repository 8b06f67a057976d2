"""``auditor policy``: look at the rules before they judge anybody."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Look at policy packs.", rich_markup_mode="rich")


@app.command(
    epilog="[bold]Examples[/bold]\n\n  auditor policy check release-gate\n\n  auditor policy check ./own.yaml"
)
def check(pack: Annotated[str, typer.Argument(help="Name of a shipped pack, or a file.")]) -> int:
    """Compile a pack and list its rules; a misspelt field or key is an error that says where."""
    from auditor.policy.spec import load_policy

    loaded = load_policy(pack)
    table = Table("rule", "severity", "mode", "claim", "title")
    for rule in loaded.rules:
        claim = rule.requires.claim.value if rule.requires else "-"
        table.add_row(rule.id, rule.severity.value, rule.mode.value, claim, escape(rule.title))
    console = Console()
    console.print(table)
    console.print(
        f"{escape(loaded.name)}: {len(loaded.rules)} rules compiled; {loaded.digest}", highlight=False
    )
    return 0
