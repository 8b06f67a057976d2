"""What everybody wrote when asked to reason, read for habits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.texts.habit_reading import FEWEST_PROMPTS
from auditor.probe.texts.table import TextTable
from auditor.probe.traces.formulas import Formulas, formulas_in, places_of
from auditor.probe.traces.habit import HABITS, amounts
from auditor.probe.traces.trace import Trace, read_trace
from auditor.probe.words.table import Item
from auditor.record.observation import Text, Transcript
from auditor.record.request import Recall
from auditor.record.subject import Subject


class Reasoning(NamedTuple):
    """How one model reasons.

    Attributes:
        amounts: [questions, habits] mean over its answers to each question, NaN where none can show it.
        formulas: In which of the questions it uses which formula.
        words: Median words of an answer.
    """

    amounts: Float[NDArray[np.float64], "questions habits"]
    formulas: Formulas
    words: float


@dataclass(frozen=True)
class TraceTable(TextTable):
    """Answers at length to questions that take thought; ``items`` are all questions of the probe."""

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """The probe's own questions where enough of them were recorded; else whatever was recorded."""
        recorded = [
            set(answer.prompts)
            for one in self.examined
            if isinstance(answer := self.seen.answer(one, Recall()), Transcript)
        ]
        own = [one for one in self.own if all(one in prompts for prompts in recorded)]
        if len(own) < FEWEST_PROMPTS:
            return super().prompts
        # Questions of a kind stand together; even steps take from all of them.
        steps = np.linspace(0, len(own) - 1, min(len(own), self.most)).astype(int)
        return tuple(own[int(step)] for step in steps)

    @cached_property
    def own(self) -> dict[str, Item]:
        """The probe's own questions by their text."""
        return {one.text: one for one in self.items}

    @property
    def as_recorded(self) -> bool:
        """Whether the questions are somebody else's, found in recordings."""
        return not self.own.keys() >= set(self.prompts)

    def traces(self, subject: Subject) -> tuple[tuple[Trace, ...], ...]:
        """A model's answers to each question; none where it said nothing."""

        def work_out() -> tuple[tuple[Trace, ...], ...]:
            return tuple(
                tuple(
                    read_trace(answer.text, whole=answer.finish == "stop")
                    for answer in (self.seen.answer(subject, one) for one in requests)
                    if isinstance(answer, Text) and answer.finish != "filtered" and answer.text.strip()
                )
                for requests in self._requests
            )

        return self.seen.remembered(("traces", subject.digest, *self.key), work_out)

    def texts(self, subject: Subject) -> tuple[tuple[str, ...], ...]:
        """Answers that say something."""
        return tuple(tuple(one.text for one in answers) for answers in self.traces(subject))

    def reasoning(self, subject: Subject) -> Reasoning:
        """A model's habits over the common questions."""
        return self.seen.remembered(
            ("reasoning", subject.digest, self.common, *self.key), lambda: self._reasoning(subject)
        )

    def _reasoning(self, subject: Subject) -> Reasoning:
        traces = self.traces(subject)
        rows, formulas, words = [], [], []
        for place in self.common:
            measured = np.stack([amounts(one) for one in traces[place]])
            known = ~np.isnan(measured)
            total = np.where(known, measured, 0.0).sum(axis=0)
            rows.append(np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan))
            used = (formulas_in(one, self.prompts[place]) for one in traces[place])
            formulas.append(frozenset[str]().union(*used))
            words += [one.words for one in traces[place]]
        return Reasoning(
            np.array(rows).reshape(len(self.common), len(HABITS)),
            places_of(formulas),
            float(np.median(words)) if words else 0.0,
        )
