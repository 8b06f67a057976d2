"""Scores as a page draws them: ROC curves by group of mechanisms, and every score in its strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.stats.roc import roc_curve
from auditor.validation.figure.unit import Unit, scores_of
from auditor.zoo.recipe import DERIVATIONS, Mechanism

#: What the student took from its teacher; mechanisms of a group share a ROC curve.
_NUMBERS = (
    Mechanism.SOFT_LABELS,
    Mechanism.HIDDEN_STATES,
    Mechanism.LAYER_MATCHING,
    Mechanism.RELATIONS,
    Mechanism.SELF_DISTILLATION,
    Mechanism.DRAFT,
    Mechanism.EXTRA_HEADS,
    Mechanism.ACTIONS,
)
_TEXT = (
    Mechanism.TEACHER_TEXT,
    Mechanism.OTHER_TOKENIZER,
    Mechanism.HALF_TEXT,
    Mechanism.PARAPHRASED,
    Mechanism.TRACES,
    Mechanism.TASK_ONLY,
    Mechanism.PREFERENCE,
    Mechanism.TWO_TEACHERS,
    Mechanism.THEN_TUNED,
)
TEXT, NUMBERS, WEIGHTS, OTHER = "teacher's texts", "teacher's numbers", "teacher's weights", "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A ROC curve of a group of mechanisms: false accusations and detections at every threshold."""

    group: str
    positives: int
    alarms: tuple[float, ...]
    found: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Scores of a group of suspects, by name; the group is a mechanism or a stratum of innocents."""

    group: str
    guilty: bool
    names: tuple[str, ...]
    scores: tuple[float | None, ...]


def group_of(mechanism: str) -> str:
    """What a student of this mechanism took from its teacher."""
    for group, members in ((NUMBERS, _NUMBERS), (TEXT, _TEXT), (WEIGHTS, DERIVATIONS)):
        if mechanism in members:
            return group
    return OTHER


def curves(tried: Sequence[Unit]) -> tuple[Curve, ...]:
    """One curve for each group of mechanisms, against all innocents."""
    negatives = scores_of(one for one in tried if not one.guilty)
    groups: dict[str, list[Unit]] = {}
    for one in tried:
        if one.guilty:
            groups.setdefault(group_of(one.mechanism), []).append(one)
    found = []
    for group, members in groups.items():
        if len(negatives):
            alarmed, detected = roc_curve(scores_of(members), negatives)
            found.append(
                Curve(
                    group=group,
                    positives=len(members),
                    alarms=tuple(map(float, alarmed)),
                    found=tuple(map(float, detected)),
                )
            )
    return tuple(found)


def strips(tried: Sequence[Unit]) -> tuple[Strip, ...]:
    """The scores of every mechanism and of every stratum of innocents."""
    groups: dict[tuple[bool, str], list[Unit]] = {}
    for one in sorted(tried, key=lambda unit: (not unit.guilty, unit.mechanism, unit.stratum)):
        groups.setdefault((one.guilty, one.mechanism if one.guilty else one.stratum), []).append(one)
    return tuple(
        Strip(
            group=group,
            guilty=guilty,
            names=tuple(one.name for one in members),
            scores=tuple(one.score if one.score > float("-inf") else None for one in members),
        )
        for (guilty, group), members in groups.items()
    )
