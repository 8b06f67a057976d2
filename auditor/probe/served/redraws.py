"""What is asked about a log: the teacher once more, and how likely everybody finds all that it said."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from auditor.probe.served.log import LoggedPrompt, ServedLog, place_of
from auditor.record.observation import Choice, Observations, Text
from auditor.record.request import Choose, Generate, Question, ask_all, request_digest
from auditor.record.subject import Access, Role, Subject


@dataclass(frozen=True)
class Redraws:
    """The log, the teacher's redrawn answers, and who weighs them.

    Attributes:
        seen: The answers so far.
        log: The logged prompts.
        teacher: Who served them.
        count: Redrawn answers for each logged one.
        samples: Answers of a suspect that can only write, to each prompt.
        most_references: Most models that serve as references.
    """

    seen: Observations
    log: ServedLog
    teacher: Subject
    count: int
    samples: int
    most_references: int
    _known: dict[int, tuple[str, ...] | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def scored(self) -> bool:
        """Whether the suspect tells log-probabilities; otherwise its own answers are compared."""
        return self.seen.suspect.access >= Access.LOGPROBS

    @cached_property
    def references(self) -> tuple[Subject, ...]:
        """Models whose opinion of an answer is taken off the suspect's: controls, base, teachers.

        Controls of different strata take turns, so that no stratum alone fills the number.
        """
        least = Access.LOGPROBS if self.scored else Access.TEXT
        taken = {self.seen.suspect.digest}
        found: list[Subject] = []
        by_stratum: dict[str, list[Subject]] = {}
        for one in self.seen.of_role(Role.CONTROL, least):
            by_stratum.setdefault(str(one.stratum), []).append(one)
        longest = max((len(one) for one in by_stratum.values()), default=0)
        turns = [
            members[turn] for turn in range(longest) for members in by_stratum.values() if turn < len(members)
        ]
        others = [*self.seen.of_role(Role.BASE, least), *self.seen.of_role(Role.TEACHER, least)]
        for one in (*others, *turns[: self.most_references]):
            if one.digest not in taken and (self.scored or one.digest != self.teacher.digest):
                taken.add(one.digest)
                found.append(one)
        return tuple(found)

    @property
    def weighers(self) -> tuple[Subject, ...]:
        """The suspect, then the references."""
        return (self.seen.suspect, *self.references)

    def redraw(self, prompt: LoggedPrompt) -> tuple[Generate, ...]:
        """Requests that draw the teacher's answers anew, as they were drawn before."""
        return _draws(prompt, self.count * len(prompt.answers))

    def own(self, prompt: LoggedPrompt) -> tuple[Generate, ...]:
        """Requests for a model's own answers."""
        return _draws(prompt, self.samples)

    def answers(self, prompt: LoggedPrompt) -> tuple[str, ...] | None:
        """Logged answers, then redrawn ones; None until all are there, or where one is unusable.

        A group is left out as a whole for any member's sake, which treats logged and redrawn alike.
        """
        key = id(prompt)
        if key not in self._known:
            self._known[key] = self._gathered(prompt)
        return self._known[key]

    def _gathered(self, prompt: LoggedPrompt) -> tuple[str, ...] | None:
        redrawn = []
        for request in self.redraw(prompt):
            answer = self.seen.answer(self.teacher, request)
            if not isinstance(answer, Text) or answer.finish == "filtered" or not answer.text.strip():
                return None
            redrawn.append(answer.text.strip())
        return (*prompt.answers, *redrawn)

    def weighing(self, prompt: LoggedPrompt) -> Choose | None:
        """The request that scores every distinct answer to a prompt."""
        answers = self.answers(prompt)
        return None if answers is None else Choose(prompt=prompt.prompt, options=tuple(sorted(set(answers))))

    def weights(self, subject: Subject, prompt: LoggedPrompt) -> tuple[float, ...] | None:
        """Nats per byte of each answer under a model, in the order of ``answers``."""
        answers, request = self.answers(prompt), self.weighing(prompt)
        if answers is None or request is None:
            return None
        found = self.seen.answer(subject, request)
        if not isinstance(found, Choice):
            return None
        per_byte = {
            text: value / max(size, 1)
            for text, value, size in zip(request.options, found.log_likelihoods, found.bytes, strict=True)
        }
        return tuple(per_byte[text] for text in answers)

    def written(self, subject: Subject, prompt: LoggedPrompt) -> tuple[str, ...]:
        """A model's own usable answers."""
        found = (self.seen.answer(subject, request) for request in self.own(prompt))
        return tuple(one.text for one in found if isinstance(one, Text) and one.text.strip())

    def settled(self, prompt: LoggedPrompt) -> bool:
        """Whether nothing more can be learned about a prompt: all is answered, or the teacher cannot."""
        asked = [self.seen.answer(self.teacher, request) for request in self.redraw(prompt)]
        if any(one is None for one in asked):
            return False
        if not self.scored:
            return all(self.seen.answer(self.seen.suspect, one) is not None for one in self.own(prompt))
        request = self.weighing(prompt)
        return request is None or self.seen.answer(self.seen.suspect, request) is not None

    def questions(self, prompts: tuple[LoggedPrompt, ...]) -> tuple[Question, ...]:
        """What is to be asked about these prompts: redraws, then what everybody makes of the answers."""
        found: list[Question] = []
        for prompt in prompts:
            found += ask_all(self.teacher.digest, self.redraw(prompt))
            if not self.scored:
                for subject in self.weighers:
                    found += ask_all(subject.digest, self.own(prompt))
                continue
            request = self.weighing(prompt)
            if request is not None:
                found += [Question(subject_digest=one.digest, request=request) for one in self.weighers]
        return tuple(found)

    def observation_keys(self, prompt: LoggedPrompt) -> tuple[tuple[str, str], ...]:
        """What a conclusion about a prompt rests on: the redraws, and what the suspect made of them."""
        keys = [(self.teacher.digest, request_digest(one)) for one in self.redraw(prompt)]
        suspect = self.seen.suspect.digest
        if not self.scored:
            return (*keys, *((suspect, request_digest(one)) for one in self.own(prompt)))
        request = self.weighing(prompt)
        return (*keys, *([(suspect, request_digest(request))] if request else []))


def _draws(prompt: LoggedPrompt, count: int) -> tuple[Generate, ...]:
    """Requests for ``count`` draws whose seeds no other prompt shares.

    With the same seeds everywhere, a server would use the same random numbers for every prompt, and the
    redraws of different prompts would not be independent.
    """
    first = int(place_of(prompt.prompt, prompt.decoding).removeprefix("sha256:")[:7], 16)
    return tuple(
        Generate(
            prompt=prompt.prompt,
            max_tokens=prompt.decoding.max_tokens,
            temperature=prompt.decoding.temperature,
            top_p=prompt.decoding.top_p,
            seed=first + number,
        )
        for number in range(count)
    )
