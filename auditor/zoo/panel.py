"""Recorded observations of models that are not shipped: the demo's controls, and the teachers' texts.

A panel is gzipped JSON lines of ``{"subject": {...}}`` and then ``{"observation": {...}}``, which is what
a plan file's ``panels`` takes.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.digest import canonical_json
from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.codec import decode, encode
from auditor.record.observation import Observation, Observations
from auditor.record.request import Question, request_digest
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.target.protocol import Target

#: What a record keeps of a model's details; device and the like belong to the machine that recorded.
_KEPT = ("dtype", "parameters", "architecture", "model_type", "chat_template")


def pack(subjects: Iterable[Subject], observations: Iterable[Observation]) -> bytes:
    """A panel as a file's content; the same content gives the same bytes.

    Observations of one request stand together, which halves the size.
    """
    by_request: dict[str, list[Observation]] = {}
    for one in observations:
        by_request.setdefault(one.request_digest, []).append(one)
    lines = [canonical_json({"subject": encode(one)}) for one in subjects]
    lines += [
        canonical_json({"observation": encode(one)}) for together in by_request.values() for one in together
    ]
    return gzip.compress(b"\n".join(lines) + b"\n", compresslevel=9, mtime=0)


def unpack(path: Path) -> tuple[tuple[Subject, ...], tuple[Observation, ...]]:
    """Subjects and observations of a panel that the zoo wrote.

    Raises:
        EvidenceIntegrityError: If a record in it is malformed.
    """
    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()]
    where = str(path)
    return (
        tuple(decode(Subject, row["subject"], where=where) for row in rows if "subject" in row),
        tuple(decode(Observation, row["observation"], where=where) for row in rows if "observation" in row),
    )


def subject_of(
    target: Target, role: Role, *, name: str, locator: str, access: Access, stratum: Stratum | None = None
) -> Subject:
    """The record of a model, without facts of the machine that it runs on."""
    described = target.description
    return Subject(
        role=role,
        name=name,
        locator=locator,
        digest=described.digest,
        access=access,
        kind=described.kind,
        tokenizer_digest=described.tokenizer_digest,
        stratum=stratum,
        details=tuple(pair for pair in described.details if pair[0] in _KEPT),
    )


def interview(
    probes: Sequence[tuple[ProbeSpec, Method]],
    subjects: Sequence[Subject],
    targets: Mapping[str, Target],
    known: Iterable[Observation] = (),
) -> tuple[Observation, ...]:
    """Ask everything that probes want of the given models, as a scan would.

    Args:
        probes: Probes with their methods.
        subjects: Everybody in the scan; a suspect is among them.
        targets: Digest -> model, for those that can be asked; nobody else is.
        known: What was asked before.

    Returns:
        The new observations.
    """
    gathered = {(one.subject_digest, one.request_digest): one for one in known}
    before = set(gathered)
    for spec, method in probes:
        while wanted := _wanted(spec, method, subjects, targets, gathered):
            for digest, questions in wanted.items():
                for one in _ask(digest, targets[digest], questions):
                    gathered[one.subject_digest, one.request_digest] = one
    return tuple(one for key, one in gathered.items() if key not in before)


def _wanted(
    spec: ProbeSpec,
    method: Method,
    subjects: Sequence[Subject],
    targets: Mapping[str, Target],
    gathered: Mapping[tuple[str, str], Observation],
) -> dict[str, list[Question]]:
    wanted: dict[str, list[Question]] = {}
    for question in method.plan(spec, Observations.of(subjects, 0, gathered.values())):
        key = (question.subject_digest, request_digest(question.request))
        if question.subject_digest in targets and key not in gathered:
            wanted.setdefault(question.subject_digest, []).append(question)
    return wanted


def _ask(digest: str, target: Target, questions: Sequence[Question]) -> Iterator[Observation]:
    requests = [question.request for question in questions]
    answers: dict[int, Any] = dict(target.ask(requests))
    for place, request in enumerate(requests):
        yield Observation(
            subject_digest=digest,
            request_digest=request_digest(request),
            request=request,
            answer=answers[place],
        )
