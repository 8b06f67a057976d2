"""Asking the models of a population what a scan would ask them, so that their answers can be shipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Observation, Observations
from auditor.record.request import Question, request_digest
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.target.protocol import Target

#: What a record keeps of a model's details; device and the like belong to the machine that recorded.
_KEPT = ("dtype", "parameters", "architecture", "model_type", "chat_template")


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
