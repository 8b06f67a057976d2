"""What a comparison of items with their twins measures, in the words of its finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A quantity, and how its finding speaks of it.

    Attributes:
        method: Registered name of the method.
        unit: Its unit.
        digits: Digits behind the point.
        seen: What the suspect did; ``{gap}``, ``{beyond}``, ``{low}`` and ``{high}`` are replaced.
        statistic: Name of the statistic.
        table: Title of the table by benchmark.
        forest: Title of the plot.
        source: Literature.
        limits: What it does not show.
        margin: Difference that the interval's lower end must exceed.
        material: Difference that a clean bill must have been able to find.
        spread: Standard deviation over items of a model's gap that is planned for, less what all share.
    """

    method: str
    unit: str
    digits: int
    seen: str
    statistic: str
    table: str
    forest: str
    source: str
    limits: tuple[str, ...]
    margin: float
    material: float
    spread: float

    def signed(self, value: float) -> str:
        """A difference as a number."""
        return f"{value:+.{self.digits}f}"

    def plain(self, value: float) -> str:
        """A level as a number."""
        return f"{value:.{self.digits}f}"

    def amount(self, value: float) -> str:
        """A size with its unit, no finer than it can be known."""
        return f"{value:.{max(self.digits - 1, 0)}f} {self.unit}"
