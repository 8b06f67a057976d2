"""The numbers behind shared errors: with whom the suspect errs alike, and every control in its place."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from auditor.array import NDArray
from auditor.probe.errors.ability import errs_with_everybody
from auditor.probe.errors.items import ErrorItem
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.record.observation import Observations, Text
from auditor.record.request import Generate, Question, ask_all, request_digest, user
from auditor.record.result import ControlValue
from auditor.record.subject import Subject
from auditor.stats.panel_regression import in_spreads
from auditor.stats.shared_errors import ILLEGIBLE, SharedErrors, same_wrong, shared_errors
from auditor.stats.surprise_agreement import against_rivals

#: Fewest controls that know no candidate, without which nothing is measured.
FEWEST_CLEAN = 3

Codes = Int[NDArray[np.int64], " items"]


@dataclass(frozen=True)
class ErrorTable:
    """What everybody answers to items with known answers.

    Attributes:
        seen: The answers so far.
        identity: Digest of the items; what was worked out from them is remembered under it.
        items: The items.
        max_tokens: Longest answer.
    """

    seen: Observations
    identity: str
    items: tuple[ErrorItem, ...]
    max_tokens: int

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What the answers depend on, beside the model."""
        return (self.identity, self.max_tokens)

    @cached_property
    def requests(self) -> tuple[Generate, ...]:
        """One greedy answer to each item: what a model takes for right, without the noise of sampling."""
        return tuple(Generate(prompt=user(one.prompt), max_tokens=self.max_tokens) for one in self.items)

    def questions(self, models: Sequence[Subject]) -> tuple[Question, ...]:
        """Every item to every model."""
        return tuple(question for one in models for question in ask_all(one.digest, self.requests))

    @cached_property
    def _codes(self) -> dict[tuple[str, str], int]:
        """Code of every answer within its kind; one table for all scans of these very answers."""
        return self.seen.remembered(("error codes", *self.key), dict)

    @cached_property
    def kinds(self) -> Codes:
        """Kind of every item."""
        names = sorted({one.kind for one in self.items})
        return np.array([names.index(one.kind) for one in self.items], dtype=np.int64)

    @cached_property
    def gold(self) -> Codes:
        """Codes of the right answers."""
        return np.array([self._code(one, one.right) for one in self.items], dtype=np.int64)

    def answers(self, model: Subject) -> Codes:
        """Codes of a model's answers; illegible where it gave none that can be read."""

        def work_out() -> Codes:
            found = [self._code(one, self.final(model, place)) for place, one in enumerate(self.items)]
            return np.array(found, dtype=np.int64)

        return self.seen.remembered(("errors", model.digest, *self.key), work_out)

    def text(self, model: Subject, place: int) -> str:
        """What a model wrote to an item; empty where it wrote nothing usable."""
        answer = self.seen.answer(model, self.requests[place])
        return answer.text if isinstance(answer, Text) and answer.finish != "filtered" else ""

    def final(self, model: Subject, place: int) -> str:
        """The answer that this amounts to."""
        return self.items[place].final(self.text(model, place))

    def _code(self, item: ErrorItem, answer: str) -> int:
        return self._codes.setdefault((item.kind, answer), len(self._codes)) if answer else ILLEGIBLE

    def observation_keys(self, models: Sequence[Subject]) -> tuple[tuple[str, str], ...]:
        """The answers of some models."""
        digests = [request_digest(one) for one in self.requests]
        return tuple((one.digest, digest) for one in models for digest in digests)


@dataclass(frozen=True)
class ErrorReading:
    """Answers to items with known answers, and what follows from them.

    Attributes:
        table: The items and the answers.
        candidates: Candidate teachers.
        controls: Controls that may stand in the suspect's place.
        fewest: Fewest items that two models must both have answered legibly and wrong.
    """

    table: ErrorTable
    candidates: tuple[Subject, ...]
    controls: tuple[Subject, ...]
    fewest: int

    @property
    def suspect(self) -> Subject:
        """The suspect."""
        return self.table.seen.suspect

    @cached_property
    def compared(self) -> tuple[int, ...]:
        """Candidates with which the suspect has enough wrong answers to compare."""
        return tuple(
            place
            for place, one in enumerate(self.candidates)
            if self.both_wrong(self.suspect, one) >= self.fewest
        )

    @cached_property
    def ranked(self) -> tuple[Subject, ...]:
        """Controls that have enough wrong answers to compare with each of these candidates."""
        aims = [self.candidates[place] for place in self.compared]
        return tuple(
            one for one in self.controls if all(self.both_wrong(one, other) >= self.fewest for other in aims)
        )

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said of any candidate, and what would change that."""
        if not self.compared:
            most = max(self.both_wrong(self.suspect, one) for one in self.candidates)
            return self.too_few(most)
        clean = sum(stratum_of(one) not in RELATED for one in self.ranked)
        if clean < FEWEST_CLEAN:
            return (
                f"{clean} controls that share nothing with a candidate have {self.fewest} legible wrong "
                f"answers to compare, and {FEWEST_CLEAN} are needed to tell which errors are common",
                "--control MODEL, 19 or more in a stratum, that answer such questions",
            )
        return None

    def too_few(self, count: int) -> tuple[str, str]:
        """What is said where two models have too few wrong answers to compare."""
        return (
            f"suspect and candidate have {count} items that both answered legibly and wrong, and "
            f"{self.fewest} are needed",
            "more items, or harder ones; a suspect that answers them at all",
        )

    def both_wrong(self, model: Subject, candidate: Subject) -> int:
        """Items that both answered legibly and wrong."""
        return int((self._wrong(model) & self._wrong(candidate)).sum())

    @cached_property
    def panel(self) -> Bool[NDArray[np.bool_], " models"]:
        """Suspect and controls that share nothing with a candidate."""
        return np.array([True, *(stratum_of(one) not in RELATED for one in self.ranked)], dtype=bool)

    @cached_property
    def shared(self) -> SharedErrors:
        """Agreement on wrong answers with the candidates that are compared."""
        return shared_errors(
            np.stack([self.table.answers(one) for one in (self.suspect, *self.ranked)]),
            np.stack([self.table.answers(self.candidates[place]) for place in self.compared]),
            self.table.gold,
            self.table.kinds,
            self.panel,
        )

    @cached_property
    def scores(self) -> Float[NDArray[np.float64], "models compared"]:
        """Shared errors beyond chance, less those with other candidates, in spreads of the panel."""
        return in_spreads(against_rivals(self.shared.deviation), self.panel)

    @property
    def errs_with_everybody(self) -> bool:
        """Whether the suspect shares the errors even of whom it shares least with, more than any control."""
        return errs_with_everybody(self.shared.deviation, self.panel)

    @cached_property
    def first_named(self) -> int:
        """The candidate with the suspect's largest score."""
        return self.compared[int(np.argmax(self.scores[0]))]

    def column(self, candidate: int) -> int:
        """Place of a candidate among those that are compared."""
        return self.compared.index(candidate)

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model: over all candidates for the first one named, its own for another."""
        if candidate == self.first_named:
            largest: NDArray[np.float64] = self.scores.max(axis=1)
            return largest
        return self.scores[:, self.column(candidate)]

    def control_values(self, candidate: int) -> tuple[ControlValue, ...]:
        """The statistic with each control in the suspect's place."""
        return tuple(
            ControlValue(name=control.name, stratum=stratum_of(control), value=float(value))
            for control, value in zip(self.ranked, self.values(candidate)[1:], strict=True)
        )

    def same(self, model: Subject, candidate: int) -> Bool[NDArray[np.bool_], " items"]:
        """Items at which a model gives a candidate's wrong answer."""
        said = self.table.answers(self.candidates[candidate])
        return same_wrong(self.table.answers(model), said, self.table.gold)

    def _wrong(self, model: Subject) -> Bool[NDArray[np.bool_], " items"]:
        answers = self.table.answers(model)
        return np.asarray((answers != ILLEGIBLE) & (answers != self.table.gold), dtype=bool)
