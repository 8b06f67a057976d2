"""Whose habits of writing does the suspect follow, and whose does every control in its place?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.panel.candidate_sets import CandidateSets
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.probe.texts.table import TextTable
from auditor.record.result import ControlValue
from auditor.record.subject import Subject
from auditor.stats.panel_regression import candidate_coefficients

#: Fewest controls that know no candidate, without which nothing is measured.
FEWEST_CLEAN = 3
#: Fewest prompts that everybody must have answered.
FEWEST_PROMPTS = 20
#: Share of the prompts that everybody must have answered.
_SHARE_COMMON = 0.5

T = TypeVar("T", bound=TextTable)


@dataclass(frozen=True)
class HabitReading(ABC, Generic[T]):
    """How suspect, controls and candidates write, and what follows from it; habits are left to a method.

    Attributes:
        table: What everybody wrote.
        candidates: Candidate teachers.
    """

    table: T
    candidates: tuple[Subject, ...]

    @property
    @abstractmethod
    def written(self) -> Float[NDArray[np.float64], "models habits"]:
        """Habits of the suspect, the ranked controls and the candidates, in this order.

        On a scale on which the noise of counting is about the same for all of them.
        """

    @property
    def suspect(self) -> Subject:
        """The model under suspicion."""
        return self.table.seen.suspect

    @property
    def ranked(self) -> tuple[Subject, ...]:
        """Controls that answered enough of the prompts."""
        return self.table.ranked

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        count = len(self.table.prompts)
        for one in (self.suspect, *self.candidates):
            if not self.table.answered(one):
                given = sum(map(bool, self.table.texts(one)))
                return (
                    f"{one.name} answered {given} of {count} prompts",
                    f"answers of {one.name} to the prompts that suspect and candidates have in common",
                )
        clean = sum(stratum_of(one) not in RELATED for one in self.ranked)
        if clean < FEWEST_CLEAN:
            return (
                f"{clean} controls that share nothing with a candidate answered the prompts, and "
                f"{FEWEST_CLEAN} are needed to tell how everybody writes",
                "--control MODEL, 19 or more in a stratum",
            )
        common = len(self.table.common)
        if common < max(FEWEST_PROMPTS, _SHARE_COMMON * count):
            return (
                f"suspect, candidates and controls have {common} answered prompts in common",
                f"answers of all of them to the same prompts, {FEWEST_PROMPTS} at least",
            )
        return None

    @cached_property
    def panel(self) -> Bool[NDArray[np.bool_], " models"]:
        """Suspect and controls that share nothing with a candidate."""
        return np.array([True, *(stratum_of(one) not in RELATED for one in self.ranked)], dtype=bool)

    @cached_property
    def coefficients(self) -> Float[NDArray[np.float64], "models candidates"]:
        """How much of each candidate's departures from the panel the suspect (row 0) and controls share."""
        models = 1 + len(self.ranked)
        return candidate_coefficients(self.written[:models], self.panel, self.written[models:])

    @cached_property
    def answer(self) -> CandidateSets:
        """Candidates, and pairs of them, as answers."""
        return CandidateSets(self.coefficients, self.panel)

    @property
    def first_named(self) -> int:
        """The candidate that the evidence points to most."""
        return self.answer.named[0]

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model, the suspect first."""
        return self.answer.values(candidate)

    def control_values(self, candidate: int) -> tuple[ControlValue, ...]:
        """The statistic with each control in the suspect's place."""
        values = self.answer.values(candidate)[1:]
        return tuple(
            ControlValue(name=control.name, stratum=stratum_of(control), value=float(value))
            for control, value in zip(self.ranked, values, strict=True)
        )
