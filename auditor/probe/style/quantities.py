"""The test and the named quantities of a style attribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.probe.style.reading import StyleReading, names_of
from auditor.record.finding import Fact
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.subject import Stratum

_UNIT = "likeness"


def test_of(reading: StyleReading, teacher: int, *, method: str, source: str) -> TestResult:
    """The rank of the suspect's score for one candidate."""
    rank = reading.rank(teacher)
    return TestResult(
        method=method,
        null="the suspect shares a lineage with no candidate, and its line is exchangeable with the "
        "independent lines of the panel",
        alternative="the suspect opens its answers as a candidate does, more than independent models do",
        statistic=float(reading.scores[0, teacher]),
        statistic_name="likeness of openings, without length, over the suspect's likeness to the panel",
        effect=float(reading.scores[0, teacher]),
        effect_unit=_UNIT,
        interval=reading.interval(teacher),
        p_value=rank.p_value,
        smallest_attainable_p=rank.smallest,
        n=rank.groups,
        unit_of_replication="lines of models",
        guarantee=Guarantee.CALIBRATED,
        assumptions=(
            "every model of the panel is what its documents say: trained first-hand, on nobody's outputs",
            "the line of an innocent suspect is exchangeable with the lines of the panel",
            "the interval is over prompts and makers and says nothing of other innocent models",
        ),
        source=source,
        controls=tuple(
            ControlValue(
                name=reading.writers[place].subject.name,
                stratum=Stratum.UNRELATED.value,
                value=float(value),
            )
            for place, value in zip(reading.ranked, reading.innocent, strict=True)
        ),
    )


def facts_of(
    reading: StyleReading, others: Sequence[StyleReading], teacher: int, answer: str
) -> tuple[Fact, ...]:
    """Named quantities about one candidate, for policy and report."""
    writers, scores = reading.writers, reading.scores[0]
    rivals = [one for one in np.flatnonzero(reading.eligible).tolist() if one != teacher]
    facts = [
        Fact(name="answer", value=answer, meaning="one of the graded answers to whether it learned from it"),
        Fact(name="controls", value=len(reading.ranked), meaning="independent models with a rank"),
        Fact(name="lineages", value=len(set(reading.lines)), meaning="independent lines among them"),
        Fact(
            name="selection_inside_null",
            value=True,
            meaning="every independent model chooses its best candidate too",
        ),
        Fact(name="named", value=teacher == reading.best, meaning="whether this candidate ranks first"),
        Fact(name="prompts", value=len(reading.asked), meaning="prompts in common"),
        Fact(
            name="likeness",
            value=float(reading.comparison.whole[0, teacher]),
            meaning="likeness to this candidate, 0 to 1, as measured",
        ),
        Fact(
            name="not_excluded",
            value=names_of(writers, reading.not_excluded),
            meaning="candidates that may be as near as the first",
        ),
        Fact(
            name="candidates",
            value=int(reading.eligible.sum()),
            meaning="candidates that may have taught it",
        ),
        Fact(
            name="channels_agreeing",
            value=sum(one.best == teacher and one.rank(teacher).p_value <= reading.alpha for one in others),
            meaning=f"of {len(others)} other channels, each by itself; not part of the score",
        ),
    ]
    own = [value for place, value in reading.samples() if place == 0]
    if own:
        meaning = "likeness of two samples of the suspect to each other"
        facts.append(Fact(name="own_likeness", value=own[0], meaning=meaning))
    if rivals:
        margin = float(scores[teacher] - max(scores[one] for one in rivals))
        meaning = "score above the best of another candidate"
        facts.append(Fact(name="margin", value=margin, unit=_UNIT, meaning=meaning))
    if np.isfinite(reading.threshold):
        meaning = "smallest score that would have been significant"
        facts.append(Fact(name="smallest_detectable", value=reading.threshold, unit=_UNIT, meaning=meaning))
    companion = reading.parametric_p(teacher)
    if companion is not None:
        meaning = "parametric companion: normal scores of innocent lines; indicative only"
        facts.append(Fact(name="parametric_p", value=companion, meaning=meaning))
    students = reading.students()
    if students:
        share = sum(found for _, _, found, _ in students) / len(students)
        meaning = f"share found of {len(students)} models of the population that declare a candidate"
        facts.append(Fact(name="declared_found", value=share, meaning=meaning))
    return tuple(facts)
