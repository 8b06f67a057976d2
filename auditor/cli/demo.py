"""``auditor demo``: the whole audit on small models that ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from auditor.error import UsageError
from auditor.ledger import Ledger

EXAMPLES = """
[bold]Examples[/bold]

  auditor demo
  auditor demo --out my-first-audit
"""


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the ledger and the reports.")] = Path("auditor-demo"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only where the reports are.")] = False,
) -> int:
    """Audit two small models, one of them distilled, and write both reports.

    The first was distilled from one of two teachers, lost its refusals on the way, and was trained on
    the published benchmark. The second is innocent. Takes less than a minute on two cores.
    """
    from auditor.cli.follow import following
    from auditor.report.terminal import render_terminal
    from auditor.report.view import build_view
    from auditor.report.write import write_report
    from auditor.scan.conduct import conduct
    from auditor.scan.plan_file import load_plan_file
    from auditor.zoo.demo import PLAN_FILE, SUSPECTS

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder cannot be made: {error.strerror}", where=str(out)) from error
    wanted = load_plan_file(PLAN_FILE)
    console = Console()
    written: list[Path] = []
    with Ledger.open(out / "audit.db") as evidence:
        for suspect in SUSPECTS:
            with following(quiet=quiet) as listener:
                finished = conduct(wanted.model_copy(update={"suspect": suspect}), evidence, listener)
            path = out / f"{finished.plan.suspect.name}.html"
            write_report(finished, path, "html")
            written.append(path)
            if not quiet:
                render_terminal(build_view(finished), console)
    for path in written:
        console.print(f"Report: {escape(str(path))}", highlight=False, soft_wrap=True)
    return 0
