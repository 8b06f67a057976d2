"""The numbers behind likeness of texts: whose habits the suspect has, and every control in its place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int64

from auditor.array import NDArray
from auditor.probe.texts.habit_reading import HabitReading
from auditor.probe.texts.table import TextTable
from auditor.record.subject import Subject
from auditor.stats.text_runs import RunIndex, frequent_runs, habits, run_shares


@dataclass(frozen=True)
class TextReading(HabitReading[TextTable]):
    """How often everybody uses each frequent run of characters, and what follows from it."""

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
    def written(self) -> Float[NDArray[np.float64], "models runs"]:
        """Square roots of the shares in which everybody uses each frequent run."""
        return habits(self._shares[:, self._runs])

    def telling(self, candidate: int, most: int) -> tuple[tuple[str, float, float, float], ...]:
        """Runs in which suspect and candidate depart together from the panel's mean, the most telling first.

        Returns:
            The run as it stands in the candidate's or the suspect's answers, and the share of their answers
            with it: the suspect's, the candidate's, and on average the controls'.
        """
        clean = np.flatnonzero(self.panel[1:]) + 1
        usual = self.written[clean].mean(axis=0)
        own, theirs = 0, 1 + len(self.ranked) + candidate
        product = (self.written[own] - usual) * (self.written[theirs] - usual)
        indexes = (self._index(self.candidates[candidate]), self._index(self.suspect))
        rows = []
        for place in np.argsort(-product, kind="stable")[:most]:
            bucket = int(self._runs[place])
            runs = [run for index in indexes if (run := index.run_in(bucket)) is not None]
            if runs and product[place] > 0:
                shares = self._shares[:, bucket]
                rows.append((runs[0], float(shares[own]), float(shares[theirs]), float(shares[clean].mean())))
        return tuple(rows)
