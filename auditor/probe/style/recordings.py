"""Who is compared by how they write: suspect, candidates, the panel of independent models, and samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.probe.style.asking import TextAsking
from auditor.probe.style.release import Release, release_of
from auditor.record.observation import Observations, Text, Transcript
from auditor.record.request import Question, Recall
from auditor.record.subject import Role, Subject

#: Share of the common prompts that a model must have answered to take part, and share of the panel that
#: must have answered a prompt for it to be common.
SHARE_ANSWERED = 0.8


@dataclass(frozen=True)
class Writer:
    """One recording of one model.

    Attributes:
        subject: The model.
        answers: Its answers by prompt.
        maker: Who released it; its own name where nobody is named.
        line: The line of models that it belongs to; its maker where none is stated.
        independent: Whether it is documented as trained first-hand and on nobody's outputs.
        candidate: Whether it may be named as a teacher.
        declared: What it is declared to come from.
        released: When, where known.
        sample_of: Digest of the model that this is a further sample of.
    """

    subject: Subject
    answers: Mapping[str, str]
    maker: str
    line: str
    independent: bool
    candidate: bool
    declared: tuple[str, ...]
    released: Release | None
    sample_of: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """By what a declaration may mean it."""
        return frozenset(one.casefold() for one in (self.subject.name, self.maker, self.line))


@dataclass(frozen=True)
class Recordings:
    """Everything that was recorded of everyone, and what is still to be asked.

    Attributes:
        seen: The answers so far.
        asking: How models are asked of which nothing is recorded.
        items: Prompts for a scan without any recording.
        most: Most prompts that are used.
    """

    seen: Observations
    asking: TextAsking
    items: tuple[str, ...]
    most: int

    @cached_property
    def everyone(self) -> tuple[Subject, ...]:
        """Suspect first, then teachers, controls that share nothing with a teacher, and members."""
        found = {self.seen.suspect.digest: self.seen.suspect}
        for role in (Role.TEACHER, Role.CONTROL, Role.MEMBER):
            for one in self.seen.of_role(role):
                if role is not Role.CONTROL or stratum_of(one) not in RELATED:
                    found.setdefault(one.digest, one)
        return tuple(found.values())

    def pending(self) -> tuple[Question, ...]:
        """Recordings first; then the common prompts to those who have none."""
        recalls = [
            Question(subject_digest=one.digest, request=request)
            for one in self.everyone
            for request in (Recall(), Recall(sample=1))
            if self.seen.answer(one, request) is None
        ]
        if recalls:
            return tuple(recalls)
        return tuple(
            Question(subject_digest=one.digest, request=request)
            for one in self.everyone
            if not self.transcribed(one)
            for sample in ((0, 1) if one is self.seen.suspect else (0,))
            for prompt in self.prompts
            if self.seen.answer(one, request := self.asking.generate(prompt, sample)) is None
        )

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """Prompts that the suspect and most of the yardstick answered, in an order fixed by their words."""
        transcripts = {one.digest: set(self._recorded(one, 0)) for one in self.everyone}
        own = transcripts[self.seen.suspect.digest]
        panel = [found for one in self.everyone[1:] if (found := transcripts[one.digest])]
        if not panel and not own:
            return self._first(self.items)
        yardstick = [
            transcripts[one.digest]
            for one in self.everyone[1:]
            if transcripts[one.digest] and _independent(one)
        ] or panel
        counts: dict[str, int] = {}
        for found in yardstick:
            for prompt in found:
                counts[prompt] = counts.get(prompt, 0) + 1
        common = (one for one, n in counts.items() if n >= SHARE_ANSWERED * len(yardstick))
        return self._first(one for one in common if not own or one in own)

    @cached_property
    def writers(self) -> tuple[Writer, ...]:
        """Those who answered enough of the common prompts, the suspect first, further samples last."""
        firsts = [self._writer(one, 0) for one in self.everyone]
        again = [self._writer(one, 1) for one in self.everyone]
        kept = [one for one in firsts if self.answered(one) or one.subject is self.seen.suspect]
        apart = [one for one in kept if one.sample_of is None]
        known = {one.subject.digest for one in apart}
        samples = [one for one in kept if one.sample_of in known]
        samples += [one for one in again if self.answered(one) and one.sample_of in known]
        return (*apart, *samples)

    @cached_property
    def left_out(self) -> tuple[Subject, ...]:
        """Those who answered too few of the common prompts."""
        kept = {one.subject.digest for one in self.writers}
        return tuple(one for one in self.everyone if one.digest not in kept)

    @property
    def independent(self) -> int:
        """Models that may be on the panel, whether they answered or not."""
        return sum(_independent(one) and one.detail("sample of") is None for one in self.everyone[1:])

    def transcribed(self, subject: Subject) -> bool:
        """Whether answers of this model come from a recording."""
        return isinstance(self.seen.answer(subject, Recall()), Transcript)

    def answered(self, writer: Writer) -> bool:
        """Whether it has enough answers to take part."""
        return len(writer.answers) >= SHARE_ANSWERED * max(len(self.prompts), 1)

    def _writer(self, subject: Subject, sample: int) -> Writer:
        recorded = self._recorded(subject, sample)
        wanted = {one: recorded[one] for one in self.prompts if one in recorded}
        if not wanted and not self.transcribed(subject):
            wanted = self._asked(subject, sample)
        maker = subject.organisation or subject.name
        lineage = tuple(one.strip() for one in (subject.detail("lineage") or "").split(";") if one.strip())
        independent = _independent(subject)
        told = subject.detail("sample of")
        return Writer(
            subject=subject,
            answers={prompt: text for prompt, text in wanted.items() if text.strip()},
            maker=maker.casefold(),
            line=(lineage[0] if independent and lineage else maker).casefold(),
            independent=independent,
            candidate=subject.role is Role.TEACHER or subject.detail("candidate") == "yes",
            declared=() if independent else tuple(one.casefold() for one in lineage),
            released=release_of(subject.detail("released")),
            sample_of=subject.digest if sample else told if subject.role is Role.MEMBER else None,
        )

    def _recorded(self, subject: Subject, sample: int) -> Mapping[str, str]:
        answer = self.seen.answer(subject, Recall(sample=sample))
        if not isinstance(answer, Transcript):
            return {}
        return dict(zip(answer.prompts, answer.answers, strict=True))

    def _asked(self, subject: Subject, sample: int) -> dict[str, str]:
        answers = {
            prompt: self.seen.answer(subject, self.asking.generate(prompt, sample)) for prompt in self.prompts
        }
        return {
            prompt: one.text
            for prompt, one in answers.items()
            if isinstance(one, Text) and one.finish != "filtered"
        }

    def _first(self, prompts: Iterable[str]) -> tuple[str, ...]:
        """At most so many, in an order that nobody chose."""
        ordered: Sequence[str] = sorted(prompts, key=lambda one: hashlib.sha256(one.encode()).digest())
        return tuple(ordered[: self.most])


def _independent(subject: Subject) -> bool:
    """Documented so by a table of recorded models, or named as a control that shares nothing."""
    return subject.detail("independent") == "yes" or subject.role is Role.CONTROL
