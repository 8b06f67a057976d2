"""The control distribution with the suspect marked in it: positions only, so that a template just prints.

Positions across are in percent of the width, positions down in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.record.finding import Finding
from auditor.record.result import ControlValue, TestResult
from auditor.report.numerals import count, number
from auditor.report.scale import Mark, Scale, across, anchor_at
from auditor.report.wording import stratum

_LANE = 46
_TOP = 50
_BIN = 1.3
_STEP = 6
_TAG = 28


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


def _scale(result: TestResult) -> Scale | None:
    if not result.controls or not math.isfinite(result.statistic):
        return None
    return Scale.over([result.statistic, *(one.value for one in result.controls)])


def _finite(controls: Sequence[ControlValue]) -> list[ControlValue]:
    return sorted(
        (one for one in controls if math.isfinite(one.value)), key=lambda one: (one.value, one.name)
    )


def _described(result: TestResult, suspect: str) -> str:
    controls = _finite(result.controls)
    above = sum(one.value >= result.statistic for one in result.controls)
    spread = (
        f"between {number(controls[0].value)} and {number(controls[-1].value)}" if controls else "nowhere"
    )
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
        controls=tuple(across(scale.at(one.value)) for one in _finite(result.controls)),
        suspect=across(scale.at(result.statistic)),
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
            x=across(at), y="24", label=f"{_tag(suspect)} {number(result.statistic)}", anchor=anchor_at(at)
        ),
        highest=Mark(
            x=across(scale.at(top)),
            y="42",
            label=f"highest control {number(top)}",
            anchor=anchor_at(scale.at(top)),
        ),
        lanes=lanes,
        ticks=scale.ticks(),
    )


def _tag(name: str) -> str:
    """A name short enough to stand in a plot on a phone."""
    return name if len(name) <= _TAG else f"{name[: _TAG - 1]}…"


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
            Mark(
                x=across(x),
                y=str(middle + max(-12, min(12, offset))),
                label=f"{one.name} {number(one.value)}",
            )
        )
    return Lane(
        label=f"{stratum(name)} ({len(members):,})",
        label_y=str(top + 12),
        line_y=str(middle),
        dots=tuple(dots),
    )
