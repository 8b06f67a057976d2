"""The numbers behind likeness of texts: whose habits the suspect has, and every control in its place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int64

from auditor.array import NDArray
from auditor.probe.panel.candidate_sets import CandidateSets
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.probe.texts.table import TextTable
from auditor.record.result import ControlValue
from auditor.record.subject import Subject
from auditor.stats.panel_regression import candidate_coefficients
from auditor.stats.text_runs import RunIndex, frequent_runs, habits, run_shares

#: Fewest controls that know no candidate, without which nothing is measured.
FEWEST_CLEAN = 3
#: Fewest prompts that everybody must have answered.
FEWEST_PROMPTS = 20
#: Share of the prompts that everybody must have answered.
_SHARE_COMMON = 0.5


@dataclass(frozen=True)
class TextReading:
    """How suspect, controls and candidates write, and what follows from it.

    Attributes:
        table: What everybody wrote.
        candidates: Candidate teachers.
    """

    table: TextTable
    candidates: tuple[Subject, ...]

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

    def shares(self, subject: Subject) -> Float[NDArray[np.float64], " buckets"]:
        """In what share of its answers a model uses each run of characters."""
        common = self.table.common
        return self.table.seen.remembered(
            ("run shares", subject.digest, common, *self.table.key),
            lambda: run_shares(self.answers(subject)),
        )

    def _index(self, subject: Subject) -> RunIndex:
        return self.table.seen.remembered(
            ("run index", subject.digest, self.table.common, *self.table.key),
            lambda: RunIndex(self.answers(subject)),
        )

    def answers(self, subject: Subject) -> tuple[str, ...]:
        """A model's answers to the common prompts."""
        texts = self.table.texts(subject)
        return tuple(text for place in self.table.common for text in texts[place])

    @cached_property
    def _shares(self) -> Float[NDArray[np.float64], "models buckets"]:
        """Suspect, ranked controls and candidates, in this order."""
        return np.stack([self.shares(one) for one in (self.suspect, *self.ranked, *self.candidates)])

    @cached_property
    def _runs(self) -> Int64[NDArray[np.int64], " runs"]:
        """Buckets that are compared."""
        return np.flatnonzero(frequent_runs(self._shares))

    @cached_property
    def _written(self) -> Float[NDArray[np.float64], "models runs"]:
        return habits(self._shares[:, self._runs])

    @cached_property
    def coefficients(self) -> Float[NDArray[np.float64], "models candidates"]:
        """How much of each candidate's departures from the panel the suspect (row 0) and controls share."""
        models = 1 + len(self.ranked)
        return candidate_coefficients(self._written[:models], self.panel, self._written[models:])

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

    def telling(self, candidate: int, most: int) -> tuple[tuple[str, float, float, float], ...]:
        """Runs in which suspect and candidate depart together from the panel's mean, the most telling first.

        Returns:
            The run as it stands in the candidate's or the suspect's answers, and the share of their answers
            with it: the suspect's, the candidate's, and on average the controls'.
        """
        clean = np.flatnonzero(self.panel[1:]) + 1
        usual = self._written[clean].mean(axis=0)
        own, theirs = 0, 1 + len(self.ranked) + candidate
        product = (self._written[own] - usual) * (self._written[theirs] - usual)
        indexes = (self._index(self.candidates[candidate]), self._index(self.suspect))
        rows = []
        for place in np.argsort(-product, kind="stable")[:most]:
            bucket = int(self._runs[place])
            runs = [run for index in indexes if (run := index.run_in(bucket)) is not None]
            if runs and product[place] > 0:
                shares = self._shares[:, bucket]
                rows.append((runs[0], float(shares[own]), float(shares[theirs]), float(shares[clean].mean())))
        return tuple(rows)
