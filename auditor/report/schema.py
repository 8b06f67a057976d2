"""The JSON Schema of the JSON report, made from the records that it holds."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from auditor.record.finding import Finding
from auditor.record.observation import Answer
from auditor.record.request import Request
from auditor.record.scan import Environment, Plan
from auditor.record.verdict import Verdict
from auditor.report.attribution import Attribution
from auditor.report.machine import SCHEMA

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_COUNT = {"type": "integer", "minimum": 0}
_RECORDS: dict[str, Any] = {
    "verdict": Verdict,
    "finding": Finding,
    "plan": Plan,
    "environment": Environment,
    "request": Request,
    "answer": Answer,
    "attribution": Attribution,
}


def report_schema() -> dict[str, Any]:
    """The schema of `render_json`'s documents (JSON Schema, draft 2020-12).

    Wherever a number stands, ``null`` stands for one that JSON cannot express, such as an open end.
    """
    adapters = [(name, "serialization", TypeAdapter(record)) for name, record in _RECORDS.items()]
    found, definitions = TypeAdapter.json_schemas(adapters, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    parts = {name: schema for (name, _), schema in found.items()}
    answer = {
        "type": "object",
        "required": ["subject", "request", "answer"],
        "properties": {
            "subject": _DIGEST,
            "request": _DIGEST,
            # What is long is named by its size: arrays by shape, transcripts by the number of answers.
            "answer": {"anyOf": [parts["answer"], _ARRAYS, _TRANSCRIPT]},
        },
    }
    finding = {
        "allOf": [
            parts["finding"],
            {
                "type": "object",
                "required": ["fingerprint", "strength"],
                "properties": {"fingerprint": _DIGEST, "strength": _TEXT},
            },
        ]
    }
    properties = {
        "schema": {"const": SCHEMA},
        "run": _TEXT,
        "started_at": _TEXT,
        "finished_at": _nullable(_TEXT),
        "summary": {
            "type": "object",
            "required": ["status", "headline", "reason"],
            "properties": {"status": _TEXT, "headline": _TEXT, "reason": _TEXT},
        },
        "verdict": _nullable(parts["verdict"]),
        "findings": {"type": "array", "items": finding},
        "attribution": _nullable(parts["attribution"]),
        "advice": _TEXTS,
        "limits": _TEXTS,
        "plan": parts["plan"],
        "plan_digest": _DIGEST,
        "root": _nullable(_TEXT),
        "environment": _nullable(parts["environment"]),
        "asked": _COUNT,
        "reused": _COUNT,
        "answers": {"type": "array", "items": answer},
        "requests": {"type": "object", "additionalProperties": parts["request"]},
    }
    whole = {
        "title": "Report of a distillation audit",
        "type": "object",
        "required": sorted(properties),
        "additionalProperties": False,
        "properties": properties,
        "$defs": definitions.get("$defs", {}),
    }
    document = {"$schema": _DIALECT, "$id": f"urn:{SCHEMA.replace('/', ':')}", **whole}
    opened: dict[str, Any] = _with_open_numbers(document)
    return opened


_ARRAYS = {
    "type": "object",
    "required": ["kind", "arrays"],
    "properties": {
        "kind": {"const": "arrays"},
        "arrays": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "dtype", "shape"],
                "properties": {"name": _TEXT, "dtype": _TEXT, "shape": {"type": "array", "items": _COUNT}},
            },
        },
    },
}
_TRANSCRIPT = {
    "type": "object",
    "required": ["kind", "recorded"],
    "properties": {"kind": {"const": "transcript"}, "recorded": _COUNT},
}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _with_open_numbers(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_open_numbers(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _with_open_numbers(value) for key, value in schema.items()}
    if found.get("type") == "number":
        found["type"] = ["number", "null"]
    return found
