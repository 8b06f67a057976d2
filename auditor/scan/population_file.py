"""The population file: a table of recorded models, who made them, when, and whom they learned from.

CSV, JSON Lines or YAML (a list, or a list under ``models``), by the file's ending. Columns:

- ``name``: short name, unique in the table.
- ``answers``: file of its recorded answers, ``FILE`` or ``FILE#MODEL``, relative to the table's folder.
- ``organisation``: who released it. Own organisations are never each other's yardstick.
- ``released``: ``2024-05-13``, ``2024-05`` or ``2024``. A model released later cannot have been a teacher.
- ``independent``: ``yes`` where it is documented that its maker trained it first-hand and on no other
  model's outputs. Only such models are a yardstick, so that a wrong "yes" weakens every answer.
- ``lineage``: of an independent model the line that it belongs to (its organisation if left out); of any
  other the names of models, lines or organisations that it is declared to come from, parted by ``;``.
- ``candidate``: ``yes`` or ``no``, whether it may be named as a teacher; independent models may.
- ``sample_of``: name of the model that this is a further sample of (other seed, temperature or prompt), or
  ``suspect``. Such a row shows how alike a model is to itself and takes no other part.
- ``source``, ``note``: where the entries come from; kept for people.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from auditor.error import UsageError

#: What ``sample_of`` says where it means the model under suspicion.
SUSPECT = "suspect"
#: Other spellings of the columns' names.
_SPELLINGS = {
    "model": "name",
    "file": "answers",
    "path": "answers",
    "organization": "organisation",
    "org": "organisation",
    "vendor": "organisation",
    "date": "released",
    "release_date": "released",
    "first_party": "independent",
}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0", "")
_FIX = "columns: name, answers, organisation, released, independent, lineage, candidate, sample_of, note"


class RecordedModel(BaseModel):
    """One row; see the module for what the columns hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    answers: str
    organisation: str = ""
    released: str = ""
    independent: bool = False
    lineage: tuple[str, ...] = ()
    candidate: bool | None = None
    sample_of: str = ""
    source: str = ""
    note: str = ""

    @field_validator("name", "answers")
    @classmethod
    def _there(cls, value: str) -> str:
        if not value:
            raise ValueError("it is empty")
        return value

    @field_validator("released", mode="before")
    @classmethod
    def _dated(cls, value: Any) -> str:
        text = value.isoformat() if isinstance(value, date) else str(value)
        if text and not (_DATE.fullmatch(text) and _is_day((text + "-01-01")[:10])):
            raise ValueError(f"'{text[:40]}' is no date; write 2024-05-13, 2024-05 or 2024")
        return text

    @field_validator("independent", "candidate", mode="before")
    @classmethod
    def _yes_or_no(cls, value: Any) -> bool:
        word = str(value).strip().casefold()
        if word not in (*_YES, *_NO):
            raise ValueError(f"'{word[:40]}' is neither yes nor no")
        return word in _YES

    @field_validator("lineage", mode="before")
    @classmethod
    def _parted(cls, value: Any) -> Any:
        parts = value.split(";") if isinstance(value, str) else value
        return [str(one).strip() for one in parts if str(one).strip()]

    @property
    def may_teach(self) -> bool:
        """Whether it is a candidate teacher."""
        return self.independent if self.candidate is None else self.candidate

    @property
    def details(self) -> tuple[tuple[str, str], ...]:
        """What is known of the model, as the named facts of a subject."""
        facts = {
            "released": self.released,
            "independent": "yes" if self.independent else "no",
            "lineage": "; ".join(self.lineage),
            "candidate": "yes" if self.may_teach and not self.sample_of else "no",
            "documented by": self.source,
        }
        return tuple((name, value) for name, value in facts.items() if value)


def read_population(path: Path) -> tuple[RecordedModel, ...]:
    """The rows of a population file, each with the full path of its answers.

    Raises:
        UsageError: If the file is missing or malformed, a column is unknown, a name is there twice, or a
            row is a sample of a model that is not in the table.
    """
    rows: dict[str, RecordedModel] = {}
    for place, raw in _records(path):
        one = _row(raw, f"{path}, {place}")
        if one.name in rows:
            raise UsageError(f"the name '{one.name}' is there twice", where=f"{path}, {place}")
        rows[one.name] = one.model_copy(update={"answers": _beside(path, one.answers)})
    if not rows:
        raise UsageError("the population file holds no model", where=str(path), fix=_FIX)
    for one in rows.values():
        if one.sample_of and one.sample_of != SUSPECT and one.sample_of not in rows:
            raise UsageError(
                f"{one.name} is a sample of '{one.sample_of}', which is not in the table",
                where=str(path),
                fix="write the name of another row, or 'suspect'",
            )
    return tuple(rows.values())


def _row(raw: object, where: str) -> RecordedModel:
    if not isinstance(raw, Mapping):
        raise UsageError("an entry of the population file is no row of named columns", where=where, fix=_FIX)
    named: dict[str, Any] = {}
    for key, value in raw.items():
        plain = str(key).strip().casefold().replace(" ", "_")
        column = _SPELLINGS.get(plain, plain)
        if value is None or value == "":
            continue
        if column in named:
            raise UsageError(f"the column '{column}' is there twice", where=where)
        named[column] = value.strip() if isinstance(value, str) else value
    try:
        return RecordedModel.model_validate(named)
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(str(part) for part in first["loc"])
        what = f"the column '{column}' is malformed: {first['msg']}"
        if first["type"] == "extra_forbidden":
            what = f"there is no column '{column}'"
        elif first["type"] == "missing":
            what = f"the column '{column}' is missing or empty"
        raise UsageError(what, where=where, fix=_FIX) from error


def _records(path: Path) -> Iterator[tuple[str, object]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the population file cannot be read: {error}", where=str(path), fix="check the path"
        ) from error
    try:
        if path.suffix in (".yaml", ".yml", ".json"):
            body = yaml.safe_load(text)
            listed = body.get("models") if isinstance(body, Mapping) else body
            for number, one in enumerate(listed if isinstance(listed, list) else [], start=1):
                yield f"entry {number}", one
        elif path.suffix in (".jsonl", ".ndjson"):
            for number, line in enumerate(text.splitlines(), start=1):
                if line.strip():
                    yield f"line {number}", json.loads(line)
        else:
            reader = csv.DictReader(io.StringIO(text, newline=""), restkey="a column without a name")
            for one in reader:
                yield f"line {reader.line_num}", one
    except (yaml.YAMLError, ValueError, csv.Error, RecursionError) as error:
        raise UsageError(
            f"the population file is malformed: {error}", where=str(path), fix="end it .csv, .jsonl or .yaml"
        ) from error


def _beside(path: Path, answers: str) -> str:
    return str(path.resolve().parent / Path(answers.removeprefix("recorded:")).expanduser())


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
