"""``auditor probes``: what can be asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from auditor import content

app = typer.Typer(no_args_is_help=True, help="Show what can be asked.", rich_markup_mode="rich")
_FOLDERS = typer.Option("--probe-folder", help="Folder of further suites.")


@app.command("list", epilog="[bold]Example[/bold]\n\n  auditor probes list")
def list_(
    probe_folder: Annotated[list[Path] | None, _FOLDERS] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """List suites and probes."""
    from auditor.probe.registry import load_suites, suites

    folders = (content.probes(), *(probe_folder or ()))
    specs = load_suites(tuple(suites(folders)), folders)
    if as_json:
        rows = [
            {"probe": s.id, "claim": s.file.claim, "method": s.file.method, "title": s.file.title}
            for s in specs
        ]
        typer.echo(json.dumps(rows, indent=2))
        return 0
    table = Table("probe", "claim", "guarantee", "title")
    for spec in specs:
        table.add_row(spec.id, spec.file.claim.value, escape(spec.file.guarantee), escape(spec.file.title))
    Console().print(table)
    return 0


@app.command(epilog="[bold]Example[/bold]\n\n  auditor probes show refusal/refusal-retention")
def show(
    probe: Annotated[str, typer.Argument(help="suite/probe-id")],
    probe_folder: Annotated[list[Path] | None, _FOLDERS] = None,
    items: Annotated[int, typer.Option(min=0, help="Items to show.")] = 3,
) -> int:
    """Show one probe: claim, null, guarantee, parameters and its first items."""
    from auditor.probe.registry import load_suites, method

    (spec,) = load_suites((probe,), (content.probes(), *(probe_folder or ())))
    chosen = method(spec.file.method)
    console = Console()
    console.print(f"[bold]{escape(spec.file.title)}[/bold]  ({spec.id})\n")
    console.print(escape(spec.file.description))
    needs = ", ".join(f"{access.label} of the {role}" for role, access in chosen.needs.items())
    uses = ", ".join(f"{access.label} of a {role}" for role, access in chosen.uses.items())
    lines = {
        "Claim": spec.file.claim.value,
        "Method": spec.file.method,
        "Null": spec.file.null_hypothesis,
        "Guarantee": spec.file.guarantee,
        "Needs": needs,
        "Uses": uses or "nothing else",
        "Source": spec.file.source,
        "Digest": spec.digest,
        "Items": str(len(spec.items) or "made by generators"),
    }
    for name, value in lines.items():
        console.print(f"[bold]{name}:[/bold] {escape(value)}", highlight=False)
    for name, field in chosen.parameters.model_fields.items():
        value = spec.file.parameters.get(name, field.default)
        console.print(f"  {name} = {escape(str(value))}", highlight=False)
    for item in spec.items[:items]:
        console.print(escape(json.dumps(item, ensure_ascii=False)), highlight=False)
    return 0
