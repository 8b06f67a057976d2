"""Families of models that are known by what they say: teacher, twins, controls and suspect, drawn by law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

from auditor.digest import digest_json
from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Answer, Observations
from auditor.record.request import Request, request_digest
from auditor.record.subject import Access, Kind, Role, Stratum, Subject

ITEMS, WIDTH = 40, 5


def model(name: str, role: Role, kind: Kind, stratum: Stratum | None = None) -> Subject:
    return Subject(
        role=role, name=name, locator=name, digest=digest_json(name), access=Access.WEIGHTS, kind=kind,
        stratum=stratum,
    )  # fmt: skip


@dataclass
class Family:
    """A scan of a suspect, and the minds of everybody: [items, width] numbers that answers are made of.

    Same data means a common part; everybody has a part of its own, and a student the teacher's as well.
    """

    kind: Kind
    seed: int = 0
    learned: float = 0.0
    data: str = "same"
    same: int = 5
    strangers: int = 5
    twins: int = 3
    minds: dict[str, np.ndarray] = field(default_factory=dict)
    subjects: tuple[Subject, ...] = ()

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        data = {name: 2 * rng.normal(size=(ITEMS, WIDTH)) for name in ("same", "other")}
        cast: list[Subject] = []

        def enter(
            name: str, role: Role, whose: str, stratum: Stratum | None = None, plus: np.ndarray | float = 0.0
        ) -> None:
            cast.append(model(name, role, self.kind, stratum))
            self.minds[cast[-1].digest] = data[whose] + rng.normal(size=(ITEMS, WIDTH)) + plus

        enter("teacher", Role.TEACHER, "same")
        own = self.minds[cast[0].digest] - data["same"]
        enter("suspect", Role.SUSPECT, self.data, plus=self.learned * own)
        for number in range(self.twins):
            enter(f"twin-{number}", Role.TWIN, "same")
        for number in range(self.same):
            enter(f"same-{number}", Role.CONTROL, "same", Stratum.SAME_DATA)
        for number in range(self.strangers):
            enter(f"stranger-{number}", Role.CONTROL, "other", Stratum.UNRELATED)
        self.subjects = tuple(cast)

    def with_others(self, *others: Subject) -> Family:
        """The same family with further subjects, who have nothing to say."""
        found = replace(self)
        found.minds, found.subjects = self.minds, (*self.subjects, *others)
        return found


def asked(
    spec: ProbeSpec,
    method: Method,
    family: Family,
    reply: Callable[[Family, Subject, Request], Answer],
) -> Observations:
    """Plan and ask in rounds, as a scan does."""
    by_digest = {one.digest: one for one in family.subjects}
    answers: dict[tuple[str, str], Answer] = {}
    while True:
        seen = Observations(family.subjects, 0, answers)
        new = [
            one
            for one in method.plan(spec, seen)
            if (one.subject_digest, request_digest(one.request)) not in answers
        ]
        if not new:
            return seen
        answers = {
            **answers,
            **{
                (one.subject_digest, request_digest(one.request)): reply(
                    family, by_digest[one.subject_digest], one.request
                )
                for one in new
            },
        }


def softmax(values: Sequence[float] | np.ndarray) -> np.ndarray:
    odds = np.exp(np.asarray(values) - np.max(values))
    return odds / odds.sum()


def rotation(width: int, rng: Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(width, width)))[0]
