"""The plots of a validation as positions; the page's template draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.report.numerals import decimal, number
from auditor.report.scale import Mark, Scale, across
from auditor.stats.intervals import clopper_pearson
from auditor.validation.figure.picture import Curve, Strip
from auditor.validation.figure.strength import Strength

#: Side of a square plot, in units of its own; room for labels is outside.
SIDE = 300
_LANE, _TOP, _RISE = 44, 8, 5
_MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A ROC curve: the points of a polyline, its name and its place among the line styles."""

    label: str
    points: str
    style: int


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the reliability plot with its interval."""

    x: str
    y: str
    low: str
    high: str
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One group of a strip plot."""

    label: str
    label_y: int
    line_y: int
    guilty: bool
    dots: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class StripPlot:
    """Scores of every group on one axis; compressed where they span decades."""

    lanes: tuple[Lane, ...]
    height: int
    foot: int
    ticks: tuple[Mark, ...]
    axis: str


def roc_lines(curves: Sequence[Curve]) -> tuple[Line, ...]:
    """One line for each group of mechanisms."""
    return tuple(
        Line(
            label=f"{curve.group} ({curve.positives})",
            points=" ".join(
                f"{_at(x)},{_at(1 - y)}" for x, y in _stairs(curve.alarms, curve.found)
            ),
            style=place % _MOST_LINES,
        )
        for place, curve in enumerate(curves)
    )  # fmt: skip


def reliability_dots(found: Strength) -> tuple[Dot, ...]:
    """What ratios foretell across, what is so upwards."""
    dots = []
    for one in found.bins:
        low, high = clopper_pearson(one.true, one.n)
        dots.append(
            Dot(
                x=_at(one.foretold),
                y=_at(1 - one.true / one.n),
                low=_at(1 - low),
                high=_at(1 - high),
                label=f"foretold {decimal(one.foretold, 2)}, so {one.true} of {one.n}",
            )
        )
    return tuple(dots)


def strip_plot(strips: Sequence[Strip]) -> StripPlot | None:
    """All scores by group; None where there is none."""
    values = [score for strip in strips for score in strip.scores if score is not None]
    if not values:
        return None
    wide = max(map(abs, values)) > 30
    scale = Scale.over([_squeezed(value, wide) for value in values])
    if scale is None:
        return None
    lanes = tuple(_lane(strip, place, scale, wide) for place, strip in enumerate(strips))
    foot = _TOP + _LANE * len(lanes)
    return StripPlot(
        lanes=lanes,
        height=foot + 26,
        foot=foot,
        ticks=_ticks(scale, values) if wide else scale.ticks(),
        axis="statistic" + (", on an inverse hyperbolic sine scale" if wide else ""),
    )


def _lane(strip: Strip, place: int, scale: Scale, wide: bool) -> Lane:
    top = _TOP + _LANE * place
    taken: dict[int, int] = {}
    dots = []
    for name, score in zip(strip.names, strip.scores, strict=True):
        if score is None:
            continue
        x = scale.at(_squeezed(score, wide))
        rank = taken.get(int(x), 0)
        taken[int(x)] = rank + 1
        offset = (1 if rank % 2 else -1) * _RISE * ((rank + 1) // 2)
        y = top + 28 + max(-10, min(10, offset))
        dots.append(Mark(x=across(x), y=str(y), label=f"{name} {number(score)}"))
    return Lane(
        label=f"{strip.group} ({len(strip.names)}{'' if strip.guilty else ' innocent'})",
        label_y=top + 12,
        line_y=top + 28,
        guilty=strip.guilty,
        dots=tuple(dots),
    )


def _ticks(scale: Scale, values: Sequence[float]) -> tuple[Mark, ...]:
    """Powers of ten on a compressed axis."""
    most = math.ceil(math.log10(max(map(abs, values))))
    marks = [0.0, *(sign * 10.0**power for power in range(most + 1) for sign in (-1, 1))]
    places = [(value, scale.at(math.asinh(value))) for value in sorted(marks)]
    return tuple(
        Mark(x=across(x), y="", label=number(value)) for value, x in places if 2 <= x <= 98
    )  # fmt: skip


def _squeezed(value: float, wide: bool) -> float:
    return math.asinh(value) if wide else value


def _stairs(across_: Sequence[float], up: Sequence[float]) -> list[tuple[float, float]]:
    points = [(across_[0], up[0])]
    for x, y in zip(across_[1:], up[1:], strict=True):
        points.append((x, y))
    return points


def _at(share: float) -> str:
    return f"{SIDE * share:.1f}"
