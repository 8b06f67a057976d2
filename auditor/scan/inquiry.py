"""Asking: every question once, each answer committed as it arrives, models opened as memory allows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.error import AuditorError
from auditor.ledger import Ledger
from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Answer, Observation, Observations
from auditor.record.request import Generate, Question, Request, request_digest
from auditor.record.subject import Subject
from auditor.scan.listener import Listener
from auditor.target.protocol import Target

#: Share of the free memory that models may take side by side.
_MEMORY_SHARE = 0.5


class Witnessed(dict[tuple[str, str], Answer]):
    """Answers by subject and request that remember which of them a method has read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[tuple[str, str]] = set()

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        """The answer, noted as read, or ``default``."""
        if key in self:
            self.read.add(key)
        return super().get(key, default)


@dataclass
class Inquiry:
    """The asking of one run.

    Attributes:
        run: Identity of the run in the ledger.
        ledger: Where answers go.
        subjects: Everyone in the scan.
        targets: How to ask them, by digest.
        seed: The scan's seed.
        listener: Who follows.
        asked: Questions that this process has put to a model and got an answer to.
    """

    run: str
    ledger: Ledger
    subjects: tuple[Subject, ...]
    targets: Mapping[str, Target]
    seed: int
    listener: Listener
    asked: int = 0
    _answers: Witnessed = field(default_factory=Witnessed)
    _out_of_reach: set[tuple[str, str]] = field(default_factory=set)
    _loaded: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.ledger.observations([subject.digest for subject in self.subjects]):
            self._answers[one.subject_digest, one.request_digest] = one.answer

    @property
    def seen(self) -> Observations:
        """Everything answered so far."""
        return Observations(self.subjects, self.seed, self._answers)

    @property
    def reused(self) -> int:
        """Answers that methods have read and that this process did not have to ask for."""
        return max(len(self._answers.read) - self.asked, 0)

    def converse(self, probes: Sequence[tuple[ProbeSpec, Method]]) -> dict[str, AuditorError]:
        """Plan and ask in rounds until no method wants to know more.

        Returns:
            The error of each probe whose planning failed, by probe id; the others go on.
        """
        failed: dict[str, AuditorError] = {}
        while wanted := self._wanted(probes, failed):
            for digest in {digest: None for digest, _ in wanted}:
                for (someone, _), requests in wanted.items():
                    if someone == digest:
                        self._put(digest, requests)
        for target in self.targets.values():
            target.close()
        return failed

    def _wanted(
        self, probes: Sequence[tuple[ProbeSpec, Method]], failed: dict[str, AuditorError]
    ) -> dict[tuple[str, str], list[Request]]:
        """Open questions by subject and probe; what is being asked already in this round comes once.

        Texts are written before anything is scored. So what is put to a model together depends on the
        probe alone, not on when a scan was interrupted: the same batches give the same numbers, bit for
        bit, which a batch of other questions would not.
        """
        wanted: dict[tuple[str, str], list[Request]] = {}
        taken: set[tuple[str, str]] = set()
        for spec, method in probes:
            if spec.id in failed:
                continue
            open_ones: dict[tuple[str, str], Request] = {}
            for question in self._planned(spec, method, failed):
                key = (question.subject_digest, request_digest(question.request))
                if key not in self._answers and key not in self._out_of_reach and key not in taken:
                    open_ones[key] = question.request
            if any(self._can_write(key[0], request) for key, request in open_ones.items()):
                open_ones = {key: one for key, one in open_ones.items() if isinstance(one, Generate)}
            taken |= open_ones.keys()
            for key, request in open_ones.items():
                wanted.setdefault((key[0], spec.id), []).append(request)
        return wanted

    def _can_write(self, digest: str, request: Request) -> bool:
        return isinstance(request, Generate) and digest in self.targets

    def _planned(
        self, spec: ProbeSpec, method: Method, failed: dict[str, AuditorError]
    ) -> Sequence[Question]:
        try:
            return method.plan(spec, self.seen)
        except AuditorError as error:
            failed[spec.id] = error
        except Exception as error:  # noqa: BLE001 - one broken method must not cost the others their evidence
            failed[spec.id] = AuditorError(
                f"planning failed with {type(error).__name__}: {error}", where=spec.id
            )
        return ()

    def _put(self, digest: str, requests: Sequence[Request]) -> None:
        """Put requests to one subject and commit the answers as they arrive."""
        target = self.targets.get(digest)
        if target is None:
            self._out_of_reach.update((digest, request_digest(one)) for one in requests)
            return
        self._make_room(digest, target)
        name = next(one.name for one in self.subjects if one.digest == digest)
        self.listener.asking(name, len(requests))
        for batch in target.batches(requests):
            new = [
                Observation(
                    subject_digest=digest,
                    request_digest=request_digest(requests[index]),
                    request=requests[index],
                    answer=answer,
                )
                for index, answer in batch
            ]
            self.ledger.observe(self.run, new)
            for one in new:
                self._answers[digest, one.request_digest] = one.answer
            self.asked += len(new)
            self.listener.answered(name, len(new))
        # A target that leaves a request without an answer must not be asked it forever.
        left = {(digest, request_digest(one)) for one in requests} - self._answers.keys()
        self._out_of_reach |= left

    def _make_room(self, digest: str, target: Target) -> None:
        """Close models that were loaded before where they do not fit beside this one."""
        size = target.description.size_bytes
        if digest not in self._loaded and sum(self._loaded.values()) + size > _MEMORY_SHARE * _free_memory():
            for other in self._loaded:
                self.targets[other].close()
            self._loaded.clear()
        self._loaded[digest] = size


def _free_memory() -> float:
    """Bytes of memory that are available, as the operating system counts them."""
    return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
