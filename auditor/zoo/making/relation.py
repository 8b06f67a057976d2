"""Relations between examples: how far a student's distances and angles are from its teacher's."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize, smooth_l1_loss


def distance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """How far distances between examples are from the teacher's, each in units of their batch's mean.

    Args:
        student: [examples, width].
        teacher: [examples, any width].

    Source: Park et al. 2019, equations 5 to 7 (RKD-D).
    """
    return smooth_l1_loss(_distances(student), _distances(teacher))


def angle_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """How far cosines of the angles of all triples are from the teacher's.

    Args:
        student: [examples, width].
        teacher: [examples, any width].

    Source: Park et al. 2019, equations 8 to 10 (RKD-A).
    """
    return smooth_l1_loss(_angles(student), _angles(teacher))


def _distances(points: Tensor) -> Tensor:
    # The root has no gradient at 0, where every example meets itself.
    gaps = (points[:, None] - points[None]).pow(2).sum(-1).clamp(min=1e-9).sqrt()
    apart = ~torch.eye(len(points), dtype=torch.bool, device=points.device)
    return gaps[apart] / gaps[apart].mean()


def _angles(points: Tensor) -> Tensor:
    """Cosines; shape [vertex, one, other]."""
    directions = normalize(points[None] - points[:, None], dim=-1)
    return directions @ directions.transpose(1, 2)
