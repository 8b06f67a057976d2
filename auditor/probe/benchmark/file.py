"""A user's benchmark: JSONL, JSON, CSV or Parquet, or a data set of the hub, as rows of items."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from auditor.error import UsageError
from auditor.probe.benchmark.layout import canonical
from auditor.target.inspect_log import InspectLogError, is_inspect_log, read_inspect_log

_FORM = (
    "give JSONL, JSON, CSV or Parquet with question, answer and, for multiple choice, options; or a log of "
    "lm-eval or Inspect; or hub:NAME, hub:NAME:CONFIG or hub:NAME:CONFIG:SPLIT"
)
_HUB = "hub:"
#: Fewer items say nothing about anybody.
FEWEST = 20


def read_benchmarks(locators: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """The items of several benchmarks, each with the name of its benchmark and an identity of its own.

    Questions that stand in a benchmark more than once are taken once.

    Args:
        locators: Paths, or ``hub:NAME[:CONFIG[:SPLIT]]``.

    Raises:
        UsageError: If one cannot be read, has an unknown layout, or two have the same name.
    """
    found: list[dict[str, Any]] = []
    names: set[str] = set()
    for locator in locators:
        name = locator.removeprefix(_HUB) if locator.startswith(_HUB) else Path(locator).stem
        if name in names:
            raise UsageError(
                f"two benchmarks are called {name}", where=locator, fix="rename one of the files"
            )
        names.add(name)
        found += _items(name, locator)
    return _with_twins(found)


def _with_twins(items: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Items with the rows that name them in ``twin_of``.

    Where there are such rows, sample logs hold both sides in the words that were put to the model, and these
    are kept, so that recorded answers are found. Where there are none, items are put in words of our own.

    Raises:
        UsageError: If a row is the twin of an item that is not there.
    """
    published = {one["id"]: one for one in items if "twin_of" not in one}
    twins = [one for one in items if "twin_of" in one]
    if not twins:
        asked = ("context", "continuations")
        return tuple({key: value for key, value in one.items() if key not in asked} for one in items)
    for twin in twins:
        if twin["twin_of"] not in published:
            raise UsageError(
                f"item {twin['id']} of {twin['benchmark']} is the twin of '{twin['twin_of']}', "
                "which is not there",
                fix="give the file of the published items as well; their ids are in the column id",
            )
        published[twin["twin_of"]].setdefault("twins", []).append(twin)
    return tuple(published.values())


def _items(name: str, locator: str) -> list[dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {}
    for number, row in _rows(locator):
        try:
            item = canonical(row)
        except UsageError as error:
            raise UsageError(
                f"row {number} of the benchmark: {error.what}", where=locator, fix=error.fix or _FORM
            ) from error
        inner = row.get("doc")
        named = row.get("id") or (inner.get("id") if isinstance(inner, Mapping) else None)
        identity = str(named or row.get("doc_hash") or number)
        seen.setdefault(item["question"], {"benchmark": name, "id": identity, **item})
    if len(seen) < FEWEST:
        raise UsageError(
            f"the benchmark has {len(seen)} different questions, and {FEWEST} are the least",
            where=locator,
            fix=_FORM,
        )
    return list(seen.values())


def _rows(locator: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if locator.startswith(_HUB):
        yield from enumerate(_hub_rows(locator), start=1)
        return
    path = Path(locator)
    ending = path.suffix.lower()
    if ending == ".parquet":
        yield from enumerate(_parquet_rows(path), start=1)
        return
    try:
        data = path.read_bytes()
        if is_inspect_log(data[:4096]):
            yield from enumerate(_inspect_rows(data, locator), start=1)
            return
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the benchmark cannot be read: {error}", where=locator, fix=_FORM) from error
    if ending in (".csv", ".tsv"):
        yield from _csv_rows(text, locator, "\t" if ending == ".tsv" else ",")
    else:
        yield from _json_rows(text, locator)


def _inspect_rows(data: bytes, where: str) -> Iterator[Mapping[str, Any]]:
    """Samples of an Inspect log in the form of a sample log: the item, and the words it was asked in."""
    try:
        samples = read_inspect_log(data)
    except InspectLogError as error:
        raise UsageError(f"the Inspect log {error}", where=where, fix="give a log that is whole") from error
    for one in samples:
        named = {key: one.metadata[key] for key in ("twin_of", "category") if one.metadata.get(key)}
        item = {"id": one.id, "question": one.question, **named}
        if one.choices:
            item |= {"choices": list(one.choices), "answer": ",".join(one.targets)}
        else:
            item |= {"answer": one.targets[0] if one.targets else ""}
        yield {"doc": item, "target": one.targets, "arguments": [[one.prompt]]}


def _json_rows(text: str, where: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        if text.lstrip().startswith("["):
            rows = list(enumerate(json.loads(text), start=1))
        else:
            lines = enumerate(text.split("\n"), start=1)
            rows = [(number, json.loads(line)) for number, line in lines if line.strip()]
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"the benchmark is not JSON: {error}", where=where, fix=_FORM) from error
    for number, row in rows:
        if not isinstance(row, dict):
            raise UsageError(f"row {number} is not a JSON object", where=where, fix=_FORM)
        yield number, row


def _csv_rows(text: str, where: str, delimiter: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True, delimiter=delimiter)
    try:
        for number, row in enumerate(reader, start=1):
            yield number, {key: value for key, value in row.items() if key and value not in (None, "")}
    except csv.Error as error:
        raise UsageError(f"the benchmark is not CSV: {error}", where=where, fix=_FORM) from error


def _parquet_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise UsageError(
            "reading Parquet needs the package pyarrow",
            where=str(path),
            fix="pip install 'distillation-auditor[benchmarks]'",
        ) from error
    try:
        yield from parquet.read_table(path).to_pylist()
    except (OSError, ArrowInvalid) as error:
        raise UsageError(f"the benchmark cannot be read: {error}", where=str(path), fix=_FORM) from error


def _hub_rows(locator: str) -> Iterator[Mapping[str, Any]]:
    name, _, rest = locator.removeprefix(_HUB).partition(":")
    config, _, split = rest.partition(":")
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise UsageError(
            "data sets of the hub need the package datasets",
            where=locator,
            fix="pip install 'distillation-auditor[benchmarks]'",
        ) from error
    try:
        yield from load_dataset(name, config or None, split=split or "test")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the data set cannot be loaded: {error}", where=locator, fix="download it and give the file"
        ) from error
