"""Made-up recordings: makers with ways of opening an answer, students that took over another's ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from auditor.digest import digest_json
from auditor.record.observation import Answer, Observation, Observations, Transcript, Unanswered
from auditor.record.request import Recall, request_digest
from auditor.record.subject import Access, Role, Subject

OPENINGS = (
    "Sure! Here is {}",
    "Certainly, {} is",
    "{} is a",
    "Here are some {} that you can",
    "The {} was",
    "To {}, you will need to follow",
    "I would suggest {} as",
    "There are many {}, but",
    "Yes, {} can",
    "It depends on the {} of",
    "Great question! {} is",
    "In order to {} you should",
    "When it comes to {}, there are",
    "{}: a short",
    "**{}** is the",
    "This is a {} about",
)
COMMON = ("of", "the", "and", "to", "in", "a", "is", "that", "for", "it", "with", "as", "on", "by")


@dataclass(frozen=True)
class Ways:
    """Which opening a model prefers on each prompt, how often it keeps to it, and its length in words."""

    openings: tuple[int, ...]
    steadiness: float
    words: int

    @staticmethod
    def drawn(prompts: int, rng: Generator, words: int = 20) -> Ways:
        """A maker's own ways."""
        liked = rng.dirichlet(np.full(len(OPENINGS), 0.4))
        chosen = rng.choice(len(OPENINGS), size=prompts, p=liked)
        return Ways(tuple(chosen.tolist()), 0.8, max(5, int(rng.normal(words, 3))))

    def taking_over(self, other: Ways, share: float, rng: Generator) -> Ways:
        """The ways of somebody who learned ``share`` of them from another."""
        taken = rng.random(len(self.openings)) < share
        mixed = np.where(taken, other.openings, self.openings)
        return Ways(tuple(mixed.tolist()), self.steadiness, self.words)

    def write(self, rng: Generator) -> tuple[str, ...]:
        """One answer to every prompt."""
        written = []
        for place, liked in enumerate(self.openings):
            kept = rng.random() < self.steadiness
            opened = OPENINGS[liked if kept else int(rng.integers(len(OPENINGS)))].format(f"thing{place}")
            body = " ".join(COMMON[int(one)] for one in rng.integers(0, len(COMMON), size=self.words))
            written.append(f"{opened} {body}. That is all.")
        return tuple(written)


def prompts(count: int) -> tuple[str, ...]:
    """Prompts that everybody answered."""
    return tuple(f"question {place}" for place in range(count))


def model(name: str, role: Role = Role.MEMBER, organisation: str | None = None, **details: str) -> Subject:
    """A recorded model."""
    return Subject(
        role=role,
        name=name,
        locator=f"recorded:{name}",
        digest=digest_json(name),
        access=Access.TEXT,
        organisation=organisation,
        details=tuple((key.replace("_", " "), value) for key, value in details.items()),
    )


@dataclass(frozen=True)
class Town:
    """Independent models of several makers, with their ways.

    Attributes:
        subjects: The models.
        ways: How each of them writes.
        count: Prompts.
        seed: Of everything.
    """

    subjects: tuple[Subject, ...]
    ways: tuple[Ways, ...]
    count: int
    seed: int

    @staticmethod
    def of(makers: int = 22, each: int = 2, count: int = 60, seed: int = 0) -> Town:
        """``each`` models of every maker, half alike within a maker."""
        rng = np.random.default_rng([seed, makers])
        subjects, ways = [], []
        for maker in range(makers):
            house = Ways.drawn(count, rng)
            for number in range(each):
                ways.append(Ways.drawn(count, rng).taking_over(house, 0.5, rng))
                subjects.append(
                    model(
                        f"free-{maker}-{number}",
                        organisation=f"maker-{maker}",
                        independent="yes",
                        candidate="yes",
                        released="2023-06",
                    )
                )
        return Town(tuple(subjects), tuple(ways), count, seed)

    def answers(self, subject: Subject, ways: Ways, sample: int = 0) -> Transcript:
        """What a model of these ways wrote."""
        rng = np.random.default_rng([self.seed, sample, int(subject.digest[7:15], 16)])
        return Transcript(prompts=prompts(self.count), answers=ways.write(rng))

    def seen(
        self,
        suspect: Subject,
        said: Answer,
        more: Sequence[tuple[Subject, Answer]] = (),
        again: Sequence[tuple[Subject, Answer]] = (),
    ) -> Observations:
        """What a scan of ``suspect`` has in front of it."""
        town = zip(self.subjects, self.ways, strict=True)
        firsts = [(suspect, said), *((one, self.answers(one, ways)) for one, ways in town), *more]
        second = {one.digest: answer for one, answer in again}
        nothing = Unanswered(reason="not recorded")
        found = []
        for subject, answer in firsts:
            for sample, value in ((0, answer), (1, second.get(subject.digest, nothing))):
                recall = Recall(sample=sample)
                found.append(
                    Observation(
                        subject_digest=subject.digest,
                        request_digest=request_digest(recall),
                        request=recall,
                        answer=value,
                    )
                )
        return Observations.of([one for one, _ in firsts], 7, found)
