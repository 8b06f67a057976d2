"""RFC 8785 canonical JSON recognised in stored bytes, at the speed that a ledger needs."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson

from auditor.digest import canonical_json
from auditor.error import AuditorError

# Below 10**15 every integer is exact as a double and is written by its digits.
_EXACT_DIGITS = 15
_EXACT = 10**_EXACT_DIGITS
# Fractions from here on are written without an exponent by everybody.
_SMALLEST = 1e-5


def _number(literal: str) -> float:
    value = float(literal)
    if canonical_json(value).decode("utf-8") != literal:
        raise ValueError(f"the number {literal} is not in canonical form")
    return value


def _whole_number(literal: str) -> float:
    return int(literal) if len(literal) <= _EXACT_DIGITS else _number(literal)


def _constant(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is no JSON")


# First byte of UTF-8 for a character beyond the Basic Multilingual Plane.
_FOUR_BYTES = 0xF0

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
        value = orjson.loads(body)
        # Keys beyond the Basic Multilingual Plane are sorted by UTF-16 units, of which orjson knows nothing.
        easy = body.isascii() or max(body) < _FOUR_BYTES
        if easy and orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == body and _numbers_are_easy(value):
            return value
    except ValueError:  # what orjson does not read is no canonical JSON, but the other path says why
        pass
    return _parse_slowly(body)


def _numbers_are_easy(value: Any) -> bool:
    """Whether orjson writes all numbers as RFC 8785 does: no exponent, no ``1.0``, none that is too long."""
    kind = type(value)
    if kind is dict:
        value = value.values()
    elif kind is not list:
        if kind is float:
            return abs(value) >= _SMALLEST and not value.is_integer()
        return kind is not int or -_EXACT < value < _EXACT
    for one in value:  # noqa: SIM110 - a generator would take twice as long
        if type(one) is not str and not _numbers_are_easy(one):
            return False
    return True


def _parse_slowly(body: bytes) -> Any:
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
