"""Log-likelihood token by token, beside what the model expects of a token at each place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.digest import well_formed
from auditor.record.observation import TokenLikelihoods, Unanswered
from auditor.record.request import ScoreTokens
from auditor.target.conversation import Conversations, LayoutError
from auditor.target.scoring import Tokens, scored_states

if TYPE_CHECKING:
    from torch import Tensor

    from auditor.target.language_model import LanguageModel

#: Digits that are kept: more would be noise of floating point, and every answer is kept as evidence.
_DIGITS = 5


@dataclass(eq=False)
class TokenJob:
    """A continuation cut into tokens."""

    number: int
    tokens: Tokens
    start: int
    size: int


def cut_tokens(
    conversations: Conversations, number: int, request: ScoreTokens, window: int
) -> TokenJob | TokenLikelihoods | Unanswered:
    """Tokens of a request, or its answer where there is nothing to ask."""
    text = well_formed(request.continuation)
    if not text:
        return TokenLikelihoods(log_likelihoods=(), means=(), deviations=(), bytes=0)
    try:
        ((context, tokens),) = conversations.split(conversations.lay_out(request.prompt), (text,))
    except LayoutError as error:
        return Unanswered(reason=str(error))
    if len(context) + len(tokens) - 1 > window:
        length = len(context) + len(tokens)
        return Unanswered(reason=f"{length} tokens do not fit into the model's window of {window}")
    return TokenJob(number, (*context, *tokens), len(context), len(text.encode()))


def score_tokens(lm: LanguageModel, jobs: Sequence[TokenJob]) -> list[TokenLikelihoods | Unanswered]:
    """Score a batch of jobs in one pass."""
    import torch

    states, targets, counts = scored_states(lm, [(job.tokens, job.start) for job in jobs])
    columns = (lm.log_likelihoods(states, targets), *lm.expectations(states))
    parts = [torch.split(_kept(one), list(counts)) for one in columns]
    return [_answer(job, *(part.tolist() for part in row)) for job, *row in zip(jobs, *parts, strict=True)]


def _kept(values: Tensor) -> Tensor:
    return values.double().cpu()


def _answer(
    job: TokenJob, values: Sequence[float], means: Sequence[float], deviations: Sequence[float]
) -> TokenLikelihoods | Unanswered:
    if not all(map(math.isfinite, values)):
        return Unanswered(reason="the model gives the continuation no finite log-likelihood")
    return TokenLikelihoods(
        log_likelihoods=_rounded(values),
        means=_rounded(means),
        deviations=_rounded(deviations),
        bytes=job.size,
    )


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(one, _DIGITS) for one in values)
