"""The combination of methods, recounted from the rows by other means, and against what must not matter."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tried import LINEAGE_PROBE, register, rows

from auditor.record.codec import encode
from auditor.record.finding import Claim
from auditor.record.subject import Kind
from auditor.stats.likelihood_ratio import cllr
from auditor.stats.score_fusion import Known, fuse
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.figure.combined import Combined, combined
from auditor.validation.figure.fused import evidence_of, fused_rows
from auditor.validation.figure.summary import figures
from auditor.validation.output.combined_sheet import every_sheet

KNOWN = register()
FIRST = [row for row in rows(KNOWN, 0, 3.0) if row.probe == LINEAGE_PROBE]
SECOND_PROBE, NOISE_PROBE = "world-lineage/surprisal-residuals", "world-lineage/noise"


def under(probe: str, own: Sequence[Row], method: str = "surprisal_residuals") -> list[Row]:
    return [replace(row, probe=probe, method=method) for row in own if row.probe == LINEAGE_PROBE]


SECOND = under(SECOND_PROBE, rows(KNOWN, 1, 3.0))
NOISE = under(NOISE_PROBE, rows(KNOWN, 2, 0.0), "noise")
BOTH = [*FIRST, *SECOND]


def closed(found: Sequence[Combined]) -> Combined:
    return next(one for one in found if one.scenario is Scenario.CLOSED)


def scores_of(one: Combined) -> dict[str, float | None]:
    return {
        name: score for strip in one.strips for name, score in zip(strip.names, strip.scores, strict=True)
    }  # fmt: skip


def test_a_suspect_is_judged_by_what_its_relatives_had_no_say_in() -> None:
    """Recounted for single suspects from plain rows."""
    found = scores_of(closed(combined(BOTH)))
    ties = {row.suspect: set(row.ties) for row in BOTH}
    table: dict[tuple[str, str], dict[str, Row]] = {}
    for row in BOTH:
        if row.scenario is Scenario.CLOSED and row.candidate:
            table.setdefault((row.suspect, row.candidate), {})[row.probe] = row
    for judged in ("text-0", "soft-2", "plain-3", "data-1"):
        names: list[str] = []
        pairs, suspects, guilty = [], [], []
        for (name, _), its in table.items():
            row = its[LINEAGE_PROBE]
            whole = {other.truth for key, each in table.items() if key[0] == name for other in each.values()}
            if name == judged or ties[name] & ties[judged] or "unjudged" in whole - {"guilty"}:
                continue
            if "guilty" in whole and row.truth != "guilty":
                continue
            if "guilty" not in whole and row.part.value not in ("innocent", "control"):
                continue
            if name not in names:
                names.append(name)
                guilty.append("guilty" in whole)
            suspects.append(names.index(name))
            pairs.append([its[probe].statistic for probe in (LINEAGE_PROBE, SECOND_PROBE)])
        fusion = fuse(Known(np.array(pairs, dtype=float), np.array(suspects), np.array(guilty)))
        assert fusion is not None
        own = [its for (name, _), its in table.items() if name == judged]
        if judged.startswith(("text", "soft")):
            own = [its for its in own if its[LINEAGE_PROBE].truth == "guilty"]
        values = np.array([[its[probe].statistic for probe in (LINEAGE_PROBE, SECOND_PROBE)] for its in own])
        expected = fusion.calibration.unclamped(fusion.sums(values.astype(float))).max()
        assert found[judged] == pytest.approx(expected, rel=1e-6)


def test_what_relatives_score_moves_nothing() -> None:
    changed = [
        replace(row, statistic=99.0) if row.suspect in ("text-3", "soft-0") else row for row in BOTH
    ]  # fmt: skip
    # All three learned from the same teacher.
    assert scores_of(closed(combined(changed)))["text-0"] == scores_of(closed(combined(BOTH)))["text-0"]


def test_where_everybody_is_related_nobody_has_a_ratio() -> None:
    tied = closed(combined([replace(row, ties=(*row.ties, "base of all")) for row in BOTH]))
    assert tied.strength.guilty == tied.strength.innocent == 0
    assert tied.strength.left == 13 + 40
    assert tied.strength.cost is None
    assert tied.ranked == ()
    # The fit on all of them is there all the same, and says by its missing cost that nothing vouches for it.
    assert tied.fusion is not None


def test_two_methods_are_better_than_each_and_noise_counts_for_nothing() -> None:
    found = closed(combined([*BOTH, *NOISE]))
    whole, *alone = found.compared
    assert whole.name == "all combined"
    assert {row.name for row in alone} == {LINEAGE_PROBE, SECOND_PROBE, NOISE_PROBE}
    assert whole.cost is not None
    assert whole.area.value is not None
    for row in alone:
        assert row.cost is not None
        assert row.area.value is not None
        assert whole.cost < row.cost
        assert whole.area.value > row.area.value - 0.02
    weights = {row.test.probe: row for row in found.weights}
    assert weights[NOISE_PROBE].weight < 0.1 * weights[LINEAGE_PROBE].weight
    assert weights[LINEAGE_PROBE].low <= weights[LINEAGE_PROBE].weight <= weights[LINEAGE_PROBE].high
    assert (weights[LINEAGE_PROBE].guilty, weights[LINEAGE_PROBE].innocent) == (13, 40)


def test_noise_alone_says_nothing() -> None:
    found = closed(combined(NOISE))
    assert found.strength.cost == pytest.approx(1.0, abs=0.1)


def test_a_method_alone_is_figured_as_elsewhere() -> None:
    """The tables of single methods in closed scans must not contradict the table that sets them together."""
    counted = figures(BOTH)
    by_probe = {row.name: row for row in closed(counted.combined).compared}
    for lineage in counted.lineage:
        own = by_probe[lineage.test.probe]
        assert lineage.strength is not None
        assert (own.cost, own.least_cost) == (lineage.strength.cost, lineage.strength.least_cost)
        assert own.passing == lineage.false_alarms
        assert (own.at_rate, own.area.value) == (
            lineage.detections[0].at_rate, lineage.detections[0].area.value
        )  # fmt: skip


def test_ancestry_is_never_added_in() -> None:
    """However well the order of neurons tells copies, it says nothing about learning from outputs."""
    copies = [
        replace(
            row, claim=Claim.ANCESTRY, probe="lineage/weight-alignment", method="weight_alignment",
            statistic=100.0 if row.truth == "guilty" else 0.0,
        )
        for row in FIRST
    ]  # fmt: skip
    assert combined([*BOTH, *copies]) == combined(BOTH)
    assert not combined(copies)


def test_innocents_above_the_bar_and_right_teachers_are_counted_from_pairs() -> None:
    evidence = evidence_of(BOTH, Kind.CAUSAL_LM, Scenario.CLOSED)
    assert evidence is not None
    assert evidence.candidates == 3
    judged = fused_rows(evidence).rows
    found = closed(combined(BOTH))
    scores: dict[str, dict[str, float]] = {}
    for row in judged:
        if row.statistic is not None:
            scores.setdefault(row.suspect, {})[row.candidate or ""] = row.statistic
    guilty = {row.suspect for row in judged if row.truth == "guilty"}
    right = sum(
        next(
            row.truth
            for row in judged
            if (row.suspect, row.candidate) == (name, max(its, key=its.__getitem__))
        )
        == "guilty"
        for name, its in scores.items()
        if name in guilty
    )
    # Who learned from two teachers is related to every student, and nobody can judge it.
    assert (found.ranked[0].right.count, found.ranked[0].right.n) == (right, 12)
    assert right > 8
    strata = {row.stratum: row.suspects for row in found.passing}
    assert sum(share.n for name, share in strata.items() if name != "any stratum") == strata["any stratum"].n
    assert strata["any stratum"] == found.compared[0].passing


def test_students_of_a_sibling_are_counted_where_they_are_taken_for_students() -> None:
    """Scores that tell every student from innocents, and not which of two siblings taught it."""
    alike = [
        replace(row, statistic=row.statistic + 6.0)
        if row.stratum == "sibling-student" and row.part.value == "student" and row.statistic is not None
        else row
        for row in BOTH
    ]
    astray = {row.stratum: row.pairs for row in closed(combined(alike)).astray}
    assert astray["sibling-student"].n == 8
    assert astray["sibling-student"].count >= 6
    plain = {row.stratum: row.pairs for row in closed(combined(BOTH)).astray}
    assert plain["any stratum"].n == sum(share.n for name, share in plain.items() if name != "any stratum")
    assert plain["sibling-student"].count <= 2


def test_ratios_are_clamped_by_those_whom_no_tie_leaves_out() -> None:
    strong = [replace(row, statistic=row.statistic + 30.0) if row.truth == "guilty" else row
              for row in BOTH if row.statistic is not None]  # fmt: skip
    found = closed(combined(strong))
    assert found.strength.cost is not None
    assert found.strength.cost < 0.2
    assert found.fusion is not None
    assert found.fusion.calibration.most <= math.log(40)
    assert found.fusion.calibration.least >= -math.log(13)
    assert all(one.foretold < 1 for one in found.strength.bins)


def test_missing_scores_leave_a_suspect_out_or_in() -> None:
    silent = [
        replace(row, statistic=None) if row.suspect in ("text-0", "plain-0") else row for row in FIRST
    ]  # fmt: skip
    half = closed(combined([*silent, *SECOND]))
    assert half.strength.left == 1
    none = closed(combined(silent))
    assert none.strength.left == 3
    assert (none.guilty, none.innocent) == (12, 39)


def test_another_population_is_judged_by_the_first_ones_fit() -> None:
    other = [*under(LINEAGE_PROBE, rows(KNOWN, 8, 3.0), "reference_likelihood"),
             *under(SECOND_PROBE, rows(KNOWN, 9, 3.0))]  # fmt: skip
    own, held_out = closed(combined(BOTH)), closed(combined(other, BOTH))
    assert held_out.fusion == own.fusion
    assert held_out.strength.left == 0
    assert held_out.strength.cost is not None
    assert own.fusion is not None
    evidence = evidence_of(other, Kind.CAUSAL_LM, Scenario.CLOSED)
    assert evidence is not None
    known = evidence.known
    ratios = own.fusion.log_ratios(known.scores)
    largest = np.array([ratios[known.suspects == place].max() for place in range(len(known.guilty))])
    assert held_out.strength.cost == pytest.approx(cllr(largest, known.guilty))
    # A method that the first population did not try counts for nothing.
    further = closed(combined([*other, *NOISE], BOTH))
    assert further.strength.cost == pytest.approx(held_out.strength.cost)


def test_the_tables_stand_first_and_json_holds_the_figures() -> None:
    counted = figures(BOTH)
    json.dumps(encode(counted.combined), allow_nan=False)
    titles = [one.title for one in every_sheet(counted, counted)]
    assert titles[0] == "all methods combined (distilled from, closed scans): beside each method alone"
    assert len(titles) == len(set(titles))
    assert any("no-same-data scans" in title for title in titles)
    beside = every_sheet(counted, counted)[0]
    assert "Cllr (held out)" in beside.head
    assert combined(BOTH) == combined(BOTH)
