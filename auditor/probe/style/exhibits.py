"""Tables and plots of a style attribution: the noise floor first, then ranking, neighbours and channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from auditor.probe.style.reading import StyleReading, came_after
from auditor.probe.style.words import masked, opening
from auditor.record.finding import Estimate, Estimates, Exhibit, Table

_SHOWN = 12
_ROWS = 40


@dataclass(frozen=True)
class Exhibits:
    """What a reader is shown of a reading.

    Attributes:
        reading: The openings.
        others: Other channels.
        alpha: Level of the conformal test.
    """

    reading: StyleReading
    others: tuple[StyleReading, ...]
    alpha: float

    def all(self) -> tuple[Exhibit, ...]:
        """In the order of reading."""
        shown = (
            self._floor(),
            self._ranking(),
            self._estimates(),
            self._neighbours(),
            self._channels(),
            self._telling(),
            self._students(),
        )
        return tuple(one for one in shown if one is not None)

    @cached_property
    def nearest(self) -> int:
        """The recorded model of another maker with the suspect's largest score, candidate or not."""
        return self._near[0]

    @cached_property
    def _near(self) -> tuple[int, ...]:
        reading = self.reading
        own = reading.writers[0].maker
        others = [
            place
            for place, one in enumerate(reading.writers)
            if place and one.sample_of is None and one.maker != own
        ]
        return tuple(sorted(others, key=lambda one: -float(reading.scores[0, one])))

    def _floor(self) -> Table | None:
        reading = self.reading
        rows = []
        for place, value in reading.samples()[:_ROWS]:
            rest = [
                float(reading.comparison.whole[place, one])
                for one, writer in enumerate(reading.writers)
                if writer.sample_of is None and writer.maker != reading.writers[place].maker
            ]
            rows.append(
                (reading.writers[place].subject.name, round(value, 4), round(max(rest, default=0.0), 4))
            )
        if not rows:
            return None
        return Table(
            title="Noise floor: two samples of one model",
            columns=("model", "likeness to itself", "most to any other maker's"),
            rows=tuple(rows),
            note="Other seed, temperature or prompt. No likeness between models means more than this allows.",
        )

    def _ranking(self) -> Table:
        reading = self.reading
        places = [one for one in self._near if reading.candidates[one]][:_ROWS]
        rows = tuple(
            (
                rank,
                reading.writers[one].subject.name,
                reading.writers[one].maker,
                str(reading.writers[one].released or "unknown"),
                round(float(reading.comparison.whole[0, one]), 4),
                round(float(reading.scores[0, one]), 4),
                round(reading.rank(one).p_value, 4),
                self._standing(one),
            )
            for rank, one in enumerate(places, start=1)
        )
        return Table(
            title="Candidates by score",
            columns=("rank", "candidate", "maker", "released", "likeness", "score", "p", "standing"),
            rows=rows,
            note=f"A score above {reading.threshold:.4f} stands out at {self.alpha:g}."
            if np.isfinite(reading.threshold)
            else "Too few independent lines for any score to stand out.",
        )

    def _standing(self, place: int) -> str:
        reading = self.reading
        if came_after(reading.writers[place], reading.writers[0]):
            return "released after the suspect"
        return "not excluded" if place in reading.not_excluded else "excluded by a nearer one"

    def _estimates(self) -> Estimates:
        reading = self.reading
        rows = []
        for one in [place for place in self._near if reading.eligible[place]][:_SHOWN]:
            low, high = reading.interval(one)
            rows.append(
                Estimate(
                    label=reading.writers[one].subject.name,
                    value=float(reading.scores[0, one]),
                    low=low,
                    high=high,
                    n=len(reading.asked),
                )
            )
        return Estimates(title="Score of each candidate", unit="likeness", rows=tuple(rows), reference=0.0)

    def _neighbours(self) -> Table:
        reading = self.reading
        rows = tuple(
            (
                reading.writers[one].subject.name,
                reading.writers[one].maker,
                "yes" if reading.candidates[one] else "no",
                "independent"
                if reading.writers[one].independent
                else "; ".join(reading.writers[one].declared),
                round(float(reading.scores[0, one]), 4),
            )
            for one in self._near[:_SHOWN]
        )
        return Table(
            title="Likest recorded models, candidates or not",
            columns=("model", "maker", "candidate", "declared to come from", "score"),
            rows=rows,
            note="Students of one teacher are alike. Where they lead, the teacher may not be a candidate.",
        )

    def _channels(self) -> Table | None:
        rows = []
        for one in (self.reading, *self.others):
            rank = one.rank(one.best)
            rows.append(
                (
                    one.channel.name,
                    one.channel.meaning,
                    len(one.asked),
                    one.writers[one.best].subject.name,
                    round(float(one.scores[0, one.best]), 4),
                    round(one.threshold, 4) if np.isfinite(one.threshold) else None,
                    round(rank.p_value, 4),
                )
            )
        return Table(
            title="Channels, each by itself",
            columns=("channel", "looks at", "prompts", "names", "score", "would stand out above", "p"),
            rows=tuple(rows),
            note="The openings alone are the test. The others are not corrected for being several and are "
            "not added to it; they may still tell where openings were rewritten.",
        )

    def _telling(self) -> Table:
        """Prompts on which the openings agree with the named candidate's and with few others'."""
        reading = self.reading
        best, comparison = reading.best, reading.comparison
        weighed = comparison.shares / max(float(comparison.weights.max()), 1e-12)
        panel = np.flatnonzero(reading.panel).tolist()
        excess = weighed[:, best] - weighed[:, panel].mean(axis=1)
        rows = []
        for place in np.argsort(-excess, kind="stable")[:_SHOWN].tolist():
            prompt = reading.asked[place]
            said, like = (reading.writers[one].answers.get(prompt, "") for one in (0, best))
            shown = (" ".join(masked(opening(one))) for one in (said, like))
            rows.append((prompt[:200], *shown, round(float(excess[place]), 4)))
        return Table(
            title="Openings that tell most",
            columns=("prompt", "suspect", reading.writers[best].subject.name, "excess"),
            rows=tuple(rows),
            note="As compared: words that carry content are replaced by a mark.",
        )

    def _students(self) -> Table | None:
        reading = self.reading
        students = reading.students()
        if not students:
            return None
        rows = tuple(
            (
                reading.writers[place].subject.name,
                "; ".join(reading.writers[place].declared),
                reading.writers[best].subject.name,
                round(float(reading.scores[place, best]), 4),
                "yes" if found else "no",
                "yes" if named else "no",
            )
            for place, best, found, named in students[:_ROWS]
        )
        return Table(
            title="What this design finds: models that declare a candidate",
            columns=("model", "declares", "names", "score", "found", "rightly"),
            rows=rows,
            note=f"Of {len(students)}, {sum(one[2] for one in students)} stand out and "
            f"{sum(one[2] and one[3] for one in students)} of those name what they declare.",
        )
