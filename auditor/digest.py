"""Digests of records, files and folders: SHA-256 over RFC 8785 canonical JSON or over raw bytes.

A digest is written ``sha256:<64 hex digits>`` everywhere.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

from auditor.error import AuditorError

_BLOCK = 1 << 20


def canonical_json(value: Any) -> bytes:
    """Serialise ``value`` as RFC 8785 canonical JSON.

    Raises:
        AuditorError: If ``value`` holds something that JSON cannot express: a NaN, an infinity, an
            integer beyond 2**53, a lone surrogate, or a type that is no JSON type.

    Source: RFC 8785, JSON Canonicalization Scheme.
    """
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
