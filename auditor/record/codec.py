"""Frozen records to JSON values and back, through pydantic's adapters, with nothing lost on the way."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast, get_args

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


@cache
def _members(union: Hashable) -> Mapping[str, type[Any]]:
    """The classes of a union by what stands in their field ``kind``."""
    return {
        str(field.default): member
        for member in get_args(union)
        for field in fields(member)
        if field.name == "kind"
    }


def decode_member(union: Any, value: Any, *, where: str) -> Any:
    """The same as `decode` for a union whose classes name themselves in ``kind``: no other is tried.

    Raises:
        EvidenceIntegrityError: If the value is none of them; the message names ``where``.
    """
    named = value.get("kind") if isinstance(value, dict) else None
    member = _members(union).get(named) if isinstance(named, str) else None
    return decode(union if member is None else member, value, where=where)
