"""Log-likelihood word by word: tokens are scored, and summed over the words in which they end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.digest import well_formed
from auditor.record.observation import Unanswered, WordLikelihoods
from auditor.record.request import ScoreWords
from auditor.record.word import word_ends
from auditor.target.conversation import Conversations, LayoutError
from auditor.target.scoring import Tokens, token_log_likelihoods

if TYPE_CHECKING:
    from auditor.target.language_model import LanguageModel

#: Digits that are kept: more would be noise of floating point, and every answer is kept as evidence.
_DIGITS = 5


@dataclass(eq=False)
class WordJob:
    """A continuation cut into tokens, and the word that each of them counts to."""

    number: int
    tokens: Tokens
    start: int
    owners: tuple[int, ...]
    words: int
    size: int


def cut_words(
    conversations: Conversations, number: int, request: ScoreWords, window: int
) -> WordJob | WordLikelihoods | Unanswered:
    """Tokens of a request, or its answer where there is nothing to ask."""
    text = well_formed(request.continuation)
    if not text:
        return WordLikelihoods(log_likelihoods=(), bytes=0)
    try:
        laid = conversations.lay_out(request.prompt)
        ((context, tokens),) = conversations.split(laid, (text,))
        reached = conversations.token_ends(laid, text, len(tokens))
    except LayoutError as error:
        return Unanswered(reason=str(error))
    if len(context) + len(tokens) - 1 > window:
        length = len(context) + len(tokens)
        return Unanswered(reason=f"{length} tokens do not fit into the model's window of {window}")
    ends = word_ends(text)
    owners = tuple(min(bisect_left(ends, max(end, 1)), len(ends) - 1) for end in reached)
    return WordJob(number, (*context, *tokens), len(context), owners, len(ends), len(text.encode()))


def words_of(job: WordJob, values: Sequence[float]) -> WordLikelihoods:
    """Sum the log-likelihoods of a job's tokens over its words."""
    sums = [0.0] * job.words
    for owner, value in zip(job.owners, values, strict=True):
        sums[owner] += value
    return WordLikelihoods(log_likelihoods=tuple(round(one, _DIGITS) for one in sums), bytes=job.size)


def score_words(lm: LanguageModel, jobs: Sequence[WordJob]) -> list[WordLikelihoods]:
    """Score a batch of jobs in one pass."""
    import torch

    values, counts = token_log_likelihoods(lm, [(job.tokens, job.start) for job in jobs])
    parts = torch.split(values.double().cpu(), list(counts))
    return [words_of(job, part.tolist()) for job, part in zip(jobs, parts, strict=True)]
