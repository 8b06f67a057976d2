"""The validation as one self-contained page with its plots."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.report.html import render_page
from auditor.validation.output.combined_sheet import every_sheet, title_of
from auditor.validation.output.overview import overview
from auditor.validation.output.plots import (
    SIDE,
    Dot,
    Line,
    StripPlot,
    reliability_dots,
    roc_lines,
    strip_plot,
)
from auditor.validation.output.result import PopulationResult, Validation
from auditor.validation.output.table import Sheet
from auditor.validation.output.words import headline, provenance


@dataclass(frozen=True, slots=True)
class Drawing:
    """The plots of one test of one population."""

    title: str
    curves: tuple[Line, ...]
    dots: tuple[Dot, ...]
    strip: StripPlot | None


def render_html(validation: Validation) -> str:
    """The page: no request leaves it, and no script is in it.

    Raises:
        ReportError: If its template is missing or broken.
    """
    own, other = validation.population, validation.held_out
    return render_page(
        "validation.html.j2",
        ("report.css.j2", "validation.css.j2"),
        headline=headline(validation),
        provenance=provenance(validation),
        dated=validation.created_at[:10],
        overview=_overview(validation),
        sheets=every_sheet(own.figures, None if other is None else other.figures),
        drawings=(*_drawings(own, ""), *(_drawings(other, ", held out") if other else ())),
        side=SIDE,
    )


def _overview(validation: Validation) -> Sheet:
    own, other = overview(validation.population.figures), validation.held_out
    return own if other is None else own.beside(overview(other.figures))


def _drawings(one: PopulationResult, suffix: str) -> tuple[Drawing, ...]:
    combined = tuple(
        Drawing(
            title=f"{title_of(row)}{suffix}",
            curves=roc_lines(row.curves),
            dots=reliability_dots(row.strength),
            strip=strip_plot(row.strips),
        )
        for row in one.figures.combined
        if row.curves
    )
    return combined + tuple(
        Drawing(
            title=f"{row.name}{suffix}",
            curves=roc_lines(row.curves),
            dots=reliability_dots(row.strength) if row.strength else (),
            strip=strip_plot(row.strips),
        )
        for row in one.figures.lineage
        if row.curves
    )
