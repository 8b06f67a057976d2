"""``auditor policy``: look at the rules before they judge anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="Look at policy packs.", rich_markup_mode="rich")
_PACK = typer.Argument(help="Name of a shipped pack, or a file.")


@app.command(
    epilog="[bold]Examples[/bold]\n\n  auditor policy check release-gate\n\n  auditor policy check ./own.yaml"
)
def check(pack: Annotated[str, _PACK]) -> int:
    """Compile a pack and list its rules; a misspelt field or key is an error that says where."""
    from auditor.policy.facts import check as remarks_on
    from auditor.policy.spec import load_policy

    loaded = load_policy(pack)
    table = Table("rule", "severity", "mode", "claim", "title")
    for rule in loaded.rules:
        claim = rule.requires.claim.value if rule.requires else "-"
        table.add_row(rule.id, rule.severity.value, rule.mode.value, claim, escape(rule.title))
    console = Console()
    console.print(table)
    for remark in remarks_on(loaded):
        console.print(f"line {remark.line}, {remark.rule}: {escape(remark.text)}", highlight=False)
    console.print(
        f"{escape(loaded.name)}: {len(loaded.rules)} rules compiled; {loaded.digest}", highlight=False
    )
    return 0


@app.command(epilog="[bold]Examples[/bold]\n\n  auditor policy explain DR-101\n\n  auditor policy explain")
def explain(
    rule: Annotated[
        str | None, typer.Argument(help="Rule; every name a condition may use if left out.")
    ] = None,
    pack: Annotated[str, typer.Option(help="Name of a shipped pack, or a file.")] = "release-gate",
) -> int:
    """Explain a rule in words, or list the names that conditions may use."""
    from auditor.policy.explain import explain_rule, explain_vocabulary
    from auditor.policy.spec import load_policy

    typer.echo(explain_rule(load_policy(pack), rule) if rule else explain_vocabulary(None))
    return 0


@app.command(
    "test",
    epilog="[bold]Examples[/bold]\n\n  auditor policy test release-gate\n\n"
    "  auditor policy test ./own.yaml --cases ./own-cases",
)
def try_cases(
    pack: Annotated[str, _PACK],
    cases: Annotated[
        Path | None,
        typer.Option(help="Folder with RULE.yaml for each rule; cases/NAME beside the pack if left out."),
    ] = None,
) -> int:
    """Try every rule of a pack on its cases; exit status 1 where one does not do what its case expects."""
    from datetime import UTC, datetime

    from auditor import content
    from auditor.policy.case import cases_of, load_cases, try_all, untried
    from auditor.policy.spec import load_policy

    loaded = load_policy(pack)
    known = load_cases(cases_of(pack, cases, content.policies()), loaded)
    console = Console()
    tried = list(try_all(loaded, known, datetime.now(UTC).date()))
    wrong = [one for one in tried if one.complaint]
    for one in wrong:
        console.print(
            f"{one.rule}, {escape(one.case.name)}: {escape(one.complaint)}\n  {escape(one.message)}",
            highlight=False,
        )
    for rule in untried(loaded, known):
        console.print(f"{rule} has no case that fires, or none that is quiet", highlight=False)
    console.print(f"{escape(loaded.name)}: {len(tried)} cases, {len(wrong)} wrong", highlight=False)
    return 1 if wrong or untried(loaded, known) else 0


@app.command(epilog="[bold]Example[/bold]\n\n  auditor policy facts --ledger audit.db > facts.json")
def facts(
    run: Annotated[str | None, typer.Argument(help="Run; the latest if left out.")] = None,
    pack: Annotated[str, typer.Option(help="Name of a shipped pack, or a file.")] = "release-gate",
    ledger: Annotated[Path, typer.Option(help="Evidence ledger.")] = Path("audit.db"),
) -> int:
    """Print what conditions see of a run as JSON, for other policy engines."""
    from auditor.ledger import Ledger
    from auditor.policy.facts import facts as seen_by_conditions
    from auditor.policy.spec import load_policy

    with Ledger.open(ledger, create=False, readonly=True) as evidence:
        scan = evidence.scan(run)
    typer.echo(json.dumps(seen_by_conditions(scan.plan, scan.findings, load_policy(pack)), indent=2))
    return 0
