"""A suspect and references that answer as they are told, before a method about a user's benchmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding
from auditor.record.observation import Answer, Observations
from auditor.record.request import Request, request_digest
from auditor.record.subject import Access, Role, Subject

#: What a model answers.
Reply = Callable[[Request, np.random.Generator], Answer]


def quiz(count: int, name: str = "quiz", *, twins: bool = False) -> list[dict[str, Any]]:
    """Items with four options each; their twins ask another question where there are any."""
    found = []
    for number in range(count):
        options = [f"{word} {number}" for word in ("amber", "birch", "cedar", "dune")]
        item = {
            "question": f"In the {name} at place {number}, which of the four words that follow belongs?",
            "options": options,
            "answer": options[number % 4],
        }
        fresh = {**item, "question": f"Out of these, beside {number} + 1, what would somebody put there?"}
        row = {"benchmark": name, "id": str(number), "category": "", **item}
        found.append({**row, "twin": fresh} if twins else row)
    return found


def subject(role: Role, name: str, access: Access) -> Subject:
    """A model that exists by its name alone."""
    return Subject(role=role, name=name, locator=name, digest=f"sha256:{name}", access=access)


def line_up(references: int, access: Access = Access.LOGPROBS) -> tuple[Subject, ...]:
    """A suspect and controls."""
    controls = (subject(Role.CONTROL, f"control-{number}", access) for number in range(references))
    return (subject(Role.SUSPECT, "suspect", access), *controls)


def asked(method: Method, spec: ProbeSpec, access: Access = Access.LOGPROBS) -> list[Request]:
    """What a method wants to know of the suspect before anything is answered."""
    planned = method.plan(spec, Observations(line_up(0, access), 1))
    return [one.request for one in planned]


def examined(
    method: Method,
    spec: ProbeSpec,
    suspect: Reply,
    references: Sequence[Reply],
    *,
    seed: int = 1,
    access: Access = Access.LOGPROBS,
) -> Finding:
    """The finding, after rounds of questions until there are none."""
    subjects = line_up(len(references), access)
    replies = dict(zip([one.digest for one in subjects], [suspect, *references], strict=True))
    rng = np.random.default_rng(seed)
    answers: dict[tuple[str, str], Answer] = {}
    while True:
        open_ones = {
            (one.subject_digest, request_digest(one.request)): one.request
            for one in method.plan(spec, Observations(subjects, seed, answers))
        }
        new = {key: request for key, request in open_ones.items() if key not in answers}
        if not new:
            break
        answers |= {key: replies[key[0]](request, rng) for key, request in new.items()}
    (finding,) = method.measure(spec, Observations(subjects, seed, answers))
    return finding
