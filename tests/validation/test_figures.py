"""Every figure against a recount from the rows as JSON has them, by other means than the code's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from tried import LINEAGE_PROBE, register, rows

from auditor.record.codec import encode
from auditor.record.finding import Outcome
from auditor.validation.figure.accusation import p_value
from auditor.validation.figure.summary import figures

KNOWN = register()
ROWS = rows(KNOWN)
FIGURES = figures(ROWS)
#: What a reader of validation.json has in hand.
TABLE: list[dict[str, Any]] = json.loads(json.dumps([encode(one) for one in ROWS]))
LINEAGE = [one for one in TABLE if one["probe"] == LINEAGE_PROBE]
CLOSED = [one for one in LINEAGE if one["scenario"] == "closed"]


def exact(count: int, n: int) -> tuple[float, float]:
    found = stats.binomtest(count, n).proportion_ci(0.95, method="exact") if n else None
    return (float(found.low), float(found.high)) if found else (0.0, 1.0)


def check(share: Any, marks: list[bool]) -> None:
    assert (share.count, share.n) == (sum(marks), len(marks))
    assert (share.low, share.high) == pytest.approx(exact(sum(marks), len(marks)))


def points(row: dict[str, Any]) -> bool:
    """Supported, or undecided between the candidate and what shares its data."""
    open_answer = row["outcome"] == "inconclusive" and row["answer"].startswith("from this teacher or")
    return bool(row["outcome"] == "supports" or open_answer)


def guilty_score(name: str) -> float:
    return max(row["statistic"] for row in CLOSED if row["suspect"] == name and row["truth"] == "guilty")


def innocent_scores() -> dict[str, float]:
    names = {row["suspect"] for row in CLOSED if row["part"] in ("innocent", "control")}
    whole = {
        name: [row for row in CLOSED if row["suspect"] == name]
        for name in names
    }  # fmt: skip
    return {
        name: max(row["statistic"] for row in its)
        for name, its in whole.items()
        if {row["truth"] for row in its} == {"innocent"}
    }


def relatives(name: str) -> set[str]:
    ties = {row["suspect"]: set(row["ties"]) for row in TABLE}
    return {other for other in ties if other == name or ties[other] & ties[name]}


def test_detection_by_mechanism() -> None:
    (lineage,) = FIGURES.lineage
    guilty = {row["suspect"]: row["mechanism"] for row in CLOSED if row["truth"] == "guilty"}
    assert {one.mechanism for one in lineage.detections} == {"all mechanisms", *guilty.values()}
    for one in lineage.detections:
        names = [name for name, mechanism in guilty.items() if one.mechanism in (mechanism, "all mechanisms")]
        supported = {
            name: [row["truth"] for row in CLOSED if row["suspect"] == name and row["outcome"] == "supports"]
            for name in names
        }
        check(one.found, ["guilty" in truths for truths in supported.values()])
        pointed = {
            row["suspect"]
            for row in CLOSED
            if row["truth"] == "guilty" and points(row) and row["suspect"] in names
        }
        check(one.pointed, [name in pointed for name in names])
        check(one.named_right, [set(truths) == {"guilty"} for truths in supported.values() if truths])
        scores = [guilty_score(name) for name in names]
        innocent = list(innocent_scores().values())
        assert (one.area.positives, one.area.negatives) == (len(scores), len(innocent))
        expected = roc_auc_score([1] * len(scores) + [0] * len(innocent), scores + innocent)
        assert one.area.value == pytest.approx(expected)
        assert one.area.low <= expected <= one.area.high
        assert sum(count for _, count in one.answers) >= len(names)


def test_detection_at_one_per_cent_leaves_relatives_out() -> None:
    (lineage,) = FIGURES.lineage
    innocent = innocent_scores()

    def passes(name: str, score: float) -> bool:
        others = [value for other, value in innocent.items() if other not in relatives(name)]
        assert others
        # Fewer than a hundred: nobody may lie above.
        return all(score > value for value in others)

    guilty = sorted({row["suspect"] for row in CLOSED if row["truth"] == "guilty"})
    whole = lineage.detections[0]
    check(whole.at_rate, [passes(name, guilty_score(name)) for name in guilty])
    check(lineage.false_alarms, [passes(name, score) for name, score in innocent.items()])
    assert whole.references == min(len(set(innocent) - relatives(name)) for name in guilty)


def test_detections_by_teacher() -> None:
    (lineage,) = FIGURES.lineage
    seen = set()
    for one in lineage.followings:
        guilty: dict[str, list[dict[str, object]]] = {}
        for row in LINEAGE:
            if row["scenario"] == one.scenario and row["truth"] == "guilty":
                guilty.setdefault(row["suspect"], []).append(row)
        chosen = [
            own
            for own in guilty.values()
            if one.teachers in ("any teacher", " + ".join(sorted(str(row["candidate"]) for row in own)))
        ]
        check(one.found, [any(row["outcome"] == "supports" for row in own) for own in chosen])
        seen.add((one.scenario.value, one.teachers))
    assert {scenario for scenario, _ in seen} == {"closed", "no-same-data"}
    assert len(seen) >= 6


def test_a_suspect_without_unrelated_innocents_has_no_threshold() -> None:
    tied = figures([replace(row, ties=(*row.ties, "base of all")) for row in ROWS])
    assert tied.lineage[0].detections[0].at_rate.n == 0
    assert tied.lineage[0].strength is not None
    assert tied.lineage[0].strength.guilty == 0


def test_false_accusations_in_every_stratum() -> None:
    (lineage,) = FIGURES.lineage
    parts = {"innocents": ("innocent", "control"), "students": ("student",), "derived": ("derived",)}
    seen = set()
    for one in lineage.accusations:
        within = [
            row
            for row in LINEAGE
            if row["scenario"] == one.scenario
            and row["part"] in parts[one.group]
            and row["truth"] == "innocent"
            and one.stratum in (row["stratum"], "any stratum")
        ]
        check(one.pairs, [row["outcome"] == "supports" for row in within])
        names = sorted({row["suspect"] for row in within})
        marks: tuple[tuple[Any, Callable[[dict[str, Any]], bool]], ...] = (
            (one.suspects, lambda row: bool(row["outcome"] == "supports")),
            (one.pointed, points),
            (one.untrue, lambda row: bool(row["untrue"])),
        )
        for share, marked in marks:
            check(share, [any(marked(row) for row in within if row["suspect"] == name) for name in names])
        seen.add((one.scenario.value, one.group, one.stratum))
    assert ("open", "students", "sibling-student") in seen
    assert ("no-same-data", "innocents", "same-data") in seen
    assert ("closed", "innocents", "any stratum") in seen
    # Rows of a scenario are all counted once in the strata.
    innocents = [one for one in lineage.accusations if (one.scenario, one.group) == ("closed", "innocents")]
    assert sum(one.pairs.n for one in innocents if one.stratum != "any stratum") == innocents[-1].pairs.n


def test_p_values_of_innocents_are_counted_once_each() -> None:
    (lineage,) = FIGURES.lineage
    for null in lineage.nulls:
        named = [
            row["p_value"]
            for row in LINEAGE
            if row["scenario"] == null.scenario and row["part"] in ("innocent", "control") and row["named"]
        ]
        if null.stratum == "any stratum":
            assert null.n == len(named)
            for level in null.levels:
                assert level.count == sum(value <= level.level for value in named)
                assert level.most == stats.binom.ppf(0.975, null.n, level.level)
                assert level.held == (level.count <= level.most)
    assert {null.scenario.value for null in lineage.nulls} == {"closed", "shuffled", "no-same-data"}


def test_without_an_inner_choice_the_smallest_p_value_pays_for_the_choice() -> None:
    pair = [
        replace(row, choice_inside=False, p_value=value)
        for row, value in zip(ROWS, (0.02, 0.3, None), strict=False)
    ]
    assert p_value(pair) == pytest.approx(0.04)
    assert p_value([replace(row, p_value=0.9) for row in pair]) == 1.0
    assert p_value(pair[2:]) is None


def test_too_many_small_p_values_are_marked() -> None:
    bad = figures([replace(row, p_value=0.001) for row in ROWS])
    assert not any(level.held for level in bad.lineage[0].nulls[-1].levels[:3])


def test_likelihood_ratios_say_more_where_there_is_more() -> None:
    costs = []
    for effect in (0.0, 2.0, 8.0):
        one = figures(rows(KNOWN, 3, effect)).lineage[0].strength
        assert one is not None
        assert one.least_cost is not None
        assert one.cost is not None
        costs.append(one.cost)
        assert one.least_cost <= one.cost
        assert one.guilty + one.innocent + one.left == 13 + 40
        assert sum(guilty for _, guilty, _ in one.words) == one.guilty
        assert sum(innocent for _, _, innocent in one.words) == one.innocent
        assert sum(each.n for each in one.bins) == one.guilty + one.innocent
    assert costs[0] == pytest.approx(1.0, abs=0.25)
    assert costs[2] < costs[1] < costs[0] + 0.2


def test_a_method_without_a_score_found_nothing() -> None:
    silent = [
        replace(row, statistic=None, outcome=Outcome.NOT_APPLICABLE)
        if row.mechanism == "soft-labels"
        else row
        for row in ROWS
    ]
    found = {one.mechanism: one for one in figures(silent).lineage[0].detections}
    assert found["soft-labels"].found.count == found["soft-labels"].at_rate.count == 0
    assert found["soft-labels"].area.value == 0.0
    assert (
        found["teacher-text"] == {one.mechanism: one for one in FIGURES.lineage[0].detections}["teacher-text"]
    )


def test_traits_and_false_alarms() -> None:
    (benchmark,) = FIGURES.built_in
    own = [row for row in TABLE if row["claim"] == "benchmark_overfit"]
    (found,) = benchmark.found
    assert found.trait == "benchmark-gold"
    check(found.suspects, [row["outcome"] == "supports" for row in own if row["truth"] == "guilty"])
    for alarm, parts in zip(
        benchmark.alarms, (("innocent", "control"), ("student",), ("derived",)), strict=True
    ):
        marks = [
            row["outcome"] == "supports" for row in own if row["part"] in parts and row["truth"] == "innocent"
        ]
        check(alarm.suspects, marks)
        check(alarm.pairs, marks)


def test_held_out_models_are_judged_by_the_first_population() -> None:
    other = rows(KNOWN, seed=9)
    shifted = [
        replace(row, statistic=row.statistic + 50) if row.part.value == "innocent" and row.statistic else row
        for row in ROWS
    ]
    strict = figures(other, shifted).lineage[0]
    lenient = figures(other, ROWS).lineage[0]
    assert strict.detections[0].at_rate.count == strict.false_alarms.count == 0
    assert lenient.detections[0].at_rate.count > 0
    assert strict.detections[0].found == lenient.detections[0].found


def test_costs_are_medians_over_suspects() -> None:
    for cost in FIGURES.costs:
        own = {
            row["suspect"]: row for row in TABLE if row["probe"] == cost.probe and row["scenario"] == "closed"
        }
        assert cost.suspects == len(own)
        assert cost.questions == np.median([row["questions"] for row in own.values()])


def test_the_same_rows_give_the_same_figures() -> None:
    assert figures(ROWS) == FIGURES
    json.dumps(encode(FIGURES), allow_nan=False)
