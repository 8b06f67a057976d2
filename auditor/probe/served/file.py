"""A user's file of served answers: JSONL or CSV, with the usual names of columns understood."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from auditor.error import UsageError

#: Our name of a column -> other names that logs give it. The first one that a row has is taken.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "messages", "instruction", "question", "input"),
    "answer": ("answer", "response", "completion", "output"),
    "account": ("account", "account_id", "user", "user_id", "api_key_id", "organisation"),
    "time": ("time", "timestamp", "created", "created_at"),
    "id": ("id", "request_id"),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "max_tokens": ("max_tokens", "max_completion_tokens"),
    "revision": ("revision", "teacher_revision", "system_fingerprint"),
}
_NUMBERS = ("temperature", "top_p", "max_tokens")
_FORM = "give JSONL or CSV with the columns prompt and answer (and account, time, temperature, ...)"


def read_rows(path: Path) -> tuple[dict[str, Any], ...]:
    """The rows of a log under our names of columns; other columns are left out.

    Raises:
        UsageError: If the file is missing, malformed, or has no row with a prompt and an answer.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the served log cannot be read: {error}", where=str(path), fix=_FORM) from error
    found = list(_csv_rows(text, path) if path.suffix.lower() == ".csv" else _json_rows(text, path))
    if not found:
        raise UsageError("the served log holds no row", where=str(path), fix=_FORM)
    rows = []
    for number, row in found:
        renamed = _renamed(row)
        for needed in ("prompt", "answer"):
            if needed not in renamed:
                raise UsageError(
                    f"row {number} of the served log has no {needed}", where=str(path), fix=_FORM
                )
        rows.append(renamed)
    return tuple(rows)


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise UsageError(f"line {number} is not JSON: {error}", where=str(path), fix=_FORM) from error
        if not isinstance(row, dict):
            raise UsageError(f"line {number} is not a JSON object", where=str(path), fix=_FORM)
        yield number, row


def _csv_rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        for number, row in enumerate(csv.DictReader(text.splitlines(keepends=True), strict=True), start=1):
            yield number, {key: _number(key, value) for key, value in row.items() if key and value != ""}
    except csv.Error as error:
        raise UsageError(f"the served log is not CSV: {error}", where=str(path), fix=_FORM) from error


def _number(column: str, value: str) -> str | float:
    if not any(column in _NAMES[name] for name in _NUMBERS):
        return value
    try:
        return float(value)
    except ValueError:
        return value  # the reader of rows says which one is no number


def _renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, known in _NAMES.items():
        value = next((row[one] for one in known if row.get(one) is not None), None)
        if value is not None:
            found[name] = value if name in ("prompt", "answer", *_NUMBERS) else str(value)
    return found
