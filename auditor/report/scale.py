"""Axes as positions: percent of the width across, so that letters keep their size on a phone and a desk."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.report.numerals import decimal, number

_MARGIN = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point with its label; ``anchor`` keeps the label inside the plot."""

    x: str
    y: str
    label: str
    anchor: str = "middle"


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

    def ticks(self, most: int = 6) -> tuple[Mark, ...]:
        """Round values along the axis."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * by for by in (1, 2, 5, 10) if power * by >= rough)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        first = math.ceil(self.low / step)
        last = math.floor(self.high / step)
        return tuple(
            Mark(x=across(self.at(k * step)), y="", label=_tick(k * step, places), anchor="middle")
            for k in range(first, last + 1)
            if 3 <= self.at(k * step) <= 97
        )


def _tick(value: float, places: int) -> str:
    return number(value) if places > 6 else decimal(value, places)


def across(percent_of_width: float) -> str:
    """A coordinate as SVG takes it."""
    return f"{percent_of_width:.2f}%"


def anchor_at(x: float) -> str:
    """The side on which a label at ``x`` percent stays inside the plot."""
    return "start" if x < 25 else "end" if x > 75 else "middle"
