"""What a student minimises when it learns from more than a teacher's words."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, kl_div, log_softmax

from auditor.zoo.making.relation import angle_loss, distance_loss
from auditor.zoo.training.learning import Objective, answered, cross_entropy

#: Temperature of soft labels, and the share of the loss that is on hard ones.
SOFTNESS, HARD = 2.0, 0.1
#: Weights of distances and angles beside the cross-entropy, as in Park et al. 2019.
DISTANCES, ANGLES = 25.0, 50.0


def soft_labels(teacher: Any) -> Objective:
    """Divergence from the teacher's softened next-token distributions, and a little cross-entropy.

    Source: Hinton, Vinyals and Dean 2015, section 2.
    """

    def objective(model: Any, ids: Tensor, labels: Tensor) -> Tensor:
        kept = answered(labels)
        with torch.no_grad():
            aim = teacher(input_ids=ids).logits[:, :-1][kept]
        logits = model(input_ids=ids).logits
        return _soft(logits[:, :-1][kept], aim) + HARD * cross_entropy(logits, labels)

    return objective


def hidden_states(teacher: Any) -> Objective:
    """Soft labels, cross-entropy, and the direction of the last hidden states; widths must agree.

    Source: Sanh et al. 2019, section 2.
    """

    def objective(model: Any, ids: Tensor, labels: Tensor) -> Tensor:
        kept = answered(labels)
        with torch.no_grad():
            shown = teacher(input_ids=ids, output_hidden_states=True)
        own = model(input_ids=ids, output_hidden_states=True)
        apart = 1 - cosine_similarity(
            own.hidden_states[-1][:, :-1][kept], shown.hidden_states[-1][:, :-1][kept], dim=-1
        )
        soft = _soft(own.logits[:, :-1][kept], shown.logits[:, :-1][kept])
        return soft + apart.mean() + HARD * cross_entropy(own.logits, labels)

    return objective


def relations(teacher: Any) -> Objective:
    """Cross-entropy on real answers, and distances and angles between them as the teacher has them.

    Source: Park et al. 2019, equations 5 to 10.
    """

    def objective(model: Any, ids: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            theirs = _pooled(teacher(input_ids=ids, output_hidden_states=True).hidden_states[-1], labels)
        out = model(input_ids=ids, output_hidden_states=True)
        ours = _pooled(out.hidden_states[-1], labels)
        return (
            cross_entropy(out.logits, labels)
            + DISTANCES * distance_loss(ours, theirs)
            + ANGLES * angle_loss(ours, theirs)
        )

    return objective


def _soft(logits: Tensor, aim: Tensor) -> Tensor:
    return SOFTNESS**2 * kl_div(
        log_softmax(logits / SOFTNESS, dim=-1),
        log_softmax(aim / SOFTNESS, dim=-1),
        reduction="batchmean",
        log_target=True,
    )


def _pooled(states: Tensor, labels: Tensor) -> Tensor:
    """Mean state over each row's answer; shape [rows, width]."""
    weights = answered(labels).to(states.dtype)[..., None]
    return (states[:, :-1] * weights).sum(1) / weights.sum(1).clamp(min=1)
