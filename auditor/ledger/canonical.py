"""A fast and exact answer to the question whether stored bytes are RFC 8785 canonical JSON."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from auditor.digest import canonical_json, digest_bytes
from auditor.error import AuditorError

# Below 10**15 every integer is exact as a double and is written by its digits.
_EXACT_DIGITS = 15


def _number(literal: str) -> float:
    value = float(literal)
    # Python's repr and ECMAScript agree on the shortest digits; they differ in exponents and in ".0".
    if repr(value) == literal and "e" not in literal and not literal.endswith(".0"):
        return value
    if canonical_json(value) != literal.encode("utf-8"):
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


class Parsed:
    """The JSON value of canonical bytes.

    Args:
        body: The bytes as stored.

    Raises:
        ValueError: If they are not the canonical JSON of any value.
    """

    __slots__ = ("_quick", "value")

    def __init__(self, body: bytes) -> None:
        try:
            text = body.decode("utf-8")
            self.value: Any = _decoder.decode(text)
            # json and RFC 8785 write alike but for exponents, which fall through to the second test,
            # and the order of keys beyond the Basic Multilingual Plane.
            self._quick = _encoder.encode(self.value) == text and (text.isascii() or max(text) <= "\uffff")
            if not self._quick and canonical_json(self.value) != body:
                raise ValueError("it is not in canonical form")
        except (RecursionError, AuditorError) as error:
            raise ValueError(str(error)) from error

    def digest(self, value: Any) -> str:
        """Digest of the canonical JSON of ``value``, a part of this record."""
        return digest_bytes(_encoder.encode(value).encode("utf-8") if self._quick else canonical_json(value))
