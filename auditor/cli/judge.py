"""``auditor judge``: label a table of prompts and answers, or compare a judge with people's labels."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.scan.plan_file import DEFAULT_JUDGE

if TYPE_CHECKING:
    from auditor.probe.judge.table import Row
    from auditor.record.observation import Answer
    from auditor.record.request import Grade
    from auditor.target.protocol import OpenOptions


class OffTopicCounted(StrEnum):
    """How an answer is counted that neither refuses nor answers."""

    COMPLIED = "complied"
    REFUSED = "refused"
    LEFT_OUT = "left-out"


EXAMPLES = """
[bold]Examples[/bold]

  Label a table with the columns prompt and answer:
    auditor judge answers.csv --out labelled.csv

  Other columns, another format:
    auditor judge log.jsonl --prompt-column question --answer-column reply --out labelled.csv

  By rules alone, or by a model that reads the answers:
    auditor judge answers.csv --judge rules --out labelled.csv
    auditor judge answers.csv --judge openai:judge@http://127.0.0.1:8000/v1 --out labelled.csv

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
    judge_: Annotated[
        str, typer.Option("--judge", help="embedding, rules, hf:MODEL or openai:MODEL@URL.")
    ] = DEFAULT_JUDGE,
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
    off_topic: Annotated[
        OffTopicCounted,
        typer.Option(help="What an answer that neither refuses nor answers means in --label-column."),
    ] = OffTopicCounted.COMPLIED,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    api_key_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds an endpoint's key.")
    ] = None,
) -> int:
    """Label answers refuse, partial, comply, off-topic or unscored."""
    from auditor.error import UsageError
    from auditor.probe.judge.rules import LABELS
    from auditor.probe.judge.table import read_rows, table_format, write_rows
    from auditor.target.protocol import OpenOptions

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
    options = OpenOptions(device=device, api_key_env=api_key_env)
    rows = _labelled(list(read), (prompt_column, answer_column), table, judge_, options)
    lines = (
        _evaluated(rows, table, label_column, source_column, refused, off_topic)
        if label_column is not None
        else []
    )
    if out is not None and written is not None:
        write_rows(rows, out, written)
    counts = Counter(row["judge_label"] for row in rows)
    typer.echo(f"{len(rows)} answers: " + ", ".join(f"{counts[label]} {label}" for label in LABELS))
    for line in lines:
        typer.echo(line)
    return 0


def _labelled(
    rows: list[Row], columns: tuple[str, str], table: Path, locator: str, options: OpenOptions
) -> list[Row]:
    """The rows with what the judge says of each; the same answer to the same prompt is asked about once."""
    from auditor.cli.follow import following
    from auditor.probe.judge.grade import grade_of
    from auditor.probe.judge.table import grades_wanted, labelled_by_grades, labelled_by_rules
    from auditor.scan.judge.open import RULES, open_judge

    asked = list(grades_wanted(rows, prompt_column=columns[0], answer_column=columns[1], where=str(table)))
    if locator == RULES:
        return list(labelled_by_rules(rows, asked))
    target = open_judge(locator, options)
    once = list(dict.fromkeys(asked))
    grades: dict[Grade, Answer] = {}
    with following(quiet=False) as listener:
        listener.asking("the judge", len(once))
        for batch in target.batches(once):
            grades.update((once[place], answer) for place, answer in batch)
            listener.answered("the judge", len(batch))
    target.close()
    return list(labelled_by_grades(rows, (grade_of(grades.get(one)) for one in asked)))


def _evaluated(
    rows: list[Row],
    table: Path,
    label_column: str,
    source_column: str | None,
    refused: list[str] | None,
    off_topic: OffTopicCounted,
) -> list[str]:
    from auditor.error import UsageError
    from auditor.probe.judge.evaluation import Rated, compare, described, refused_by_people
    from auditor.probe.judge.rules import LABELS
    from auditor.probe.judge.table import cell

    words = frozenset(word.strip().casefold() for word in refused or ())
    told = []
    for number, row in enumerate(rows, start=1):
        where = f"{table}, row {number}"
        person = refused_by_people(cell(row, label_column, where), words, where)
        source = cell(row, source_column, where) if source_column is not None else "all"
        label = next(one for one in LABELS if one == row["judge_label"])
        # The rules know no probability: an answer that they call partial is one that they doubt.
        doubtful = bool(row.get("judge_doubtful", label == "partial"))
        if person is not None:
            told.append(Rated(source, person, label, doubtful))
    if not told:
        raise UsageError(
            "no row has a label by people", where=f"{table}, column {label_column}", fix="label some answers"
        )
    lines = [line for one in compare(told, off_topic.value) for line in ("", *described(one))]
    without = len(rows) - len(told)
    return [*lines, f"\n{without} answers without a label by people were left out"] if without else lines
