"""Whether published items are answered as a teacher answers them, mistakes included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from auditor.probe.generator.twins import Side, Twin
from auditor.probe.overfitting.asking import Asking, per_byte, written
from auditor.probe.overfitting.counts import ScoredTwin, TwinCounts
from auditor.record.observation import Choice, Text
from auditor.record.request import Choose, Question, Request, ask_all
from auditor.record.subject import Role, Subject
from auditor.stats.two_sample import stratified_exact_test, stratified_rank_test

#: Fewest mistakes of a teacher on each side.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class Mistake:
    """An item that a teacher gets wrong.

    Attributes:
        item: The item.
        said: The teacher's answer, in one spelling.
    """

    item: Twin
    said: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the suspect says to a teacher's mistake.

    Attributes:
        mistake: The mistake.
        leaning: How far it leans to the teacher's answer rather than to the right one: in nats per byte where
            it chose; where it wrote, 1 for the teacher's, -1 for the right one, 0 for neither.
    """

    mistake: Mistake
    leaning: float


@dataclass(frozen=True)
class Mistakes:
    """What the suspect does where one teacher errs, on published and on fresh items.

    A model that has seen neither prefers the teacher's answer to the right one equally often on both. Who
    learned the teacher's answers to the published items prefers them more often there; who learned the
    right answers, less often.

    Attributes:
        asking: The questions.
        teacher: The teacher.
    """

    asking: Asking
    teacher: Subject

    @cached_property
    def all(self) -> tuple[Mistake, ...]:
        """The teacher's mistakes; many scans of one population have the same teachers."""

        def work_out() -> tuple[Mistake, ...]:
            answered = ((one, self._answered(one)) for one in self.asking.items)
            return tuple(
                Mistake(one, said) for one, said in answered if said and said != _spelled(one.item.answer)
            )

        return self.asking.seen.remembered(
            ("mistakes", self.asking.parameters, self.teacher.digest), work_out
        )

    def _answered(self, one: Twin) -> str:
        if self.asking.parameters.teachers == "write":
            return written(
                self.asking.seen.answer(self.teacher, self.asking.request(one, "generate")), one.item
            )
        return _spelled(self.asking.said(self.teacher, one) or "")

    def questions(self) -> Iterator[Question]:
        """What the suspect is asked beyond the items: the right answer, or the teacher's?"""
        suspect = self.asking.seen.suspect
        if self.asking.way(suspect) == "choose":
            yield from ask_all(suspect.digest, [one for one in map(self._dilemma, self.all) if one])

    def _dilemma(self, mistake: Mistake) -> Choose | None:
        """A choice of its own where the teacher's answer is none of the options."""
        item = mistake.item.item
        if mistake.said in map(_spelled, item.options):
            return None
        return self.asking.among(mistake.item, (item.answer, mistake.said))

    def request(self, mistake: Mistake) -> Request:
        """What shows whether the suspect prefers the teacher's answer."""
        way = self.asking.way(self.asking.seen.suspect)
        dilemma = self._dilemma(mistake) if way == "choose" else None
        return dilemma or self.asking.request(mistake.item, way)

    @cached_property
    def replies(self) -> tuple[Reply, ...]:
        """What the suspect says to each mistake, where it was asked and answers."""
        return tuple(found for one in self.all if (found := self._reply(one)) is not None)

    def _reply(self, one: Mistake) -> Reply | None:
        answer, item = self.asking.seen.answer(self.asking.seen.suspect, self.request(one)), one.item.item
        if isinstance(answer, Choice):
            dilemma = self._dilemma(one)
            answers = (item.answer, one.said) if dilemma else tuple(map(_spelled, item.options))
            likely = dict(zip(answers, per_byte(answer), strict=True))
            return Reply(one, likely[one.said] - likely[item.answer if dilemma else _spelled(item.answer)])
        if isinstance(answer, Text):
            said = written(answer, item)
            return Reply(one, float(said == one.said) - float(said == _spelled(item.answer)))
        return None

    @cached_property
    def copied(self) -> TwinCounts:
        """How often the suspect sides with the teacher."""
        return _counts(self.replies, lambda leaning: leaning > 0)

    @cached_property
    def corrected(self) -> TwinCounts:
        """How often it sides with the truth."""
        return _counts(self.replies, lambda leaning: leaning < 0)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The questions to the suspect that this rests on."""
        return tuple(self.request(one.mistake) for one in self.replies)

    @cached_property
    def copied_p(self) -> float:
        """Exact p-value that the suspect leans no more to the teacher on published items."""
        return self._rank_p(self.replies, 1.0)

    @cached_property
    def corrected_p(self) -> float:
        """Exact p-value that it leans no more to the truth on published items."""
        return self._rank_p(self.replies, -1.0)

    def copied_beyond(self, other: Mistakes) -> float:
        """The p-value of copying where the other teacher does not make the same mistake."""
        theirs = {one.item: one.said for one in other.all}
        own = tuple(one for one in self.replies if theirs.get(one.mistake.item) != one.mistake.said)
        return self._rank_p(own, 1.0)

    def _rank_p(self, replies: tuple[Reply, ...], sign: float) -> float:
        if not enough(_counts(replies, lambda leaning: leaning > 0)):
            return 1.0
        names = sorted({one.mistake.item.stratum for one in replies})
        return stratified_rank_test(
            sign * np.array([one.leaning for one in replies]),
            np.array([one.mistake.item.side is Side.PUBLISHED for one in replies]),
            np.array([names.index(one.mistake.item.stratum) for one in replies]),
            np.random.default_rng([self.asking.seen.seed, len(replies)]),
        )

    @cached_property
    def enough(self) -> bool:
        """Whether there are mistakes to compare on both sides."""
        return enough(self.copied)

    @cached_property
    def teacher_knows(self) -> float:
        """P-value that the teacher is no better on published items itself; small ones forbid comparing."""
        return exact_p(TwinCounts.of(self.asking.scored(self.teacher)))


def all_mistakes(asking: Asking) -> tuple[Mistakes, ...]:
    """Those of every teacher."""
    return tuple(Mistakes(asking, one) for one in asking.seen.of_role(Role.TEACHER))


def enough(counted: TwinCounts) -> bool:
    """Whether there is something to compare on both sides."""
    return bool(counted.n.size) and int(counted.n.sum(axis=1).min()) >= FEWEST


def exact_p(counted: TwinCounts) -> float:
    """One-sided p-value that published items are exchangeable with fresh ones."""
    if not counted.n.size:
        return 1.0
    return stratified_exact_test(counted.right[0], counted.n[0], counted.right[1], counted.n[1])


def _counts(replies: Iterable[Reply], sides: Callable[[float], bool]) -> TwinCounts:
    return TwinCounts.of(
        [ScoredTwin(one.mistake.item, sides(one.leaning), one.mistake.said) for one in replies]
    )


def _spelled(answer: str) -> str:
    return answer.casefold()
