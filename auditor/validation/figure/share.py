"""A share of models with its exact interval: the form in which every rate is reported."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.stats.intervals import clopper_pearson


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of how many.

    Attributes:
        count: Those that are counted.
        n: All of them.
        low: Lower end of Clopper and Pearson's 95 % interval.
        high: Upper end.
    """

    count: int
    n: int
    low: float
    high: float

    @staticmethod
    def of(marks: Iterable[bool]) -> Share:
        """The share of true marks."""
        found = list(marks)
        count = sum(found)
        low, high = clopper_pearson(count, len(found))
        return Share(count=count, n=len(found), low=low, high=high)

    @property
    def rate(self) -> float | None:
        """The share, or None of nothing."""
        return self.count / self.n if self.n else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Area under a ROC curve with a bootstrap interval over models; None where a group is empty."""

    value: float | None
    low: float
    high: float
    positives: int
    negatives: int


def finite(value: float) -> float | None:
    """A number that JSON can express, or None."""
    return value if math.isfinite(value) else None
