"""Release dates as far as they are known: a day, a month or a year, and what follows from two of them."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """The first and the last day that a release may have been on."""

    first: date
    last: date

    def surely_after(self, other: Release) -> bool:
        """Whether it came later whatever the days left open were."""
        return self.first > other.last

    def surely_before(self, other: Release) -> bool:
        """Whether it came earlier whatever the days left open were."""
        return self.last < other.first

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        return f"{self.first:%Y-%m}" if self.first.month == self.last.month else f"{self.first:%Y}"


def release_of(text: str | None) -> Release | None:
    """The release that ``2024-05-13``, ``2024-05`` or ``2024`` states; None for anything else."""
    match = _DATE.fullmatch(text or "")
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        first = date(year, month or 1, day or 1)
        end = month or 12
        return Release(first, date(year, end, day or calendar.monthrange(year, end)[1]))
    except ValueError:
        return None
