"""Gradient descent as every maker of small networks does it: AdamW, a warm start, a cosine to a tenth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.random import Generator as Rng
from torch import Tensor

from auditor.zoo.recipe import Schedule
from auditor.zoo.training.learning import rate_at

#: Members are sorted by length within this many batches, so that little of a batch is padding.
POOL = 8


def descend(model: Any, schedule: Schedule, loss_of_next: Callable[[], Tensor]) -> float:
    """Train ``model`` in place.

    Args:
        model: A torch module; matrices decay, biases and scales do not.
        schedule: Length and speed.
        loss_of_next: Draws the next batch and returns its loss, a scalar with gradients.

    Returns:
        Mean loss over the last tenth of the steps, in the unit of the loss.
    """
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": schedule.decay},
        {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.98), foreach=True)
    model.train()
    last: list[float] = []
    for step in range(schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(schedule, step)
        loss = loss_of_next()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step >= schedule.steps * 9 // 10:
            last.append(float(loss.detach()))
    model.eval()
    return float(np.mean(last)) if last else 0.0


def shuffled(lengths: Sequence[int], size: int, rng: Rng) -> Iterator[list[int]]:
    """Endless batches of ``size`` places in ``lengths``, of similar length; each place once a round.

    What is left of a round that fills no batch is dropped: losses that compare the members of a batch
    would be other losses in a smaller one.
    """
    size = min(size, len(lengths))
    while True:
        order = rng.permutation(len(lengths))
        for begin in range(0, len(order), size * POOL):
            pool = sorted((int(one) for one in order[begin : begin + size * POOL]), key=lengths.__getitem__)
            chunks = [pool[start : start + size] for start in range(0, len(pool) - size + 1, size)]
            for place in rng.permutation(len(chunks)):
                yield chunks[place]
