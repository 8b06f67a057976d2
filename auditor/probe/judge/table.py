"""Tables of prompts and answers, labelled row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from auditor.error import UsageError
from auditor.probe.judge.grade import Graded
from auditor.probe.judge.rules import judge
from auditor.record.observation import Text
from auditor.record.request import Grade

Format = Literal["csv", "jsonl"]
Row = dict[str, object]


def table_format(path: Path, wanted: str | None) -> Format:
    """The format of a table: the one asked for, otherwise by the file's ending.

    Raises:
        UsageError: Neither says csv or jsonl.
    """
    found = wanted or {".csv": "csv", ".jsonl": "jsonl"}.get(path.suffix.lower())
    if found == "csv":
        return "csv"
    if found == "jsonl":
        return "jsonl"
    raise UsageError(
        f"{wanted or path.suffix or 'no ending'} is no table format", where=str(path), fix="give csv or jsonl"
    )


def read_rows(path: Path, form: Format) -> Iterator[Row]:
    """Rows of a table in UTF-8, as mappings from column to value.

    Raises:
        UsageError: The file cannot be read, or a line is no JSON object.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from _records(stream, path) if form == "csv" else _objects(stream, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"cannot read the table: {error}", where=str(path), fix="give a CSV or JSONL file in UTF-8"
        ) from error


def _records(lines: Iterable[str], path: Path) -> Iterator[Row]:
    reader = csv.DictReader(lines, restkey="")
    for row in reader:
        if "" in row:
            raise UsageError(
                "a row has more cells than the header",
                where=f"{path}, line {reader.line_num}",
                fix="quote cells that hold commas, and name every column",
            )
        yield dict(row)


def _objects(lines: Iterable[str], path: Path) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise UsageError(
                "the line is no JSON object", where=f"{path}, line {number}", fix="write one object per line"
            )
        yield row


def labelled_by_rules(rows: Iterable[Row], asked: Iterable[Grade]) -> Iterator[Row]:
    """Each row with the columns ``judge_label`` and ``judge_rule``; a missing answer is unscored."""
    for row, one in zip(rows, asked, strict=True):
        seen = judge(one.prompt, Text(text=one.answer))
        yield {**row, "judge_label": seen.label, "judge_rule": seen.rule}


def labelled_by_grades(rows: Iterable[Row], grades: Iterable[Graded]) -> Iterator[Row]:
    """Each row with the columns ``judge_label``, ``judge_probability`` and ``judge_doubtful``.

    The probability is the judge's belief in its label; it is empty where the answer is unscored.
    """
    for row, one in zip(rows, grades, strict=True):
        probability = None if one.probability is None else round(one.probability, 4)
        yield {
            **row,
            "judge_label": one.label,
            "judge_probability": probability,
            "judge_doubtful": one.doubtful,
        }


def grades_wanted(
    rows: Iterable[Row], *, prompt_column: str, answer_column: str, where: str
) -> Iterator[Grade]:
    """What a judge is asked of each row.

    Raises:
        UsageError: A row lacks one of the columns.
    """
    for number, row in enumerate(rows, start=1):
        prompt, answer = (
            cell(row, name, f"{where}, row {number}") for name in (prompt_column, answer_column)
        )
        yield Grade(prompt=prompt, answer=answer)


def cell(row: Mapping[str, object], name: str, where: str) -> str:
    """A row's value as text, empty where it is missing.

    Raises:
        UsageError: The row has no such column.
    """
    if name not in row:
        columns = ", ".join(str(column) for column in row)
        raise UsageError(f"there is no column {name}", where=where, fix=f"name one of: {columns}")
    value = row[name]
    return "" if value is None else str(value)


def write_rows(rows: Iterable[Row], path: Path, form: Format) -> None:
    """Write rows; the columns of a CSV file are the first row's.

    Raises:
        UsageError: The file cannot be written, or rows of a CSV file differ in their columns.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            if form == "jsonl":
                stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                return
            writer: csv.DictWriter[str] | None = None
            for row in rows:
                if writer is None:
                    writer = csv.DictWriter(stream, list(row))
                    writer.writeheader()
                writer.writerow(row)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot write the table: {error}", where=str(path), fix="check --out and the table's columns"
        ) from error
