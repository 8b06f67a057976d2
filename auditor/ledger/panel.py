"""Panels: recorded answers of control models, shipped as one file so that a scan has a null at once.

A panel is JSON Lines, gzipped where its name ends in ``.gz``. Each line is either
``{"subject": {...}}`` or ``{"observation": {...}}``; subjects come before their observations.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.digest import canonical_json, digest_file
from auditor.error import UsageError
from auditor.record.codec import decode, encode
from auditor.record.observation import Observation
from auditor.record.request import request_digest
from auditor.record.subject import Subject


@dataclass(frozen=True)
class Panel:
    """A panel as read: who was asked, what they said, and the digest of the file."""

    path: Path
    digest: str
    subjects: tuple[Subject, ...]
    observations: tuple[Observation, ...]


def read_panel(path: Path) -> Panel:
    """Read a panel.

    Raises:
        UsageError: If the file is missing, malformed, or an observation does not fit its own request.
    """
    subjects: list[Subject] = []
    observations: list[Observation] = []
    for number, line in _lines(path):
        where = f"{path}:{number}"
        if "subject" in line:
            subjects.append(decode(Subject, line["subject"], where=where))
        elif "observation" in line:
            one: Observation = decode(Observation, line["observation"], where=where)
            if request_digest(one.request) != one.request_digest:
                raise UsageError("an observation does not match the digest of its request", where=where)
            observations.append(one)
        else:
            raise UsageError("a line is neither a subject nor an observation", where=where)
    known = {one.digest for one in subjects}
    stray = next((one for one in observations if one.subject_digest not in known), None)
    if stray is not None:
        raise UsageError(f"observation {stray.id} belongs to no subject of the panel", where=str(path))
    return Panel(path, digest_file(path), tuple(subjects), tuple(observations))


def pack_panel(subjects: Iterable[Subject], observations: Iterable[Observation]) -> bytes:
    """A panel as the content of a ``.gz`` file: the same content gives the same bytes.

    Observations of one request stand together, which halves the size.
    """
    # Without the fixed time stamp in its header, gzip would date the file.
    return gzip.compress(_written(subjects, observations), compresslevel=9, mtime=0)


def write_panel(path: Path, subjects: Iterable[Subject], observations: Iterable[Observation]) -> str:
    """Write a panel, gzipped where its name ends in ``.gz``, and return its digest."""
    packed = path.suffix == ".gz"
    path.write_bytes((pack_panel if packed else _written)(subjects, observations))
    return digest_file(path)


def _written(subjects: Iterable[Subject], observations: Iterable[Observation]) -> bytes:
    by_request: dict[str, list[Observation]] = {}
    for one in observations:
        by_request.setdefault(one.request_digest, []).append(one)
    lines = [canonical_json({"subject": encode(one)}) for one in subjects]
    lines += [
        canonical_json({"observation": encode(one)}) for together in by_request.values() for one in together
    ]
    return b"\n".join(lines) + b"\n"


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UsageError(f"the panel cannot be read: {error}", where=str(path)) from error
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(f"line {number} is not JSON: {error.msg}", where=str(path)) from error
        if not isinstance(value, dict):
            raise UsageError(f"line {number} is not a JSON object", where=str(path))
        yield number, value
