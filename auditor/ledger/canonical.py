"""RFC 8785 canonical JSON recognised in stored bytes, at the speed that a ledger needs."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from auditor.digest import canonical_json
from auditor.error import AuditorError

# Below 10**15 every integer is exact as a double and is written by its digits.
_EXACT_DIGITS = 15


def _number(literal: str) -> float:
    value = float(literal)
    if canonical_json(value).decode("utf-8") != literal:
        raise ValueError(f"the number {literal} is not in canonical form")
    return value


def _whole_number(literal: str) -> float:
    return int(literal) if len(literal) <= _EXACT_DIGITS else _number(literal)


def _constant(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is no JSON")


_decoder = json.JSONDecoder(parse_float=_number, parse_int=_whole_number, parse_constant=_constant)
_encoder = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False, allow_nan=False
)


def parse_canonical(body: bytes) -> Any:
    """The value of canonical JSON.

    Raises:
        ValueError: If ``body`` is not the canonical JSON of any value.
    """
    try:
        text = body.decode("utf-8")
        value = _decoder.decode(text)
        # The numbers were checked while they were read. Apart from exponents in them, and from the order
        # of keys beyond the Basic Multilingual Plane, the standard library writes what RFC 8785 asks for.
        if _encoder.encode(value) == text and (text.isascii() or max(text) <= "\uffff"):
            return value
        if canonical_json(value) != body:
            raise ValueError("it is not in canonical form")
    except (RecursionError, AuditorError) as error:
        raise ValueError(str(error)) from error
    return value


def member_bytes(body: bytes, name: str, following: str) -> bytes:
    """The bytes of the member ``name`` of a canonical object, up to its member ``following``.

    Inside a string every quotation mark is escaped, so an unescaped key can only be a key.
    """
    start = body.index(f',"{name}":'.encode("ascii")) + len(name) + 4
    return body[start : body.rindex(f',"{following}":'.encode("ascii"))]
