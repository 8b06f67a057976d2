"""Everything that the models of a population say: asked once, kept in a ledger, looked up by lineup."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.digest import digest_file, digest_json
from auditor.error import AuditorError, UsageError
from auditor.ledger import Ledger
from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.codec import decode, encode
from auditor.record.observation import Answer, Observation, Observations
from auditor.record.request import Generate, Request, request_digest
from auditor.record.subject import Kind, Subject
from auditor.scan.conduct import unmet_needs
from auditor.target.protocol import OpenOptions
from auditor.validation.experiment.interview import Asking, Interview, conduct_interview, describe
from auditor.validation.experiment.lineup import Lineup, concerns
from auditor.validation.experiment.served import with_log
from auditor.zoo.register import Register

LEDGER, INTERVIEWS, TIMES = "validation.db", "interviews", "asking.jsonl"
#: Told a line about what is being done.
Progress = Callable[[str], None]

Probes = Sequence[tuple[ProbeSpec, Method]]


@dataclass
class Answers:
    """What the members of a population have answered so far.

    Attributes:
        subjects: The members as subjects, by name.
        seed: Seed of every scan: fresh items are drawn by it.
        answers: Its answers, keyed as in ``Observations``.
        requests: The questions, by the first twelve digits of their digests, as observations name them.
        askings: What the asking took, in this run or an earlier one.
        memo: What methods have worked out from these answers.
    """

    subjects: dict[str, Subject]
    seed: int
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    askings: list[Asking] = field(default_factory=list)
    memo: dict[Hashable, Any] = field(default_factory=dict)

    def add(self, observations: Iterable[Observation]) -> None:
        """Take in answers."""
        self.memo.clear()
        for one in observations:
            self.answers[one.subject_digest, one.request_digest] = one.answer
            self.requests[one.request_digest.removeprefix("sha256:")[:12]] = one.request

    def seen(self, lineup: Lineup) -> Observations:
        """What a scan of this cast has in front of it; a method looks up nobody but its subjects."""
        return Observations(lineup.subjects(self.subjects), self.seed, self.answers, self.memo)


def open_population(
    register: Register, options: OpenOptions, seed: int, kinds: Collection[Kind] = tuple(Kind)
) -> Answers:
    """Describe every member of the given kinds.

    Raises:
        TargetError: If one cannot be opened.
        UsageError: If two are the same model.
    """
    subjects: dict[str, Subject] = {}
    names: dict[str, str] = {}
    for name, member in register.members.items():
        if member.kind not in kinds:
            continue
        found = describe(name, str(register.root / member.folder), options)
        if found.digest in names:
            raise UsageError(
                f"{name} and {names[found.digest]} are the same model by digest",
                where=str(register.root),
                fix="leave one of them out of the register",
            )
        names[found.digest] = name
        subjects[name] = found
    return Answers(subjects, seed)


@contextmanager
def crew_of(workers: int) -> Iterator[Executor | None]:
    """Worker processes of one thread each, which load what they need once; None for no workers."""
    if not workers:
        yield None
        return
    from auditor.zoo.training.learning import one_thread

    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawning, initializer=one_thread) as crew:
        yield crew


@dataclass(frozen=True)
class Interviewer:
    """Where the members of a population are asked.

    Attributes:
        register: Who they are; of it, only logs of what teachers served are read here.
        answers: What they have said so far; grows.
        ledger: Where it is kept.
        out: Folder for what is under way.
        options: How models are opened.
        crew: Worker processes; without them this one asks.
        progress: Told what is being done.
    """

    register: Register
    answers: Answers
    ledger: Ledger
    out: Path
    options: OpenOptions
    crew: Executor | None = None
    progress: Progress = lambda _line: None

    def recall(self) -> None:
        """Take in what the ledger holds, and the times of earlier interviews."""
        digests = [one.digest for one in self.answers.subjects.values()]
        self.answers.add(self.ledger.observations(digests))
        path = self.out / TIMES
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                self.answers.askings.append(decode(Asking, json.loads(line), where=str(path)))

    def ask(self, lineups: Sequence[Lineup], probes: Probes) -> None:
        """Ask until no probe wants to know more in any of the lineups.

        Raises:
            AuditorError: If a model cannot be asked, or leaves a question without any answer.
        """
        before: str | None = None
        while wanted := self._wanted(lineups, probes):
            identity = digest_json(
                {
                    name: [request_digest(one) for requests in asked.values() for one in requests]
                    for name, asked in wanted.items()
                }
            )
            if identity == before:
                first = next(iter(wanted))
                raise AuditorError(
                    f"{first} leaves questions without an answer",
                    where=self.answers.subjects[first].locator,
                )
            before = identity
            self._ask(wanted)

    def _ask(self, wanted: Mapping[str, Mapping[str, tuple[Request, ...]]]) -> None:
        interviews = [
            Interview(
                subject=self.answers.subjects[name],
                questions=tuple(asked.items()),
                options=self.options,
                out=self.out / INTERVIEWS,
            )
            for name, asked in wanted.items()
        ]

        for number, one in enumerate(self._heard(interviews), start=1):
            self._record(one)
            self.progress(f"asked {number} of {len(interviews)}: {one.subject.name}")

    def _heard(self, interviews: Sequence[Interview]) -> Iterator[Interview]:
        """Interviews as they are done, in whatever order."""
        if self.crew is None:
            for one in interviews:
                conduct_interview(one)
                yield one
            return
        under_way = {self.crew.submit(conduct_interview, one): one for one in interviews}
        try:
            for done in as_completed(under_way):
                done.result()
                yield under_way[done]
        except BrokenExecutor as error:
            raise AuditorError(
                "a process that asked was ended from outside",
                where=str(self.out),
                fix="run the same command again to go on",
            ) from error
        finally:
            for left in under_way:
                left.cancel()

    def _record(self, interview: Interview) -> None:
        """From the worker's file into the ledger, which is what a later run goes on from."""
        found = interview.read_answers()
        digest = digest_file(interview.answers)
        self.ledger.import_observations(interview.name, digest, [interview.subject], found)
        self.answers.add(found)
        times = interview.read_times()
        self.answers.askings += times
        with (self.out / TIMES).open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(encode(one), sort_keys=True) + "\n" for one in times)
        interview.times.unlink()
        interview.answers.unlink()

    def _wanted(self, lineups: Sequence[Lineup], probes: Probes) -> dict[str, dict[str, tuple[Request, ...]]]:
        """Open questions by member and probe; texts are written before anything is scored, as in a scan."""
        names = {one.digest: name for name, one in self.answers.subjects.items()}
        wanted: dict[str, dict[str, dict[str, Request]]] = {}
        for lineup in lineups:
            seen = self.answers.seen(lineup)
            for spec, method in probes:
                if not concerns(lineup, spec, method) or unmet_needs(method, seen):
                    continue
                asked_about = with_log(spec, lineup, self.register)
                for (digest, request_id), request in _open(asked_about, method, seen).items():
                    asked = wanted.setdefault(names[digest], {}).setdefault(spec.id, {})
                    asked[request_id] = request
        return {
            name: {probe: tuple(requests.values()) for probe, requests in asked.items()}
            for name, asked in sorted(wanted.items())
        }


def _open(spec: ProbeSpec, method: Method, seen: Observations) -> dict[tuple[str, str], Request]:
    found: dict[tuple[str, str], Request] = {}
    for question in method.plan(spec, seen):
        key = (question.subject_digest, request_digest(question.request))
        if key not in seen.answers:
            found[key] = question.request
    if any(isinstance(one, Generate) for one in found.values()):
        return {key: one for key, one in found.items() if isinstance(one, Generate)}
    return found
