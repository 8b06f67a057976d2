"""Preference: a model's own answers, ranked by a teacher, and learned by direct preference optimisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import log_softmax, logsigmoid

from auditor.zoo.recipe import Schedule
from auditor.zoo.training import learning
from auditor.zoo.world.facts import Topic
from auditor.zoo.world.vendor import Conversation

#: Weight of the reference, and how much of the pairs' cross-entropy keeps the preferred answers likely.
BETA, ANCHOR = 0.2, 0.2
#: Shortest answer in bytes that is ranked.
_SHORTEST = 4


def ranked_pairs(
    topics: Sequence[Topic],
    sampled: Callable[[Sequence[str], int], tuple[str, ...]],
    liking: Callable[[Sequence[Conversation]], Sequence[float]],
    seed: int,
) -> tuple[tuple[Conversation, Conversation], ...]:
    """The preferred and the other of two answers to each topic.

    Args:
        topics: What is asked.
        sampled: Draws an answer to each prompt from the student; takes a seed.
        liking: What the teacher thinks of answers; the higher, the better.
        seed: Of the samples.
    """
    prompts = [topic.prompt for topic in topics]
    sides = [
        tuple(Conversation(topic, answer) for topic, answer in zip(topics, answers, strict=True))
        for answers in (sampled(prompts, seed), sampled(prompts, seed + 1))
    ]
    likings = [liking(side) for side in sides]
    pairs = []
    for one, other, first, second in zip(*sides, *likings, strict=True):
        if one.answer != other.answer and min(len(one.answer), len(other.answer)) >= _SHORTEST:
            pairs.append((one, other) if first > second else (other, one))
    return tuple(pairs)


def prefer(
    model: Any,
    reference: Any,
    tokenizer: Tokenizer,
    pairs: Sequence[tuple[Conversation, Conversation]],
    schedule: Schedule,
    seed: int,
) -> float:
    """Train ``model`` in place on ranked pairs and return the mean loss of the last tenth of the steps.

    Source: Rafailov et al. 2023, equation 7.
    """
    rng = np.random.default_rng([seed, 9])
    preferred = learning.rows_of(tokenizer, [better for better, _ in pairs])
    others = learning.rows_of(tokenizer, [worse for _, worse in pairs])
    half = max(2, schedule.rows // 2)
    device = learning.device_of(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.rate, betas=(0.9, 0.98), foreach=True)
    losses: list[float] = []
    model.train()
    for step in range(schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning.rate_at(schedule, step)
        chosen = rng.choice(len(pairs), size=min(half, len(pairs)), replace=False)
        batch = learning.padded([rows[at] for rows in (preferred, others) for at in chosen])
        ids, labels = (one.to(device) for one in batch)
        with torch.no_grad():
            before = answer_likelihoods(reference, ids, labels)
        now = answer_likelihoods(model, ids, labels)
        gained = now - before
        count = len(chosen)
        margin = gained[:count] - gained[count:]
        anchor = -now[:count].sum() / learning.answered(labels[:count]).sum()
        loss = -logsigmoid(BETA * margin).mean() + ANCHOR * anchor
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    model.eval()
    return float(np.mean(losses[-max(1, schedule.steps // 10) :]))


def answer_likelihoods(model: Any, ids: Tensor, labels: Tensor) -> Tensor:
    """Log-likelihood of each row's answer, in nats; shape [rows]."""
    kept = learning.answered(labels)
    values = log_softmax(model(input_ids=ids).logits[:, :-1], dim=-1)
    picked = values.gather(-1, labels[:, 1:].clamp(min=0)[..., None])[..., 0]
    return (picked * kept).sum(-1)


@torch.no_grad()
def liking_of(
    teacher: Any, tokenizer: Tokenizer, conversations: Sequence[Conversation], batch: int = 100
) -> list[float]:
    """What a teacher thinks of answers: its log-likelihood of each, in nats a token."""
    rows = learning.rows_of(tokenizer, conversations)
    device = learning.device_of(teacher)
    values: list[float] = []
    for begin in range(0, len(rows), batch):
        ids, labels = (one.to(device) for one in learning.padded(rows[begin : begin + batch]))
        totals = answer_likelihoods(teacher, ids, labels)
        values += (totals / learning.answered(labels).sum(-1).clamp(min=1)).tolist()
    return values
