"""The validation as Markdown, to be embedded into documentation."""

from __future__ import annotations

from auditor.report.markdown import escape
from auditor.validation.output.combined_sheet import every_sheet
from auditor.validation.output.overview import overview
from auditor.validation.output.result import Validation
from auditor.validation.output.table import Sheet
from auditor.validation.output.words import headline, provenance


def render_markdown(validation: Validation) -> str:
    """The table of what each method can see, then every other table."""
    own, other = validation.population.figures, validation.held_out
    seen = overview(own) if other is None else overview(own).beside(overview(other.figures))
    parts = ["<!-- Written by `auditor validate`; do not edit. -->", "", *headline(validation), ""]
    parts += _table(seen, "##")
    for one in every_sheet(own, None if other is None else other.figures):
        parts += _table(one, "###")
    parts += ["### How this came about", "", *(f"- {line}" for line in provenance(validation)), ""]
    return "\n".join(parts)


def _table(sheet: Sheet, level: str) -> list[str]:
    lines = [f"{level} {escape(sheet.title)}", "", escape(sheet.note), ""]
    lines.append("| " + " | ".join(escape(one) for one in sheet.head) + " |")
    lines.append("|" + "---|" * len(sheet.head))
    lines += ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in sheet.lines]
    return [*lines, ""]
