"""A table in words, and what stands in its cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.report.numerals import decimal
from auditor.validation.figure.share import Area, Share

NONE = "—"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: rows with keys that tell them apart, and cells under columns.

    Attributes:
        title: What it shows.
        note: How to read it.
        keys: Names of the key columns.
        columns: Names of the others.
        rows: Keys and cells.
    """

    title: str
    note: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @property
    def head(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.keys, *self.columns)

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """All rows as they are printed."""
        return tuple((*keys, *cells) for keys, cells in self.rows)

    def beside(self, other: Sheet) -> Sheet:
        """The same of two populations, each column next to its like."""
        theirs = dict(other.rows)
        own = dict(self.rows)
        empty = (NONE,) * len(self.columns)
        keys = dict.fromkeys((*own, *theirs))
        return Sheet(
            self.title,
            self.note,
            self.keys,
            tuple(name for column in self.columns for name in (column, f"{column} (held out)")),
            tuple(
                (
                    key,
                    tuple(
                        cell
                        for pair in zip(own.get(key, empty), theirs.get(key, empty), strict=True)
                        for cell in pair
                    ),
                )
                for key in keys
            ),
        )


def share(one: Share) -> str:
    """``12 of 14 (57 to 98 %)``."""
    if not one.n:
        return NONE
    # Rounded outwards, so that what is printed covers as well.
    low, high = math.floor(100 * one.low + 1e-9), math.ceil(100 * one.high - 1e-9)
    return f"{one.count} of {one.n} ({low} to {high} %)"


def area(one: Area) -> str:
    """``0.94 (0.88 to 0.98)``."""
    if one.value is None:
        return NONE
    return f"{decimal(one.value, 2)} ({decimal(one.low, 2)} to {decimal(one.high, 2)})"


def paired(own: Sequence[Sheet], others: Sequence[Sheet] | None) -> tuple[Sheet, ...]:
    """Tables, each beside its like of a held-out population where there is one."""
    theirs = {one.title: one for one in others or ()}
    return tuple(one.beside(theirs[one.title]) if one.title in theirs else one for one in own)
