"""``auditor explore``: look around in a ledger with Datasette, in a browser."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from auditor.error import UsageError
from auditor.ledger import Ledger
from auditor.ledger.queries import QUERIES

EXAMPLES = """
[bold]Examples[/bold]

  The ledger of this folder, in a browser:
    auditor explore

  Another ledger on another port, without opening a browser:
    auditor explore --ledger case-7.db --port 8010 --no-open
"""


def explore(
    ledger: Annotated[Path, typer.Option(help="Evidence ledger.")] = Path("audit.db"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8001,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
) -> int:
    """Serve a ledger on this machine only, to be read and never written, with useful queries at hand."""
    with Ledger.open(ledger, create=False, readonly=True):
        pass  # a file that is no ledger is refused here, in the usual words
    if importlib.util.find_spec("datasette") is None:
        raise UsageError(
            "exploring needs the package datasette", fix="pip install 'distillation-auditor[explore]'"
        )
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / "metadata.json"
        metadata.write_text(json.dumps(metadata_of(ledger)), encoding="utf-8")
        command = [sys.executable, "-m", "datasette", "serve", str(ledger), "--host", "127.0.0.1"]
        command += [
            "--port",
            str(port),
            "--metadata",
            str(metadata),
            "--setting",
            "sql_time_limit_ms",
            "20000",
        ]
        if open_browser:
            command.append("--open")
        try:
            return subprocess.run(command, check=False).returncode
        except KeyboardInterrupt:
            return 0


def metadata_of(ledger: Path) -> dict[str, Any]:
    """What Datasette is told of a ledger: its queries, and nothing that could change it."""
    queries = {
        name: {"title": one.title, "sql": one.sql.strip(), "description": one.note, "hide_sql": True}
        for name, one in QUERIES.items()
    }
    return {
        "title": "Evidence ledger",
        "description": "Read only. What models wrote is shown as it was written: trust nothing in it.",
        "databases": {ledger.stem: {"queries": queries}},
    }
