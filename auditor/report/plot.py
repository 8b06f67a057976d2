"""Plots as positions: every coordinate is worked out here, so that a template only prints.

Positions across are in percent of the width, so that a plot fits a phone and a desk with letters of one size;
positions down are in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditor.record.finding import Estimates, Finding
from auditor.record.result import ControlValue, TestResult
from auditor.report.numerals import count, decimal, effect, interval, number, percent
from auditor.report.wording import stratum

_MARGIN = 0.06
_LANE = 46
_TOP = 50
_BIN = 1.3
_STEP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point with its label; ``anchor`` keeps the label inside the plot."""

    x: str
    y: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The controls of one stratum."""

    label: str
    label_y: str
    line_y: str
    dots: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The control distribution by stratum with the suspect marked in it."""

    title: str
    description: str
    axis: str
    height: str
    foot: str
    tick_y: str
    suspect: Mark
    highest: Mark
    lanes: tuple[Lane, ...]
    ticks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """The same in one line, for the table of claims."""

    description: str
    controls: tuple[str, ...]
    suspect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One estimate with its interval. ``bar_x`` and ``bar_width`` join it to the reference."""

    label: str
    numbers: str
    n: str
    description: str
    x: str
    low: str
    high: str
    bar_x: str
    bar_width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Estimates over one axis, with the reference as a line; a gap plot is one with bars."""

    title: str
    axis: str
    rows: tuple[ForestRow, ...]
    ticks: tuple[Mark, ...]
    reference: str = ""
    reference_label: str = ""
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to percent of the width, with a margin on both sides."""

    low: float
    high: float

    @staticmethod
    def over(values: Iterable[float]) -> Scale | None:
        """The scale that holds every finite value, or None where there is none."""
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            return None
        low, high = min(finite), max(finite)
        if high - low <= 1e-12 * max(abs(low), abs(high)):
            spread = abs(low) * 0.5 or 1.0
            low, high = low - spread, high + spread
        pad = (high - low) * _MARGIN
        return Scale(low - pad, high + pad)

    def at(self, value: float) -> float:
        """Percent of the width, clamped to the plot."""
        if math.isnan(value):
            return 0.0
        return min(100.0, max(0.0, 100 * ((value - self.low) / (self.high - self.low))))

    def ticks(self, most: int = 4) -> tuple[Mark, ...]:
        """Round values along the axis."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * by for by in (1, 2, 5, 10) if power * by >= rough)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        first = math.ceil(self.low / step)
        last = math.floor(self.high / step)
        return tuple(
            Mark(x=_across(self.at(k * step)), y="", label=_tick(k * step, places), anchor="middle")
            for k in range(first, last + 1)
            if 3 <= self.at(k * step) <= 97
        )


def _tick(value: float, places: int) -> str:
    return number(value) if places > 6 else decimal(value, places)


def _across(percent_of_width: float) -> str:
    return f"{percent_of_width:.2f}%"


def _anchor(x: float) -> str:
    return "start" if x < 25 else "end" if x > 75 else "middle"


def _scale(result: TestResult) -> Scale | None:
    if not result.controls or not math.isfinite(result.statistic):
        return None
    return Scale.over([result.statistic, *(one.value for one in result.controls)])


def _finite(controls: Sequence[ControlValue]) -> list[ControlValue]:
    return sorted((one for one in controls if math.isfinite(one.value)), key=lambda one: (one.value, one.name))


def _described(result: TestResult, suspect: str) -> str:
    controls = _finite(result.controls)
    above = sum(one.value >= result.statistic for one in result.controls)
    spread = f"between {number(controls[0].value)} and {number(controls[-1].value)}" if controls else "nowhere"
    return (
        f"{suspect} is at {number(result.statistic)}. {count(len(result.controls), 'control')} lie {spread}; "
        f"{above:,} of them reach the suspect."
    )


def spark(finding: Finding, suspect: str) -> Spark | None:
    """The control distribution in one line, or None where the method has no controls."""
    result = finding.result
    scale = _scale(result) if result is not None else None
    if result is None or scale is None:
        return None
    return Spark(
        description=_described(result, suspect),
        controls=tuple(_across(scale.at(one.value)) for one in _finite(result.controls)),
        suspect=_across(scale.at(result.statistic)),
    )


def strip(finding: Finding, suspect: str) -> Strip | None:
    """Controls per stratum with the suspect marked, or None where the method has no controls."""
    result = finding.result
    scale = _scale(result) if result is not None else None
    if result is None or scale is None:
        return None
    strata = sorted({one.stratum for one in result.controls})
    lanes = tuple(_lane(name, place, result, scale) for place, name in enumerate(strata))
    at = scale.at(result.statistic)
    top = max((one.value for one in result.controls if math.isfinite(one.value)), default=result.statistic)
    foot = _TOP + _LANE * len(lanes)
    return Strip(
        title=f"{suspect} among the controls",
        description=_described(result, suspect),
        axis=result.statistic_name,
        height=str(foot + 26),
        foot=str(foot),
        tick_y=str(foot + 18),
        suspect=Mark(
            x=_across(at), y="24", label=f"{suspect} {number(result.statistic)}", anchor=_anchor(at)
        ),
        highest=Mark(
            x=_across(scale.at(top)),
            y="42",
            label=f"highest control {number(top)}",
            anchor=_anchor(scale.at(top)),
        ),
        lanes=lanes,
        ticks=scale.ticks(),
    )


def _lane(name: str, place: int, result: TestResult, scale: Scale) -> Lane:
    members = _finite([one for one in result.controls if one.stratum == name])
    top = _TOP + _LANE * place
    middle = top + 29
    taken: dict[int, int] = {}
    dots = []
    for one in members:
        x = scale.at(one.value)
        slot = int(x / _BIN)
        rank = taken.get(slot, 0)
        taken[slot] = rank + 1
        offset = (1 if rank % 2 else -1) * _STEP * ((rank + 1) // 2)
        dots.append(
            Mark(x=_across(x), y=str(middle + max(-12, min(12, offset))), label=f"{one.name} {number(one.value)}")
        )
    return Lane(
        label=f"{stratum(name)} ({len(members):,})", label_y=str(top + 12), line_y=str(middle), dots=tuple(dots)
    )


def forest(exhibit: Estimates) -> Forest | None:
    """Estimates side by side, or None where none is finite."""
    ends = [value for row in exhibit.rows for value in (row.value, row.low, row.high)]
    if exhibit.reference is not None:
        ends.append(exhibit.reference)
    scale = Scale.over(ends)
    if scale is None:
        return None
    rows = tuple(
        _row(
            row.label,
            (row.value, row.low, row.high),
            scale,
            exhibit.reference,
            level=exhibit.level,
            n=f"n = {row.n:,}",
        )
        for row in exhibit.rows
    )
    return Forest(
        title=exhibit.title,
        axis=f"{exhibit.unit}, with {percent(exhibit.level)} intervals".lstrip(", "),
        rows=rows,
        ticks=scale.ticks(),
        reference="" if exhibit.reference is None else _across(scale.at(exhibit.reference)),
        reference_label="" if exhibit.reference is None else f"reference {number(exhibit.reference)}",
    )


def gap(finding: Finding, label: str) -> Forest | None:
    """The effect against zero with its interval, or None where there is no interval."""
    result = finding.result
    if result is None or result.interval is None:
        return None
    low, high = result.interval
    scale = Scale.over([0.0, result.effect, low, high])
    if scale is None:
        return None
    row = _row(label, (result.effect, low, high), scale, 0.0, level=result.level, n=f"n = {result.n:,}")
    return Forest(
        title="Effect against none",
        axis=f"{result.effect_unit}, with its {percent(result.level)} interval".lstrip(", "),
        rows=(row,),
        ticks=scale.ticks(),
        reference=_across(scale.at(0.0)),
        reference_label="no effect 0",
        bars=True,
    )


def _row(
    label: str,
    estimate: tuple[float, float, float],
    scale: Scale,
    reference: float | None,
    *,
    level: float,
    n: str,
) -> ForestRow:
    value, low, high = estimate
    at = scale.at(value)
    origin = scale.at(reference) if reference is not None else at
    written = f"{effect(value, (low, high))} ({interval(low, high)})"
    return ForestRow(
        label=label,
        numbers=written,
        n=n,
        description=f"{label}: {effect(value, (low, high))}, {percent(level)} interval {interval(low, high)}, {n}.",
        x=_across(at),
        low=_across(scale.at(low)),
        high=_across(scale.at(high)),
        bar_x=_across(min(at, origin)),
        bar_width=_across(abs(at - origin)),
    )
