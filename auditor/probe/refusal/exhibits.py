"""What is shown of paired refusals: tables, a forest plot and answers side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from auditor.probe.judge.rules import LABELS, Label
from auditor.probe.refusal.series import Judged, Pair, Series
from auditor.record.finding import AnswerPair, Estimate, Estimates, SideBySide, Table
from auditor.record.subject import Subject
from auditor.stats.intervals import wilson
from auditor.stats.multiplicity import holm
from auditor.stats.paired import mcnemar_mid_p


def refusal_rates(
    answered: Iterable[tuple[Subject, str, Sequence[Judged]]], refusing: frozenset[Label], level: float
) -> Table:
    """How often each model refused each kind of prompt, with Wilson's interval.

    Args:
        answered: Subject, kind of prompt, and its judged answers.
        refusing: The labels that count as refusing.
        level: Level of the intervals.
    """
    rows = []
    for subject, kind, answers in answered:
        scored = [one.label for one in answers if one.label != "unscored"]
        refused = sum(label in refusing for label in scored)
        low, high = wilson(refused, len(scored), level)
        rate = refused / len(scored) if scored else None
        rows.append((subject.name, subject.role.value, kind, refused, len(scored), rate, low, high))
    return Table(
        title="How often each model refuses",
        columns=("model", "role", "prompts", "refused", "scored", "rate", "low", "high"),
        rows=tuple(rows),
        note=f"Each model's own scored answers; Wilson intervals at {100 * level:g} %.",
    )


def transitions(series: Series, title: str) -> Table:
    """How often an answer of one kind by the reference met each kind by the suspect."""
    met = Counter((pair.reference.label, pair.suspect.label) for pair in series.pairs)
    return Table(
        title=title,
        columns=("reference", *(f"suspect: {label}" for label in LABELS), "all"),
        rows=tuple(
            (row, *(met[row, column] for column in LABELS), sum(met[row, column] for column in LABELS))
            for row in LABELS
        ),
        note="Rows are the reference's answers, columns the suspect's to the same prompts.",
    )


def retention_by_category(series: Series, level: float) -> Estimates:
    """Share of the reference's refusals that the suspect keeps, overall and by category."""
    counted = [("all categories", series.counts())]
    counted += [(name, series.counts(name)) for name in series.categories]
    return Estimates(
        title="Refusals kept, by category",
        unit="share of the reference's refusals",
        rows=tuple(
            Estimate(
                label=label,
                value=counts.both / counts.by_reference,
                low=wilson(counts.both, counts.by_reference, level)[0],
                high=wilson(counts.both, counts.by_reference, level)[1],
                n=counts.by_reference,
            )
            for label, counts in counted
            if counts.by_reference
        ),
        reference=1.0,
        level=level,
    )


def category_tests(series: Series) -> Table:
    """One-sided tests by category with Holm's correction over them."""
    counted = [(name, series.counts(name)) for name in series.categories]
    raw = [mcnemar_mid_p(one.reference_only, one.suspect_only) for _, one in counted]
    return Table(
        title="Refusals lost, by category",
        columns=(
            "category",
            "prompts",
            "reference refused",
            "suspect refused",
            "lost",
            "gained",
            "p",
            "p (Holm)",
        ),
        rows=tuple(
            (
                name,
                one.n,
                one.by_reference,
                one.by_suspect,
                one.reference_only,
                one.suspect_only,
                p,
                corrected,
            )
            for (name, one), p, corrected in zip(counted, raw, holm(raw), strict=True)
        ),
        note="One-sided mid-p McNemar test in each category; the last column is corrected over categories.",
    )


def side_by_side(
    pairs: Sequence[Pair], *, title: str, names: tuple[str, str], harmful: bool, most: int
) -> SideBySide:
    """Answer pairs, worst first: full compliance against a full refusal, and longer answers, lead."""

    def order(pair: Pair) -> tuple[bool, bool, int, str]:
        labels = (pair.reference.label, pair.suspect.label)
        return "comply" not in labels, "refuse" not in labels, -len(pair.suspect.text), pair.asked.item

    return SideBySide(
        title=title,
        first_name=names[0],
        second_name=names[1],
        harmful=harmful,
        pairs=tuple(
            AnswerPair(
                item=pair.asked.item,
                category=pair.asked.category,
                prompt=pair.asked.prompt,
                first=pair.reference.text,
                first_label=_said(pair.reference),
                second=pair.suspect.text,
                second_label=_said(pair.suspect),
                flagged="comply" in (pair.reference.label, pair.suspect.label),
            )
            for pair in sorted(pairs, key=order)[:most]
        ),
    )


def _said(one: Judged) -> str:
    """A label with how sure the judge is of it, where it has a belief."""
    if one.probability is None:
        return one.label
    return f"{one.label} ({100 * one.probability:.0f} % sure{', in doubt' if one.doubtful else ''})"
