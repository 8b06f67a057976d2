"""Small tables in text, to be read by row and column, compared and added."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, pick, pick_distinct

_ROWS = ("Arlo", "Bryn", "Cato", "Dilan", "Esme", "Faris", "Greta", "Hugo", "Inga", "Jonas", "Kira", "Lena")
_COLUMNS = ("height", "weight", "age", "score", "rooms", "cows", "books", "hours", "goals", "visits")


class TableLookup:
    """A table of people and counts."""

    name: ClassVar[str] = "table_lookup"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: one cell of 3 x 2; level 2: difference of two cells; level 3: a column's sum of 5 x 3."""
        rows = pick_distinct(rng, _ROWS, {1: 3, 2: 4, 3: 5}[level])
        columns = pick_distinct(rng, _COLUMNS, {1: 2, 2: 3, 3: 3}[level])
        cells = {row: {column: int(rng.integers(2, 100)) for column in columns} for row in rows}
        lines = [" | ".join(["name", *columns])]
        lines += [" | ".join([row, *(str(cells[row][column]) for column in columns)]) for row in rows]
        column = pick(rng, columns)
        values = {row: cells[row][column] for row in rows}
        if level == 1:
            row = pick(rng, rows)
            answer, near = values[row], [value for one in rows for value in cells[one].values()]
            asked, steps = f"What is the value of '{column}' for {row}?", f"{row}, {column}: {answer}"
        elif level == 2:
            high, low = sorted(pick_distinct(rng, rows, 2), key=lambda one: -values[one])
            answer, near = values[high] - values[low], [values[high] + values[low], values[high], values[low]]
            asked = f"By how much does '{column}' differ between {low} and {high}?"
            steps = f"{values[high]} - {values[low]} = {answer}"
        else:
            answer = sum(values.values())
            near = [answer - values[rows[-1]], answer + 10, max(values.values())]
            asked, steps = (
                f"What is the sum of '{column}'?",
                f"{' + '.join(map(str, values.values()))} = {answer}",
            )
        question = "\n".join([*lines, asked])
        return GeneratedItem(question, str(answer), number_options(rng, answer, near), steps)
