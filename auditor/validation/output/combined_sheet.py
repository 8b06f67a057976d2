"""The tables about all methods in one likelihood ratio."""

from __future__ import annotations

from auditor.record.subject import Kind
from auditor.report.numerals import decimal
from auditor.validation.figure.combined import Combined
from auditor.validation.figure.summary import Figures
from auditor.validation.output.sheet import sheets
from auditor.validation.output.table import NONE, Sheet, area, paired, share


def every_sheet(figures: Figures, held_out: Figures | None = None) -> tuple[Sheet, ...]:
    """All tables: those of the combinations first, since they set the methods side by side."""
    own = _combined_sheets(figures)
    return paired(own, None if held_out is None else _combined_sheets(held_out)) + sheets(figures, held_out)


def title_of(one: Combined) -> str:
    """``all methods combined (distilled from, closed scans)``."""
    kind = "" if one.kind == Kind.CAUSAL_LM else f", {one.kind}"
    return f"all methods combined (distilled from, {one.scenario.value} scans{kind})"


def _combined_sheets(figures: Figures) -> tuple[Sheet, ...]:
    found = [
        build(one)
        for one in figures.combined
        for build in (_compared, _ranked, _passing, _astray, _strength, _words, _weights)
    ]
    return tuple(one for one in found if one.rows)


def _bits(value: float | None) -> str:
    return NONE if value is None else decimal(value, 2)


def _compared(one: Combined) -> Sheet:
    return Sheet(
        f"{title_of(one)}: beside each method alone",
        "Cllr: cost of the likelihood ratios in bits; 0 is perfect, 1 says nothing, more misleads. Every "
        "suspect is judged by weights and a calibration that have seen nobody who shares a base, a teacher, "
        "a teacher's family or data with it. Least: after the best monotone calibration. At 1 %: guilty "
        "suspects above 99 % of the innocents who share nothing with them. Least Cllr, area and bar of the "
        "combination are taken over ratios of different fits, which costs it a little; those of a method "
        "alone are taken over its plain scores. Intervals: 95 %.",
        ("scores",),
        ("Cllr", "least Cllr", "area", "at 1 %", "innocents above that bar", "without a ratio"),
        tuple(
            (
                (row.name,),
                (
                    _bits(row.cost), _bits(row.least_cost), area(row.area), share(row.at_rate),
                    share(row.passing), str(row.left),
                ),
            )
            for row in one.compared
        ),
    )  # fmt: skip


def _ranked(one: Combined) -> Sheet:
    return Sheet(
        f"{title_of(one)}: what is found",
        "Area: under the ROC curve, against the highest ratio of every innocent over the candidates. Right "
        "teacher first: of all candidates, only its own teachers have the highest ratio. Intervals: 95 %.",
        ("mechanism",),
        ("at 1 %", "area", "right teacher first"),
        tuple(
            ((row.mechanism,), (share(row.at_rate), area(row.area), share(row.right))) for row in one.ranked
        ),
    )


def _passing(one: Combined) -> Sheet:
    return Sheet(
        f"{title_of(one)}: false accusations",
        "Innocents above the bar that is meant to let 1 % of innocents pass, set by those who share nothing "
        "with them. Intervals: Clopper and Pearson, 95 %.",
        ("stratum",),
        ("innocents above the bar",),
        tuple(((row.stratum,), (share(row.suspects),)) for row in one.passing),
    )


def _astray(one: Combined) -> Sheet:
    return Sheet(
        f"{title_of(one)}: students and candidates that are not their teachers",
        "Pairs whose ratio is at least 2. Ratios are over innocent models: they tell a student from these, "
        "not the student of one sibling from that of another. Intervals: Clopper and Pearson, 95 %.",
        ("stratum",),
        ("pairs with support",),
        tuple(((row.stratum,), (share(row.pairs),)) for row in one.astray),
    )


def _strength(one: Combined) -> Sheet:
    found = one.strength
    return Sheet(
        f"{title_of(one)}: strength of evidence",
        "Ratios are clamped to the number of known models.",
        ("suspects",),
        ("Cllr", "least Cllr", "guilty with ratio < 1", "innocents with ratio > 1", "without a ratio"),
        (
            (
                (f"{found.guilty} guilty, {found.innocent} innocent",),
                (
                    _bits(found.cost), _bits(found.least_cost), str(found.misleading_guilty),
                    str(found.misleading_innocent), str(found.left),
                ),
            ),
        ),
    )  # fmt: skip


def _words(one: Combined) -> Sheet:
    return Sheet(
        f"{title_of(one)}: strength in words",
        "The ENFSI scale.",
        ("said",),
        ("of guilty", "of innocents"),
        tuple(((phrase,), (str(guilty), str(innocent))) for phrase, guilty, innocent in one.strength.words),
    )


def _weights(one: Combined) -> Sheet:
    return Sheet(
        f"{title_of(one)}: weights",
        "Weight of a score that is counted in spreads of the innocents, after compression; with all "
        "suspects, and the range over the fits that leave relatives out. Noise gets none, and methods that "
        "say the same share one weight.",
        ("probe",),
        ("weight", "range", "guilty with a score", "innocents with a score"),
        tuple(
            (
                (row.test.probe,),
                (
                    decimal(row.weight, 2), f"{decimal(row.low, 2)} to {decimal(row.high, 2)}",
                    str(row.guilty), str(row.innocent),
                ),
            )
            for row in one.weights
        ),
    )  # fmt: skip
