"""Scoring requests taken apart into continuations under shared prompts, and put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from auditor.record.observation import Answer, Choice, Likelihood
from auditor.record.request import Choose, NextTokens, Score
from auditor.target.scoring import Tokens

#: Most continuations that go on from one prompt at a time.
_MOST_CONTINUATIONS = 64

#: A request whose answer is a matter of probabilities.
Scored = Score | Choose | NextTokens


@dataclass(frozen=True)
class Part:
    """One continuation of one request, cut into tokens."""

    request: int
    place: int
    context: Tokens
    tokens: Tokens


@dataclass(eq=False)
class Job:
    """Parts with one prompt in common, and the requests that want the likeliest tokens after it."""

    context: Tokens
    parts: list[Part] = field(default_factory=list)
    tops: list[int] = field(default_factory=list)
    top: int = 0

    @property
    def longest(self) -> int:
        """Tokens of the longest row."""
        return len(self.context) + max((len(part.tokens) for part in self.parts), default=0)

    @property
    def rows(self) -> int:
        """Rows that it takes in the cache."""
        return max(1, len(self.parts))

    def halves(self) -> Sequence[Job]:
        """Two jobs with half the parts each, where there are several."""
        half = len(self.parts) // 2
        if not half:
            return (self,)
        first = Job(self.context, self.parts[:half], self.tops, self.top)
        return first, Job(self.context, self.parts[half:])

    def chunks(self) -> Iterator[Job]:
        """Jobs of at most 64 parts each, so that the cache of one prompt never grows without bound."""
        for start in range(0, max(len(self.parts), 1), _MOST_CONTINUATIONS):
            parts = self.parts[start : start + _MOST_CONTINUATIONS]
            yield Job(self.context, parts, [] if start else self.tops, 0 if start else self.top)


@dataclass(eq=False)
class Pending:
    """What is known of one request's answer so far."""

    request: Scored
    values: dict[int, float] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    wanted: int = 1

    @property
    def complete(self) -> bool:
        """Whether every part is known."""
        return len(self.values) == self.wanted

    def note(self, place: int, value: float, length: int) -> None:
        """Keep the log-likelihood and the number of tokens of one part."""
        self.values[place] = value
        self.lengths[place] = length


def continuations(request: Scored) -> tuple[str, ...]:
    """The texts that a request wants scored."""
    if isinstance(request, Choose):
        return request.options
    return (request.continuation,) if isinstance(request, Score) else ()


def finished(state: Pending) -> Answer:
    """The answer to a request whose parts are all known."""
    texts = continuations(state.request)
    sizes = tuple(len(text.encode("utf-8", "replace")) for text in texts)
    values = tuple(state.values[place] for place in range(state.wanted))
    if isinstance(state.request, Score):
        return Likelihood(log_likelihood=values[0], bytes=sizes[0], tokens=state.lengths[0])
    return Choice(log_likelihoods=values, bytes=sizes)
