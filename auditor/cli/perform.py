"""A scan conducted with its progress shown."""

from __future__ import annotations

from pathlib import Path

import typer

from auditor.ledger import Ledger
from auditor.scan.plan_file import PlanFile

#: Exit status after Ctrl-C, as shells have it.
INTERRUPTED = 130


def perform(wanted: PlanFile, reports: tuple[Path, ...], *, as_json: bool, quiet: bool) -> int:
    """Conduct a scan with its progress shown, then show what came of it."""
    from auditor.cli.follow import following
    from auditor.cli.outcome import format_of, show
    from auditor.scan.conduct import conduct

    for path in reports:
        format_of(path)  # a misspelt ending must not cost the user a finished scan
    try:
        with Ledger.open(wanted.ledger) as evidence, following(quiet=quiet or as_json) as listener:
            finished = conduct(wanted, evidence, listener)
    except KeyboardInterrupt:
        typer.echo(
            "interrupted; all answers so far are kept, and the same command goes on from there", err=True
        )
        return INTERRUPTED
    return show(finished, as_json=as_json, quiet=quiet, reports=reports)
