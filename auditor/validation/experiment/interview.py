"""One model is opened, asked what is still open, and its answers are left on disk with the time it took."""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from auditor.digest import digest_json
from auditor.record.codec import decode, encode
from auditor.record.observation import Observation
from auditor.record.request import Request, request_digest
from auditor.record.subject import Role, Subject
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions, Target
from auditor.validation.experiment.answer_file import pack_answers, read_answers
from auditor.zoo.work.whole_file import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What it took to ask one model what one probe wanted.

    Attributes:
        member: Name of the model.
        probe: The probe.
        questions: Questions answered.
        in_model: Seconds inside the model's target, loading included.
        seconds: Seconds in all.
        peak_bytes: Most memory that the asking process had taken by then.
    """

    member: str
    probe: str
    questions: int
    in_model: float
    seconds: float
    peak_bytes: int


@dataclass(frozen=True, kw_only=True)
class Interview:
    """The questions that are open to one model; it travels to worker processes, so it must pickle.

    Attributes:
        subject: The model, as it was described when the population was opened.
        questions: Probe -> what it wants to know, in the order of asking.
        options: How the model is opened.
        out: Folder for the answers.
    """

    subject: Subject
    questions: tuple[tuple[str, tuple[Request, ...]], ...]
    options: OpenOptions
    out: Path

    @cached_property
    def name(self) -> str:
        """Unique to the model and the questions."""
        asked = [[probe, [request_digest(one) for one in requests]] for probe, requests in self.questions]
        plain = re.sub(r"[^\w.-]", "_", self.subject.name)
        return f"{plain}-{digest_json([self.subject.digest, asked])[7:19]}"

    @property
    def answers(self) -> Path:
        """Where the answers lie."""
        return self.out / f"{self.name}.answers.gz"

    @property
    def times(self) -> Path:
        """Where the times lie; written after the answers."""
        return self.out / f"{self.name}.times.json"

    def done(self) -> bool:
        """Whether the answers are there, whole."""
        return self.times.is_file()

    def run(self) -> None:
        """Ask."""
        self.out.mkdir(parents=True, exist_ok=True)
        target = open_target(self.subject.locator, self.options)
        found: list[Observation] = []
        times: list[Asking] = []
        for probe, requests in self.questions:
            clock = Clock()
            new = list(clock.timed(target, self.subject.digest, requests))
            times.append(
                Asking(
                    member=self.subject.name,
                    probe=probe,
                    questions=len(new),
                    in_model=clock.in_model,
                    seconds=clock.seconds,
                    peak_bytes=peak_bytes(),
                )
            )
            found += new
        target.close()
        write_whole(self.answers, pack_answers(found))
        write_whole(self.times, json.dumps([encode(one) for one in times]).encode())

    def read_answers(self) -> tuple[Observation, ...]:
        """The answers of an interview that is done."""
        asked = {request_digest(one): one for _, requests in self.questions for one in requests}
        return read_answers(self.answers, self.subject.digest, asked)

    def read_times(self) -> tuple[Asking, ...]:
        """The times of a interview that is done."""
        return decode(tuple[Asking, ...], json.loads(self.times.read_bytes()), where=str(self.times))


def conduct_interview(interview: Interview) -> None:
    """Ask, unless it was done by a process that could not hand it over."""
    if not interview.done():
        interview.run()


class Clock:
    """Counts the seconds that pass inside a model, and all that pass since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.in_model = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._start

    def timed(self, target: Target, digest: str, requests: Sequence[Request]) -> Iterator[Observation]:
        """Answers of a target as observations."""
        batches = target.batches(requests)
        while True:
            before = time.perf_counter()
            batch = next(batches, None)
            self.in_model += time.perf_counter() - before
            if batch is None:
                return
            for place, answer in batch:
                request = requests[place]
                yield Observation(
                    subject_digest=digest,
                    request_digest=request_digest(request),
                    request=request,
                    answer=answer,
                )


def describe(name: str, locator: str, options: OpenOptions) -> Subject:
    """The record of a model, as a scan would make it, without a role of its own yet."""
    described = open_target(locator, options).description
    return Subject(
        role=Role.SUSPECT,
        name=name,
        locator=locator,
        digest=described.digest,
        access=described.access,
        kind=described.kind,
        revision=described.revision,
        tokenizer_digest=described.tokenizer_digest,
        details=described.details,
    )


def peak_bytes() -> int:
    """Most memory that this process has taken so far; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
