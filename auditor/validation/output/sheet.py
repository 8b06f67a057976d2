"""The tables of a validation in words, the same for terminal, page and document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from auditor.record.subject import Kind
from auditor.report.numerals import decimal, number
from auditor.validation.figure.accusation import Accusation, Null
from auditor.validation.figure.detection import Detection
from auditor.validation.figure.served import Recognised, ServedTest
from auditor.validation.figure.strength import Strength
from auditor.validation.figure.summary import BuiltIn, Figures, Lineage
from auditor.validation.figure.whole import Whole
from auditor.validation.output.table import NONE, Sheet, area, paired, share
from auditor.validation.output.trait_sheet import built_in_sheet


def sheets(figures: Figures, held_out: Figures | None = None) -> tuple[Sheet, ...]:
    """Every table, in the order of reading; those of a held-out population beside the first one's."""
    return paired(_sheets(figures), None if held_out is None else _sheets(held_out))


def _sheets(figures: Figures) -> tuple[Sheet, ...]:
    found: list[Sheet] = []
    for one in figures.lineage:
        builders: tuple[Callable[[Lineage], Sheet], ...] = (
            _detections, _followings, _separations, _accusations, _nulls,
        )  # fmt: skip
        found += [build(one) for build in builders]
        if one.strength is not None:
            found += [_strength(one, one.strength), _words(one, one.strength)]
    for whole in figures.wholes:
        found += [_whole_seen(whole), _whole_accusations(whole)]
    for log in figures.served:
        found += [_recognised(log), _mistaken(log)]
        if log.nulls:
            found.append(_null_sheet(_title(log, "p-values of those who never saw the log"), log.nulls))
    for trait in figures.built_in:
        found.append(built_in_sheet(trait))
        if trait.nulls:
            found.append(_null_sheet(_title(trait, "p-values of models without the trait"), trait.nulls))
    found.append(_costs(figures))
    return tuple(one for one in found if one.rows)


def _title(one: Lineage | BuiltIn | ServedTest, what: str) -> str:
    return f"{one.name}: {what}"


def _detections(one: Lineage) -> Sheet:
    def cells(row: Detection) -> tuple[str, ...]:
        said = ", ".join(f"{count} {answer}" for answer, count in row.answers)
        return (
            share(row.found), share(row.pointed), share(row.named_right), share(row.at_rate),
            area(row.area), said,
        )  # fmt: skip

    references = sorted({row.references for row in one.detections})
    fewest = f"{references[0]}" if references else "no"
    return Sheet(
        _title(one, "what is found"),
        "Found: its own teacher was named in a closed scan. In any words: it was said at least that it comes "
        "from it or from something that shares its data. Right only: of those of whom anybody was named, "
        "nobody else was. At 1 %: score above that of 99 % of the innocents who share no base, teacher, "
        f"teacher's family or data with the suspect ({fewest} or more; under 100, above all of them); "
        f"{share(one.false_alarms)} of the innocents pass that bar themselves. Area: under the ROC curve, "
        "against the highest score of every innocent over the candidates. Intervals: 95 %.",
        ("mechanism", "access"),
        ("found", "in any words", "right only", "at 1 %", "area", "answers"),
        tuple(((row.mechanism, row.access), cells(row)) for row in one.detections),
    )


def _followings(one: Lineage) -> Sheet:
    return Sheet(
        _title(one, "what is found, by teacher"),
        "Found: its own teacher was named. Candidates that are siblings compete for the same students.",
        ("scan", "teacher"),
        ("found",),
        tuple(((row.scenario.value, row.teachers), (share(row.found),)) for row in one.followings),
    )


def _separations(one: Lineage) -> Sheet:
    return Sheet(
        _title(one, "against the innocents of each stratum"),
        "Area under the ROC curve of all guilty suspects against these innocents; 0.5 says nothing.",
        ("innocents",),
        ("n", "area"),
        tuple(((row.stratum,), (str(row.area.negatives), area(row.area))) for row in one.separations),
    )


def _accusations(one: Lineage) -> Sheet:
    return _accusation_sheet(_title(one, "false accusations"), one.accusations)


def _accusation_sheet(title: str, rows: Sequence[Accusation]) -> Sheet:
    return Sheet(
        title,
        "Suspects of whom the claim was supported against a candidate that it is not true of. In any words: "
        "or of whom it was left open whether they come from it or share its data. Untrue words: accused "
        'without those of whom it was said that they come from it "or something that shares its data", '
        "which they do. Intervals: Clopper and Pearson, 95 %.",
        ("scan", "who", "stratum"),
        ("suspects accused", "in any words", "pairs accused", "untrue words"),
        tuple(
            (
                (row.scenario.value, row.group, row.stratum),
                (share(row.suspects), share(row.pointed), share(row.pairs), share(row.untrue)),
            )
            for row in rows
        ),
    )


def _whole_title(one: Whole, what: str) -> str:
    kind = "" if one.kind == Kind.CAUSAL_LM else f", {one.kind}"
    return f"all methods together ({one.access}{kind}): {what}"


def _whole_seen(one: Whole) -> Sheet:
    return Sheet(
        _whole_title(one, "what is found"),
        f"By at least one of {', '.join(one.methods)}, each at its own level, in closed scans.",
        ("mechanism",),
        ("found", "in any words", "right only"),
        tuple(
            ((row.mechanism,), (share(row.found), share(row.pointed), share(row.named_right)))
            for row in one.seen
        ),
    )


def _whole_accusations(one: Whole) -> Sheet:
    return _accusation_sheet(_whole_title(one, "false accusations"), one.accusations)


def _nulls(one: Lineage) -> Sheet:
    return _null_sheet(_title(one, "p-values of innocents"), one.nulls)


def _null_sheet(title: str, rows: Sequence[Null]) -> Sheet:
    levels = [level.level for level in rows[0].levels] if rows else []

    def cells(row: Null) -> tuple[str, ...]:
        counts = (f"{one.count}/{one.most}{'' if one.held else ' !'}" for one in row.levels)
        mean_e = NONE if row.mean_e is None else number(row.mean_e)
        return (str(row.n), NONE if row.smallest is None else number(row.smallest), *counts, mean_e)

    return Sheet(
        title,
        "How many p-values are at or under each level / the most that as many uniform ones would have in "
        "97.5 % of cases; ! marks more. Least: the smallest p-value that was attainable. In shuffled scans a "
        "random half of the innocents are the controls. Innocents are ranked among each other, so their "
        "p-values are not independent.",
        ("scan", "stratum"),
        ("n", "least", *(f"≤ {level:g}" for level in levels), "mean e-value"),
        tuple(((row.scenario.value, row.stratum), cells(row)) for row in rows),
    )


def _strength(one: Lineage, found: Strength) -> Sheet:
    cost, least = (NONE if value is None else decimal(value, 2) for value in (found.cost, found.least_cost))
    return Sheet(
        _title(one, "strength of evidence"),
        "Cllr in bits: 0 is perfect, 1 says nothing. Every suspect is calibrated on models that share no "
        "base, teacher, teacher's family or data with it; ratios are clamped to the number of known models.",
        ("suspects",),
        ("Cllr", "least Cllr", "guilty with ratio < 1", "innocents with ratio > 1", "without a ratio"),
        (
            (
                (f"{found.guilty} guilty, {found.innocent} innocent",),
                (cost, least, str(found.misleading_guilty), str(found.misleading_innocent), str(found.left)),
            ),
        ),
    )


def _words(one: Lineage, found: Strength) -> Sheet:
    return Sheet(
        _title(one, "strength in words"),
        "The ENFSI scale.",
        ("said",),
        ("of guilty", "of innocents"),
        tuple(((phrase,), (str(guilty), str(innocent))) for phrase, guilty, innocent in found.words),
    )


def _recognised(one: ServedTest) -> Sheet:
    def cells(row: Recognised) -> tuple[str, ...]:
        p, advantage = (
            NONE if value is None else number(value) for value in (row.median_p, row.median_advantage)
        )
        return (share(row.found), share(row.at_twenty), p, advantage, str(row.prompts))

    return Sheet(
        _title(one, "students before the logs that they learned from"),
        f"{one.logs} logs, each tried on the student that it was served for. Found: at the probe's own "
        "level. Advantage: of logged over redrawn answers, in standard deviations within a prompt. "
        "Intervals: 95 %.",
        ("mechanism",),
        ("found", "e-value of 20", "median p", "median advantage", "prompts"),
        tuple(((row.mechanism,), cells(row)) for row in one.recognised),
    )


def _mistaken(one: ServedTest) -> Sheet:
    return Sheet(
        _title(one, "suspects before logs that they never saw"),
        "How the suspect relates to the teacher that served the log. Undecided: the teacher seemed changed, "
        "or too little could be asked. Intervals: Clopper and Pearson, 95 %.",
        ("stratum",),
        ("accused", "undecided"),
        tuple(((row.stratum,), (share(row.accused), share(row.undecided))) for row in one.mistaken),
    )


def _costs(figures: Figures) -> Sheet:
    return Sheet(
        "What an answer costs",
        "Medians over suspects. Questions are those put to the suspect until the verdict.",
        ("probe", "access"),
        ("suspects", "questions", "most", "prompts", "asking, s", "measuring, s"),
        tuple(
            (
                (row.probe, row.access),
                (
                    str(row.suspects), number(row.questions), str(row.most_questions), number(row.prompts),
                    decimal(row.asking_seconds, 2), decimal(row.measuring_seconds, 2),
                ),
            )
            for row in figures.costs
        ),
    )  # fmt: skip
