"""The published JSON Schema: it is the one in the repository, it holds for every report, and it can fail."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import report_specimens as specimens
from jsonschema import Draft202012Validator

from auditor.record.scan import Scan
from auditor.report.machine import SCHEMA, render_json
from auditor.report.schema import report_schema

NAME = f"report-{SCHEMA.rsplit('/', 1)[1]}.schema.json"
PUBLISHED = Path(__file__).resolve().parents[2] / "reports" / "schema" / NAME
VALIDATOR = Draft202012Validator(report_schema())
SCANS = [
    specimens.failing,
    specimens.passing,
    specimens.inconclusive,
    specimens.hostile,
    specimens.waived,
    specimens.unjudged,
]


def test_the_published_schema_is_what_the_records_say() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == report_schema()
    Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("make", SCANS)
def test_every_report_fits(make: Callable[[], Scan]) -> None:
    errors = [one.message for one in VALIDATOR.iter_errors(json.loads(render_json(make())))]
    assert errors == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "another/1"),
        (("asked",), -1),
        (("plan_digest",), "md5:1"),
        (("findings", 0, "outcome"), "guilty"),
        (("findings", 0, "claim"), 7),
        (("findings", 0, "fingerprint"), None),
        (("verdict", "status"), "maybe"),
        (("plan", "subjects", 0, "role"), "witness"),
    ],
)
def test_a_report_that_says_something_else_does_not_fit(path: tuple[str | int, ...], value: Any) -> None:
    document = copy.deepcopy(json.loads(render_json(specimens.failing())))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not VALIDATOR.is_valid(document)


def test_nothing_may_be_missing_or_added() -> None:
    document = json.loads(render_json(specimens.failing()))
    for key in document:
        assert not VALIDATOR.is_valid({name: value for name, value in document.items() if name != key}), key
    assert not VALIDATOR.is_valid({**document, "opinion": "guilty"})
