"""The command line as a whole: its commands, and how it ends.

Exit statuses: 0 pass, 1 the policy failed, 2 usage or configuration, 3 inconclusive, 4 evidence
integrity, 5 the tool failed, 130 interrupted.
"""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape

from auditor import __version__
from auditor.cli import (
    bundle,
    card,
    demo,
    diff,
    explore,
    init,
    judge,
    label,
    ledger,
    models,
    policy,
    probes,
    report,
    scan,
    seal,
    validate,
    verify,
    zoo,
)
from auditor.error import AuditorError


def _leave(status: int | None, **_: object) -> None:
    """Every command returns the status that the process ends with."""
    raise typer.Exit(status or 0)


app = typer.Typer(
    name="auditor",
    result_callback=_leave,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Was this model distilled from that one, and what did it lose or hide on the way?\n\n"
        "Start with [bold]auditor demo[/bold]: it audits two small models that ship with the package."
    ),
    epilog=(
        "Exit statuses: 0 pass, 1 policy failed, 2 usage or configuration, 3 inconclusive, "
        "4 evidence integrity, 5 the tool failed."
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"auditor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and leave."
    ),
) -> None:
    """Options that stand before any command."""


app.command("demo", epilog=demo.EXAMPLES)(demo.demo)
app.command("init", epilog=init.EXAMPLES)(init.init)
app.command("scan", epilog=scan.EXAMPLES)(scan.scan)
app.command("validate", epilog=validate.EXAMPLES)(validate.validate)
app.command("report", epilog=report.EXAMPLES)(report.report)
app.command("diff", epilog=diff.EXAMPLES)(diff.diff)
app.command("explore", epilog=explore.EXAMPLES)(explore.explore)
app.command("seal", epilog=seal.EXAMPLES)(seal.seal)
app.command("bundle", epilog=bundle.EXAMPLES)(bundle.bundle)
app.command("verify", epilog=verify.EXAMPLES)(verify.verify)
app.command("card", epilog=card.EXAMPLES)(card.card)
app.command("judge", epilog=judge.EXAMPLES)(judge.judge)
app.command("label", epilog=label.EXAMPLES)(label.label)
app.add_typer(probes.app, name="probes")
app.add_typer(policy.app, name="policy")
app.add_typer(models.app, name="models")
app.add_typer(ledger.app, name="ledger")
app.add_typer(zoo.app, name="zoo")


def run(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit status. Errors that a user can meet are one line on standard error, never a traceback.
    """
    try:
        app(arguments)
    except AuditorError as error:
        complaints = Console(stderr=True, soft_wrap=True)
        complaints.print(f"[bold red]error:[/bold red] {escape(str(error))}", highlight=False)
        return error.exit_status
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 0
    return 0
