"""From raw likeness of models to what is left when length, level and common habits are taken out.

A matrix of likeness between models holds more than lineage: models that write at the same length are
alike, and a model that answers as everybody does is alike to everybody. The first is regressed out on
pairs of models that are known to be independent; the second is taken off as each model's own mean
likeness to a panel of independent models in which every maker counts the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray

Matrix = Float[NDArray[np.float64], "models models"]


@dataclass(frozen=True)
class Makers:
    """Who made each model, and which models are a yardstick.

    Attributes:
        names: Maker of each model; a model of an unknown maker needs a name of its own here.
        panel: Whether the model is documented as independent.
    """

    names: tuple[str, ...]
    panel: tuple[bool, ...]

    def of_panel(self) -> dict[str, NDArray[np.int64]]:
        """Places of the panel's models, by maker, in alphabetical order."""
        found: dict[str, list[int]] = {}
        for place, (name, member) in enumerate(zip(self.names, self.panel, strict=True)):
            if member:
                found.setdefault(name, []).append(place)
        return {name: np.asarray(found[name], dtype=np.int64) for name in sorted(found)}


def without_length(
    likeness: Matrix, lengths: Float[NDArray[np.float64], " models"], makers: Makers
) -> Matrix:
    """What is left of ``likeness`` after length, row by row.

    Likeness of independent pairs of different makers is regressed on the difference of the two models' mean
    log lengths and on their mean, every pair of makers counting the same. Each row is freed of length by the
    fit that leaves its own maker out, so that a model of the panel is treated as the suspect is.

    Args:
        likeness: Symmetric.
        lengths: Mean logarithm of the length of each model's answers.
        makers: Who made them, and who is independent.

    Source: Frisch and Waugh 1933 (regressing a nuisance out); leaving the own group out is ours.
    """
    apart = np.abs(lengths[:, None] - lengths[None, :])
    level = (lengths[:, None] + lengths[None, :]) / 2
    members = makers.of_panel()
    pairs = _pairs(members, likeness)
    everyone = _fit(pairs, apart, level, likeness, leaving="")
    own = {name: _fit(pairs, apart, level, likeness, leaving=name) for name in members}
    rows = np.stack([own.get(name, everyone) for name in makers.names])
    return np.asarray(likeness - rows[:, :1] * apart - rows[:, 1:] * level)


def centred(adjusted: Matrix, makers: Makers) -> Matrix:
    """Each entry less the row's mean over the panel: own maker and the column's maker left out.

    The mean is over makers, each by the mean over its models. A row without any other maker is NaN.
    """
    members = makers.of_panel()
    if not members:
        return np.full_like(adjusted, np.nan)
    means = np.stack([adjusted[:, places].mean(axis=1) for places in members.values()], axis=1)
    order = {name: place for place, name in enumerate(members)}
    counted = np.ones_like(means, dtype=bool)
    for row, name in enumerate(makers.names):
        if name in order:
            counted[row, order[name]] = False
    total = np.where(counted, means, 0.0).sum(axis=1)
    number = counted.sum(axis=1)
    out = np.empty_like(adjusted)
    for column, name in enumerate(makers.names):
        place = order.get(name)
        here = counted[:, place] if place is not None else np.zeros(len(adjusted), dtype=bool)
        left = number - here
        less = np.where(here, means[:, place], 0.0) if place is not None else 0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:, column] = adjusted[:, column] - np.where(left > 0, (total - less) / left, np.nan)
    return out


def best_elsewhere(
    scores: Matrix, candidates: Bool[NDArray[np.bool_], " models"], makers: Sequence[str]
) -> Float[NDArray[np.float64], " models"]:
    """The largest score of each row over candidates of other makers; NaN where there is none."""
    named = np.asarray(makers, dtype=object)
    out = np.full(len(scores), np.nan)
    for row, name in enumerate(makers):
        allowed = candidates & (named != name)
        allowed[row] = False
        if allowed.any() and not np.isnan(scores[row, allowed]).all():
            out[row] = np.nanmax(scores[row, allowed])
    return out


def _pairs(
    members: dict[str, NDArray[np.int64]], likeness: Matrix
) -> list[tuple[str, str, NDArray[np.int64], NDArray[np.int64], float]]:
    """Pairs of the panel across makers, with the weight of each pair."""
    found = []
    names = list(members)
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            left, right = (one.ravel() for one in np.meshgrid(members[first], members[second]))
            known = ~np.isnan(likeness[left, right])
            if known.any():
                found.append((first, second, left[known], right[known], 1.0 / int(known.sum())))
    return found


def _fit(
    pairs: Sequence[tuple[str, str, NDArray[np.int64], NDArray[np.int64], float]],
    apart: Matrix,
    level: Matrix,
    likeness: Matrix,
    *,
    leaving: str,
) -> Float[NDArray[np.float64], " slopes"]:
    """Weighted least squares: slopes of likeness on difference and level of lengths."""
    kept = [one for one in pairs if leaving not in one[:2]]
    if not kept:
        return np.zeros(2)
    left = np.concatenate([one[2] for one in kept])
    right = np.concatenate([one[3] for one in kept])
    weight = np.sqrt(np.concatenate([np.full(len(one[2]), one[4]) for one in kept]))
    design = np.stack([np.ones(len(left)), apart[left, right], level[left, right]], axis=1)
    if len(left) < 4:
        return np.zeros(2)
    slopes, *_ = np.linalg.lstsq(design * weight[:, None], likeness[left, right] * weight, rcond=None)
    return np.asarray(slopes[1:])
