"""Frozen records to JSON values and back, through pydantic's adapters, with nothing lost on the way."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from auditor.error import EvidenceIntegrityError

T = TypeVar("T")


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", kind))


def encode(record: object) -> Any:
    """The JSON value of a frozen record: dicts, lists, strings, numbers, booleans and None."""
    return _adapter(cast("Hashable", type(record))).dump_python(record, mode="json")


def decode(kind: type[T] | Any, value: Any, *, where: str) -> T:
    """Rebuild a record of ``kind`` (a class or a union of classes) from its JSON value.

    Raises:
        EvidenceIntegrityError: If the value is no such record; the message names ``where``.
    """
    try:
        return cast("T", _adapter(cast("Hashable", kind)).validate_python(value))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise EvidenceIntegrityError(
            f"a record is malformed at '{field}': {first['msg']}",
            where=where,
            fix="restore the ledger from a copy, or start a new one with --ledger",
        ) from error
