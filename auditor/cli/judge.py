"""``auditor judge``: label a table of prompts and answers, or compare a judge with people's labels."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from auditor.probe.judge.table import Row

EXAMPLES = """
[bold]Examples[/bold]

  Label a table with the columns prompt and answer:
    auditor judge answers.csv --out labelled.csv

  Other columns, another format:
    auditor judge log.jsonl --prompt-column question --answer-column reply --out labelled.csv

  How well the judge agrees with people, for each source of answers:
    auditor judge answers.csv --evaluate --label-column human --source-column model
"""


def judge(
    table: Annotated[Path, typer.Argument(help="Table of prompts and answers, CSV or JSONL.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Labelled table to write: .csv or .jsonl; not needed to evaluate."),
    ] = None,
    prompt_column: Annotated[str, typer.Option(help="Column of the prompts.")] = "prompt",
    answer_column: Annotated[str, typer.Option(help="Column of the answers.")] = "answer",
    form: Annotated[
        str | None, typer.Option("--format", help="csv or jsonl; by the file's ending if left out.")
    ] = None,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Compare the judge with the labels in --label-column.")
    ] = False,
    label_column: Annotated[
        str | None,
        typer.Option(
            help="Column of people's labels: refuse, partial, comply, or 0 (complied) to 1 (refused)."
        ),
    ] = None,
    source_column: Annotated[
        str | None,
        typer.Option(help="Column that names where an answer comes from; compared each by itself."),
    ] = None,
    refused: Annotated[
        list[str] | None,
        typer.Option(help="A value of --label-column that means refused; all others then mean complied."),
    ] = None,
) -> int:
    """Label answers refuse, partial, comply, off-topic or unscored, by rules and without any model."""
    from auditor.error import UsageError
    from auditor.probe.judge.rules import LABELS
    from auditor.probe.judge.table import labelled, read_rows, table_format, write_rows

    if evaluate and label_column is None:
        raise UsageError(
            "nothing to compare the judge with", fix="name the people's column by --label-column"
        )
    if not evaluate and (label_column or source_column or refused):
        raise UsageError(
            "--label-column, --source-column and --refused are for evaluating", fix="add --evaluate"
        )
    if out is None and not evaluate:
        raise UsageError("there is nowhere to write the labels", fix="name a file by --out")
    if out is not None and out.resolve() == table.resolve():
        raise UsageError("--out is the table itself", where=str(out), fix="name another file")
    written = None if out is None else table_format(out, None)
    read = read_rows(table, table_format(table, form))
    rows = list(labelled(read, prompt_column=prompt_column, answer_column=answer_column, where=str(table)))
    lines = _evaluated(rows, table, label_column, source_column, refused) if label_column is not None else []
    if out is not None and written is not None:
        write_rows(rows, out, written)
    counts = Counter(row["judge_label"] for row in rows)
    typer.echo(f"{len(rows)} answers: " + ", ".join(f"{counts[label]} {label}" for label in LABELS))
    for line in lines:
        typer.echo(line)
    return 0


def _evaluated(
    rows: list[Row], table: Path, label_column: str, source_column: str | None, refused: list[str] | None
) -> list[str]:
    from auditor.error import UsageError
    from auditor.probe.judge.evaluation import compare, described, refused_by_people
    from auditor.probe.judge.rules import LABELS
    from auditor.probe.judge.table import cell

    words = frozenset(word.strip().casefold() for word in refused or ())
    told = []
    for number, row in enumerate(rows, start=1):
        where = f"{table}, row {number}"
        person = refused_by_people(cell(row, label_column, where), words, where)
        source = cell(row, source_column, where) if source_column is not None else "all"
        label = next(one for one in LABELS if one == row["judge_label"])
        if person is not None:
            told.append((source, person, label))
    if not told:
        raise UsageError(
            "no row has a label by people", where=f"{table}, column {label_column}", fix="label some answers"
        )
    lines = [line for one in compare(told) for line in ("", *described(one))]
    without = len(rows) - len(told)
    return [*lines, f"\n{without} answers without a label by people were left out"] if without else lines
