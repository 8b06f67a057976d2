"""A judge that puts its questions to another model, in that model's own terms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from auditor.digest import digest_json
from auditor.record.observation import Answer, Unanswered
from auditor.record.request import Grade, Request
from auditor.target.protocol import Batch, Description, Target

#: What a judge says to every other kind of question.
NO_GRADE = Unanswered(reason="a judge grades answers, nothing else")


class WrappedJudge(ABC):
    """Answers ``Grade`` through a model.

    Args:
        inner: The model.

    Attributes:
        settings: What the labels depend on besides the model; part of the judge's digest.
    """

    settings: ClassVar[Any]

    def __init__(self, inner: Target) -> None:
        self._inner = inner

    @abstractmethod
    def question(self, request: Grade) -> Request:
        """What the model is asked."""

    @abstractmethod
    def grade(self, answer: Answer) -> Answer:
        """What the model's answer says of the answer that is judged."""

    @cached_property
    def description(self) -> Description:
        """The model, as this judge."""
        known = self._inner.description
        return replace(known, digest=digest_json([known.digest, self.settings]))

    def ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Answer requests one by one as they come."""
        for batch in self.batches(requests):
            yield from batch

    def batches(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """Answer requests in the batches of the model.

        Raises:
            TargetError: If the model cannot be asked at all.
        """
        grades = [(place, one) for place, one in enumerate(requests) if isinstance(one, Grade)]
        others = [place for place, one in enumerate(requests) if not isinstance(one, Grade)]
        if others:
            yield [(place, NO_GRADE) for place in others]
        for batch in self._inner.batches([self.question(one) for _, one in grades]):
            yield [(grades[place][0], self.grade(answer)) for place, answer in batch]

    def close(self) -> None:
        """Free the model."""
        self._inner.close()
