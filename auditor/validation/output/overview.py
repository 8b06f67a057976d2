"""What each method can and cannot see: one table of mechanisms against methods."""

from __future__ import annotations

from auditor.report.numerals import decimal
from auditor.validation.figure.detection import ALL, Detection
from auditor.validation.figure.summary import Figures
from auditor.validation.output.table import NONE, Sheet

#: Shares of suspects found from which on a method is said to see a mechanism, or to see it in part.
_SEES, _IN_PART = 0.75, 0.25
_NOTE = (
    "● sees it, ◐ in part, ○ does not, by the share found at 1 % false accusations (at the method's own "
    "level where no innocent is left to set that bar): three quarters, one quarter. Then found at 1 %, "
    "found at the method's own level, area under the ROC curve. With few models a share is rough: the "
    "intervals are in the tables by method."
)


def overview(figures: Figures) -> Sheet:
    """The table; a mechanism that no method was tried on is not in it."""
    columns: dict[str, dict[str, Detection]] = {}
    for one in figures.lineage:
        for row in one.detections:
            columns.setdefault(f"{one.name}, {row.access}", {})[row.mechanism] = row
    mechanisms = sorted({name for column in columns.values() for name in column} - {ALL})
    mechanisms += [ALL] if mechanisms else []
    return Sheet(
        "What each method can and cannot see",
        _NOTE,
        ("mechanism",),
        tuple(columns),
        tuple(
            ((mechanism,), tuple(_cell(column.get(mechanism)) for column in columns.values()))
            for mechanism in mechanisms
        ),
    )


def _cell(row: Detection | None) -> str:
    if row is None:
        return NONE
    telling = row.at_rate if row.at_rate.n else row.found
    rate = telling.rate or 0.0
    sign = "●" if rate >= _SEES else "◐" if rate >= _IN_PART else "○"
    at_rate = f"{row.at_rate.count}/{row.at_rate.n}" if row.at_rate.n else NONE
    area = NONE if row.area.value is None else decimal(row.area.value, 2)
    return f"{sign} {at_rate}, {row.found.count}/{row.found.n}, {area}"
