"""The validation in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from auditor.validation.output.combined_sheet import every_sheet
from auditor.validation.output.overview import overview
from auditor.validation.output.result import Validation
from auditor.validation.output.table import Sheet
from auditor.validation.output.words import headline, provenance


def render_terminal(validation: Validation, console: Console) -> None:
    """Print every table."""
    own, other = validation.population.figures, validation.held_out
    for line in headline(validation):
        console.print(Text(line, style="bold"))
    seen = overview(own) if other is None else overview(own).beside(overview(other.figures))
    for one in (seen, *every_sheet(own, None if other is None else other.figures)):
        if one.rows:
            _print(one, console)
    console.print()
    for line in provenance(validation):
        console.print(Text(f"· {line}", style="dim"))


def _print(sheet: Sheet, console: Console) -> None:
    table = Table(
        title=Text(sheet.title, style="bold"),
        title_justify="left",
        caption=Text(sheet.note, style="dim"),
        caption_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for place, name in enumerate(sheet.head):
        table.add_column(Text(name, style="dim"), overflow="fold", no_wrap=place < len(sheet.keys))
    for row in sheet.lines:
        table.add_row(*(Text(cell) for cell in row))
    console.print()
    console.print(table)
