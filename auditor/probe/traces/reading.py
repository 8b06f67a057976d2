"""Whose habits of reasoning the suspect has, and every control in its place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.probe.texts.habit_reading import FEWEST_CLEAN, HabitReading
from auditor.probe.traces.formulas import own_formulas
from auditor.probe.traces.habit import HABITS, SHARES
from auditor.probe.traces.table import Reasoning, TraceTable
from auditor.record.subject import Subject
from auditor.stats.multiplicity import holm
from auditor.stats.odd_one import odd_one_p

#: Seed of the redraws: the same answers give the same p-values.
_SEED = 20261127


class Shared(NamedTuple):
    """One habit in suspect, candidate and controls, averaged over questions.

    Attributes:
        place: Its place among all habits.
        suspect: Amount in the suspect's answers.
        candidate: Amount in the candidate's.
        usual: Amount in those of controls that share nothing with a candidate.
        p_value: That suspect and candidate both depart from these controls in the same direction, after Holm.
    """

    place: int
    suspect: float
    candidate: float
    usual: float
    p_value: float

    @property
    def departs(self) -> float:
        """How far both depart together, in units of the habit squared."""
        return (self.suspect - self.usual) * (self.candidate - self.usual)


@dataclass(frozen=True)
class TraceReading(HabitReading[TraceTable]):
    """Habits of reasoning, and formulas that a candidate repeats.

    Attributes:
        least_words: Median words of an answer below which a model shows no reasoning.
    """

    least_words: int

    @property
    def idle(self) -> tuple[str, str] | None:
        """Why it is no use to ask for long answers at all, and what would change that."""
        clean = sum(stratum_of(one) not in RELATED for one in self.table.controls)
        if clean >= FEWEST_CLEAN:
            return None
        controls = "1 control that shares" if clean == 1 else f"{clean} controls that share"
        return (
            f"nothing was asked: {controls} nothing with a candidate cannot tell how everybody reasons, and "
            f"{FEWEST_CLEAN} are needed",
            "--control MODEL, 19 or more in a stratum",
        )

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        lack = self.idle or super().problem
        if lack is not None:
            return lack
        for one in (self.suspect, *self.candidates):
            words = self.table.reasoning(one).words
            if words < self.least_words:
                return (
                    f"half of the answers of {one.name} have {words:.0f} words or fewer, and "
                    f"{self.least_words} are needed to show how it reasons",
                    f"longer answers of {one.name}: more tokens, or questions that it thinks about",
                )
        return None

    def _of(self, subject: Subject) -> Reasoning:
        return self.table.reasoning(subject)

    @cached_property
    def clean(self) -> tuple[Subject, ...]:
        """Ranked controls that share nothing with a candidate."""
        return tuple(one for one, counts in zip(self.ranked, self.panel[1:], strict=True) if counts)

    @cached_property
    def formulas(self) -> tuple[tuple[str, ...], ...]:
        """What each candidate repeats and the panel hardly uses."""
        panel = [self._of(one).formulas for one in (self.suspect, *self.clean)]
        count = len(self.table.common)
        return tuple(own_formulas(self._of(one).formulas, panel, count) for one in self.candidates)

    def use_of(self, subject: Subject, formula: str) -> float:
        """Share of the questions to which a model uses a formula."""
        return len(self._of(subject).formulas.get(formula, ())) / len(self.table.common)

    def shared_formulas(self, candidate: int) -> tuple[str, ...]:
        """Formulas of a candidate that the suspect uses to more questions than any clean control does."""
        return tuple(
            one
            for one in self.formulas[candidate]
            if self.use_of(self.suspect, one) > max(self.use_of(model, one) for model in self.clean)
        )

    @cached_property
    def written(self) -> Float[NDArray[np.float64], "models habits"]:
        """Habits and formulas of suspect, ranked controls and candidates; shares as square roots."""
        models = (self.suspect, *self.ranked, *self.candidates)
        habits = np.stack([_mean(self._of(one).amounts) for one in models])
        # Who never ended an answer shows no way of closing, and departs from nobody in it.
        middle = _mean(habits[: len(self.panel)][self.panel])
        habits = np.where(np.isnan(habits), np.nan_to_num(middle), habits)
        habits[:, SHARES] = np.sqrt(habits[:, SHARES])
        looked_for = tuple(dict.fromkeys(one for formulas in self.formulas for one in formulas))
        uses = [[self.use_of(model, one) for one in looked_for] for model in models]
        return np.concatenate([habits, np.sqrt(np.array(uses).reshape(len(models), -1))], axis=1)

    @cached_property
    def _crowd(self) -> Float[NDArray[np.float64], "models questions habits"]:
        return np.stack([self._of(one).amounts for one in self.clean])

    def _departures(self, subject: Subject) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """P-values that a model has more, and less, of each habit than clean controls over the questions."""
        crowd = tuple(one.digest for one in self.clean)
        return self.table.seen.remembered(
            ("habit departures", subject.digest, crowd, self.table.common, *self.table.key),
            lambda: odd_one_p(self._of(subject).amounts, self._crowd, np.random.default_rng(_SEED)),
        )

    def shared(self, candidate: int) -> tuple[Shared, ...]:
        """Every habit beside a candidate's, those first in which both depart from controls most clearly.

        Both must depart, so that the larger of the two p-values counts (intersection-union), twice for two
        directions, and Holm's correction is over all habits.
        """
        models = (self.suspect, self.candidates[candidate])
        more, less = zip(*(self._departures(one) for one in models), strict=True)
        both = 2 * np.minimum(np.maximum(*more), np.maximum(*less))
        adjusted = holm(np.minimum(both, 1.0).tolist())
        own, theirs = (_mean(self._of(one).amounts) for one in models)
        usual = _mean(np.stack([_mean(one) for one in self._crowd]))
        rows = [
            Shared(place, float(own[place]), float(theirs[place]), float(usual[place]), adjusted[place])
            for place in range(len(HABITS))
            if not np.isnan(own[place] + theirs[place] + usual[place])
        ]
        return tuple(sorted(rows, key=lambda one: (one.p_value, -one.departs, one.place)))

    def likeness_by_question(self, candidate: int, level: float) -> Float[NDArray[np.float64], " questions"]:
        """How far suspect and candidate depart together to each question, over the habits that they share."""
        places = [one.place for one in self.shared(candidate) if one.p_value <= level]
        usual = np.nan_to_num(_mean(self._crowd))
        own, theirs = (
            np.nan_to_num(self._of(one).amounts - usual) for one in (self.suspect, self.candidates[candidate])
        )
        together: NDArray[np.float64] = (own * theirs)[:, places].sum(axis=1)
        for one in self.formulas[candidate]:
            for model in (self.suspect, self.candidates[candidate]):
                together[list(self._of(model).formulas.get(one, ()))] += 0.5
        return together


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the first axis of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    mean: NDArray[np.float64] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean
