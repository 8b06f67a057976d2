"""From the reading of recordings to findings, in words: what stands out, whom it points to, what is open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from auditor.probe.panel.controls import FROM_SHARED_DATA, NO_EVIDENCE, UNDECIDED
from auditor.probe.style.exhibits import Exhibits
from auditor.probe.style.quantities import facts_of, test_of
from auditor.probe.style.reading import StyleReading, came_after, came_before, names_of
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import observation_id
from auditor.record.request import Recall, request_digest
from auditor.record.subject import Role
from auditor.stats.conformal import controls_needed

#: Candidates of a population that get a finding of their own; the others stand in the ranking.
_MOST = 5
#: A support needs this of the parametric companion as well: ranks among few lines are coarse.
_COMPANION = 0.01

_LIMITS = (
    "Likeness has no direction: it says that two models share a lineage, and dates alone say who came first.",
    "What a common teacher, common data or a sibling of the named model would leave looks the same here.",
    "A student whose answers were rewritten, or that was trained on since, may no longer be found; a model "
    "made to imitate another's openings would be.",
)


@dataclass(frozen=True)
class StyleFindings:
    """Turns a reading into findings.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        source: Literature behind it.
        reading: The openings.
        others: Other channels, each by itself.
        problem: Why nothing can be said, and what would change that; None where something can.
        alpha: Level of the conformal test.
    """

    probe: str
    method: str
    source: str
    reading: StyleReading
    others: tuple[StyleReading, ...]
    problem: tuple[str, str] | None
    alpha: float

    def all(self) -> tuple[Finding, ...]:
        """One finding for each teacher that the user named, and for the population's leading candidates."""
        reading = self.reading
        named = [
            place
            for place, one in enumerate(reading.writers)
            if one.subject.role is Role.TEACHER and one.sample_of is None
        ]
        missing = [one for one in reading.recordings.left_out if one.role is Role.TEACHER]
        found = [
            self._finding(
                teacher=one.digest,
                outcome=Outcome.INCONCLUSIVE,
                reason=f"{one.name} answered too few of the common prompts",
                decisive=f"answers of {one.name} to the prompts that the others answered",
            )
            for one in missing
        ]
        if self.problem is not None:
            told: list[str | None] = [reading.writers[one].subject.digest for one in named]
            if not told and not missing:
                told = [None]
            reason, decisive = self.problem
            return tuple(
                found
                + [
                    self._finding(teacher=one, outcome=Outcome.INCONCLUSIVE, reason=reason, decisive=decisive)
                    for one in told
                ]
            )
        # Where nobody stands out, nobody is set beside the first: the ranking shows them all.
        stands_out = reading.rank(reading.best).p_value <= self.alpha
        beside = reading.not_excluded[:_MOST] if stands_out else (reading.best,)
        leading = [one for one in beside if one not in named]
        return tuple(found + [self._about(one) for one in (*named, *leading)])

    def _about(self, teacher: int) -> Finding:
        reading = self.reading
        writer, suspect = reading.writers[teacher], reading.writers[0]
        if not reading.eligible[teacher]:
            why = (
                f"{writer.subject.name} was released on {writer.released} and the suspect on "
                f"{suspect.released}: it cannot have taught it"
                if came_after(writer, suspect)
                else f"{writer.subject.name} and the suspect have one maker, whose models are alike anyway"
            )
            return self._finding(
                teacher=writer.subject.digest, outcome=Outcome.NOT_APPLICABLE, reason=why, decisive=""
            )
        outcome, answer, verdict, decisive = self._outcome(teacher)
        return self._finding(
            teacher=writer.subject.digest,
            outcome=outcome,
            reason=f"{self._floor()}; {self._seen(teacher)}{verdict}",
            decisive=decisive,
            result=test_of(reading, teacher, method=self.method, source=self.source),
            facts=facts_of(reading, self.others, teacher, answer),
            exhibits=self._exhibits.all() if teacher == reading.best else (),
            observation_ids=self._observation_ids,
            limits=(*_LIMITS, *self._own_limits(teacher)),
        )

    def _finding(
        self, *, teacher: str | None, outcome: Outcome, reason: str, decisive: str, **more: object
    ) -> Finding:
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.recordings.seen.suspect.digest,
            teacher=teacher,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            **more,  # type: ignore[arg-type]
        )

    def _floor(self) -> str:
        """How alike models are to themselves and to independent ones: said before anything else."""
        reading = self.reading
        own = dict(reading.samples())
        if 0 in own:
            itself = f"two samples of the suspect are {own[0]:.3f} alike"
        elif own:
            itself = f"two samples of one model are {float(np.median(list(own.values()))):.3f} alike"
        else:
            itself = "no model was recorded twice, so that nobody's likeness to itself is known"
        return f"{itself}, independent models {reading.usual:.3f}"

    def _seen(self, teacher: int) -> str:
        reading = self.reading
        rank = reading.rank(teacher)
        name = reading.writers[teacher].subject.name
        return (
            f"the suspect and {name} are {reading.comparison.whole[0, teacher]:.3f} alike, which is "
            f"{reading.scores[0, teacher]:+.4f} over the suspect's likeness to the panel once length is "
            f"taken out; {_lines(rank.reached)} of {rank.groups} independent lines reach that with any "
            f"candidate (p = {rank.p_value:.3g})"
        )

    def _outcome(self, teacher: int) -> tuple[Outcome, str, str, str]:
        """Outcome, answer, the rest of the reason, and what would decide it."""
        reading = self.reading
        rank = reading.rank(teacher)
        needed = controls_needed(self.alpha)
        if rank.groups < needed:
            more = f"; with {rank.groups} lines p <= {self.alpha:g} is not attainable"
            return Outcome.INCONCLUSIVE, UNDECIDED, more, f"{needed - rank.groups} more independent lines"
        if rank.p_value > self.alpha:
            least = f"; a score above {reading.threshold:.4f} would have been found"
            none = (
                f"; none of {int(reading.eligible.sum())} candidates stands out"
                if teacher == reading.best
                else ""
            )
            return Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE, f"{none}{least}{self._nearest()}", ""
        doubt = self._doubt(teacher)
        if doubt:
            return Outcome.INCONCLUSIVE, UNDECIDED, f", but {doubt[0]}", doubt[1]
        return Outcome.SUPPORTS, FROM_SHARED_DATA, "", ""

    def _doubt(self, teacher: int) -> tuple[str, str] | None:
        """Why a score that stands out does not support the claim against this teacher, if anything."""
        reading, writers = self.reading, self.reading.writers
        writer = writers[teacher]
        if teacher != reading.best:
            best = writers[reading.best].subject.name
            return f"{best} is nearer still", "known students of either, or logged answers"
        companion = reading.parametric_p(teacher)
        if companion is None or companion > _COMPANION:
            return "it lies within the scatter that few lines foretell", "more independent lines"
        halves = [writers[one].line for one in reading.halves]
        if any(one != writer.line for one in halves):
            named = names_of(writers, reading.halves)
            return f"the two halves of the prompts do not both name its line: {named}", "more common prompts"
        rivals = [one for one in reading.not_excluded if writers[one].line != writer.line]
        if rivals:
            return f"{names_of(writers, rivals)} cannot be excluded beside it", "more common prompts"
        known = writer.independent or came_before(writer, writers[0])
        if not known and writer.subject.role is not Role.TEACHER:
            return (
                "nothing shows that it came first: it is not documented as independent and a date is missing",
                "release dates of both",
            )
        return None

    def _nearest(self) -> str:
        """A recorded model that is no candidate and stands out: the teacher may not be among them."""
        reading = self.reading
        place = self._exhibits.nearest
        if reading.candidates[place] or reading.scores[0, place] <= reading.threshold:
            return ""
        name = reading.writers[place].subject.name
        return (
            f"; {name}, which is no candidate, does stand out, so that a common teacher may be missing here"
        )

    def _own_limits(self, teacher: int) -> tuple[str, ...]:
        reading = self.reading
        lines = []
        suspect, writer = reading.writers[0], reading.writers[teacher]
        if suspect.released is None or writer.released is None:
            lines.append(
                "A release date of suspect or candidate is missing: which came first is not settled."
            )
        if not any(place == 0 for place, _ in reading.samples()):
            lines.append("The suspect was recorded once: how alike its own answers are is not known.")
        left = reading.recordings.left_out
        if left:
            some = ", ".join(one.name for one in left[:5])
            lines.append(
                f"{len(left)} models answered too few of the common prompts and were left out: {some}."
            )
        return tuple(lines)

    @cached_property
    def _exhibits(self) -> Exhibits:
        return Exhibits(self.reading, self.others, self.alpha)

    @cached_property
    def _observation_ids(self) -> tuple[str, ...]:
        recordings = self.reading.recordings
        ids = []
        for one in self.reading.writers:
            sample = 1 if one.sample_of == one.subject.digest else 0
            recall = Recall(sample=sample)
            asked = (
                [recall]
                if recordings.transcribed(one.subject)
                else [recordings.asking.generate(prompt, sample) for prompt in one.answers]
            )
            ids += [observation_id(one.subject.digest, request_digest(request)) for request in asked]
        return tuple(ids)


def _lines(reached: float) -> str:
    """A count of lines, by shares of their models."""
    return "none" if reached == 0 else f"{reached:.3g}"
