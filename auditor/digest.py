"""Digests of records, files and folders: SHA-256 over RFC 8785 canonical JSON or over raw bytes.

A digest is written ``sha256:<64 hex digits>`` everywhere.
"""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import rfc8785

from auditor.error import AuditorError

_BLOCK = 1 << 20
# Below 10**15 every integer is exact as a double and is written by its digits.
_EXACT = 10**15


def canonical_json(value: Any) -> bytes:
    """Serialise ``value`` as RFC 8785 canonical JSON.

    What is common is written here, in a fraction of the time that the reference implementation takes and
    byte for byte the same. What is rare and hard (exponents, integers beyond 15 digits, keys beyond ASCII)
    is left to that one.

    Raises:
        AuditorError: If ``value`` holds something that JSON cannot express: a NaN, an infinity, an
            integer beyond 2**53, a lone surrogate, or a type that is no JSON type.

    Source: RFC 8785, JSON Canonicalization Scheme.
    """
    try:
        return _text(value).encode("utf-8")
    except (UnicodeEncodeError, TypeError):  # a lone surrogate, or a key that is no string
        return _reference(value)


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        # ASCII keys sort alike by code point and by UTF-16 unit, which is what RFC 8785 asks for.
        keys = sorted(value)
        if "".join(keys).isascii():
            members = [f"{encode_basestring(key)}:{_text(value[key])}" for key in keys]
            return "{" + ",".join(members) + "}"
    elif kind is list or kind is tuple:
        return "[" + ",".join([_text(one) for one in value]) + "]"
    elif kind is int:
        if -_EXACT < value < _EXACT:
            return str(value)
    elif kind is float:
        literal = repr(value)
        # Python's repr and ECMAScript agree on the shortest digits; they differ in exponents and ".0".
        if literal.endswith(".0"):
            if -_EXACT < value < _EXACT:
                return str(int(value))
        elif "e" not in literal and "n" not in literal:
            return literal
    elif value is None:
        return "null"
    elif kind is bool:
        return "true" if value else "false"
    return _reference(value).decode("utf-8")


def _reference(value: Any) -> bytes:
    try:
        encoded: bytes = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise AuditorError(f"a record cannot be written as canonical JSON: {error}") from error
    return encoded


def digest_bytes(data: bytes) -> str:
    """Digest of raw bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def digest_json(value: Any) -> str:
    """Digest of ``value`` as canonical JSON."""
    return digest_bytes(canonical_json(value))


def digest_file(path: Path) -> str:
    """Digest of a file's content, read in blocks."""
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            state.update(block)
    return f"sha256:{state.hexdigest()}"


def digest_files(files: dict[str, Path]) -> str:
    """Digest of a set of files under the given names, whatever order they are listed in."""
    return digest_json({name: digest_file(path) for name, path in files.items()})


def digest_folder(folder: Path) -> str:
    """Digest of every file below ``folder`` by its relative path and content."""
    return digest_files(
        {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    )


def well_formed(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 record can hold, with U+FFFD."""
    if text.isascii():  # most are, and need no copy
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
