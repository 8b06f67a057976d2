"""Log-likelihoods from scored tokens: of a whole continuation, and of each of its words."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from auditor.record.observation import Likelihood, Unanswered, WordLikelihoods
from auditor.record.request import Prompt
from auditor.record.word import word_ends
from auditor.target.endpoint_reply import ScoredToken, spelled

NOTHING_BEFORE = "no token of the prompt stands before the continuation"
#: Digits that are kept of each word's log-likelihood.
_DIGITS = 5


class Scorer(Protocol):
    """A way to the log-likelihood of given text."""

    name: str
    conversations: bool

    def find_conversations(self) -> None:
        """Find out whether what follows a conversation can be scored too, and set ``conversations``."""
        ...

    def tokens(self, prompt: Prompt, continuation: str) -> tuple[ScoredToken, ...] | Unanswered:
        """The tokens of ``continuation`` after ``prompt`` with their log-probabilities.

        Raises:
            EndpointError: If the server fails or answers nonsense.
        """
        ...


def score_with(scorer: Scorer, prompt: Prompt, continuation: str) -> Likelihood | Unanswered:
    """Log-likelihood in nats of ``continuation`` after ``prompt``.

    Raises:
        EndpointError: If the server fails or answers nonsense.
    """
    tokens = scorer.tokens(prompt, continuation)
    values = tokens if isinstance(tokens, Unanswered) else _numbers(tokens)
    if isinstance(values, Unanswered):
        return values
    size = len(continuation.encode("utf-8"))
    return Likelihood(log_likelihood=math.fsum(values), bytes=size, tokens=len(values))


def score_words_with(scorer: Scorer, prompt: Prompt, continuation: str) -> WordLikelihoods | Unanswered:
    """The same word by word.

    Raises:
        EndpointError: If the server fails or answers nonsense.
    """
    tokens = scorer.tokens(prompt, continuation)
    values = tokens if isinstance(tokens, Unanswered) else _numbers(tokens)
    if isinstance(tokens, Unanswered) or isinstance(values, Unanswered):
        return values if isinstance(values, Unanswered) else Unanswered(reason=NOTHING_BEFORE)
    text = spelled(tokens)
    if not text.endswith(continuation):
        return Unanswered(reason="the server's tokens do not spell the text that was asked about")
    ends = word_ends(continuation)
    sums = [0.0] * len(ends)
    place = len(continuation) - len(text)
    for token, value in zip(tokens, values, strict=True):
        place += len(token.text)
        sums[min(bisect_left(ends, max(place, 1)), len(ends) - 1)] += value
    return WordLikelihoods(
        log_likelihoods=tuple(round(one, _DIGITS) for one in sums), bytes=len(continuation.encode("utf-8"))
    )


def _numbers(tokens: Sequence[ScoredToken]) -> list[float] | Unanswered:
    found = [token.log_probability for token in tokens]
    numbers = [one for one in found if one is not None]
    if len(numbers) < len(found):
        return Unanswered(reason=NOTHING_BEFORE)
    if not math.isfinite(math.fsum(numbers)):
        return Unanswered(reason="the server gives the continuation no finite log-likelihood")
    return numbers
