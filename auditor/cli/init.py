"""``auditor init``: write a commented plan file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

from auditor.error import UsageError
from auditor.scan.plan_template import TEMPLATE

EXAMPLES = """
[bold]Examples[/bold]

  auditor init
  auditor init --suspect ./student release.yaml
"""


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("plan.yaml"),
    suspect: Annotated[str, typer.Option(help="Locator of the model to audit.")] = "./student",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> int:
    """Write a commented plan file for `auditor scan --plan`."""
    if path.exists() and not force:
        raise UsageError(
            "the file is there already", where=str(path), fix="choose another name or add --force"
        )
    try:
        path.write_text(TEMPLATE.format(suspect=_quoted(suspect)), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the plan file cannot be written: {error.strerror}", where=str(path)) from error
    typer.echo(f"Wrote {path}. Edit it, then run: auditor scan --plan {path}")
    return 0


def _quoted(text: str) -> str:
    """A YAML scalar that reads back as ``text`` whatever it holds."""
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1 << 30).strip()
