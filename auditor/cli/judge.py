"""``auditor judge``: label a table of prompts and answers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
[bold]Examples[/bold]

  Label a table with the columns prompt and answer:
    auditor judge answers.csv --out labelled.csv

  Other columns, another format:
    auditor judge log.jsonl --prompt-column question --answer-column reply --out labelled.csv
"""


def judge(
    table: Annotated[Path, typer.Argument(help="Table of prompts and answers, CSV or JSONL.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Labelled table to write: .csv or .jsonl.")],
    prompt_column: Annotated[str, typer.Option(help="Column of the prompts.")] = "prompt",
    answer_column: Annotated[str, typer.Option(help="Column of the answers.")] = "answer",
    form: Annotated[
        str | None, typer.Option("--format", help="csv or jsonl; by the file's ending if left out.")
    ] = None,
) -> int:
    """Label answers refuse, partial, comply, off-topic or unscored, by rules and without any model."""
    from auditor.error import UsageError
    from auditor.probe.judge.rules import LABELS
    from auditor.probe.judge.table import labelled, read_rows, table_format, write_rows

    if out.resolve() == table.resolve():
        raise UsageError("--out is the table itself", where=str(out), fix="name another file")
    written = table_format(out, None)
    read = read_rows(table, table_format(table, form))
    rows = list(labelled(read, prompt_column=prompt_column, answer_column=answer_column, where=str(table)))
    write_rows(rows, out, written)
    counts = Counter(row["judge_label"] for row in rows)
    typer.echo(f"{len(rows)} answers: " + ", ".join(f"{counts[label]} {label}" for label in LABELS))
    return 0
