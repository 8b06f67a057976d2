"""Estimates with their intervals over one axis: positions only, in percent of the width."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.record.finding import Estimates, Finding
from auditor.report.numerals import effect, interval, number, percent
from auditor.report.scale import Mark, Scale, across


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
        reference="" if exhibit.reference is None else across(scale.at(exhibit.reference)),
        reference_label="" if exhibit.reference is None else f"dashed: {number(exhibit.reference)}",
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
        title="Effect with its interval",
        axis=f"{result.effect_unit}, with its {percent(result.level)} interval".lstrip(", "),
        rows=(row,),
        ticks=scale.ticks(),
        reference=across(scale.at(0.0)),
        reference_label="dashed: no effect",
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
    ends = interval(low, high)
    middle = effect(value, (low, high))
    return ForestRow(
        label=label,
        numbers=f"{middle} ({ends})",
        n=n,
        description=f"{label}: {middle}, {percent(level)} interval {ends}, {n}.",
        x=across(at),
        low=across(scale.at(low)),
        high=across(scale.at(high)),
        bar_x=across(min(at, origin)),
        bar_width=across(abs(at - origin)),
    )
