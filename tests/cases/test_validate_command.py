"""The small population, built and audited as a user does it: what must hold on models of known ancestry."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from commandline import auditor
from scipy import stats

COMMAND = "auditor validate --preset small --out validation"
pytestmark = pytest.mark.timeout(2400)


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the command wrote about the population."""
    folder = tmp_path_factory.mktemp("validated")
    done = auditor(*shlex.split(COMMAND)[1:], cwd=folder, timeout=2300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for name in ("validation.html", "validation.md", "calibration.json", "population/register.json"):
        assert (folder / "validation" / name).is_file(), name
    found: dict[str, Any] = json.loads((folder / "validation" / "validation.json").read_text())
    return dict(found["population"])


def rows(population: dict[str, Any], method: str, **wanted: str) -> list[dict[str, Any]]:
    return [
        row
        for row in population["rows"]
        if row["method"] == method and all(row[key] == value for key, value in wanted.items())
    ]


def test_every_suspect_was_tried_by_every_method(population: dict[str, Any]) -> None:
    suspects = {row["suspect"] for row in population["rows"]}
    assert len(suspects) >= 70
    for method in ("weight_alignment", "reference_likelihood", "refusal_retention", "twin_gap"):
        assert {row["suspect"] for row in rows(population, method)} == suspects
    assert population["figures"]["failed"] == []


def test_copied_weights_are_found_and_nobody_else_is_accused(population: dict[str, Any]) -> None:
    found = {
        truth: [row["outcome"] for row in rows(population, "weight_alignment", truth=truth)]
        for truth in ("guilty", "innocent")
    }
    assert len(found["guilty"]) >= 4
    assert set(found["guilty"]) == {"supports"}
    assert len(found["innocent"]) > 200
    assert "supports" not in found["innocent"]


@pytest.mark.parametrize("scenario", ["closed", "shuffled"])
def test_innocents_are_accused_no_more_often_than_promised(population: dict[str, Any], scenario: str) -> None:
    """With controls of their own stratum, at the level of the test."""
    innocents = rows(population, "reference_likelihood", scenario=scenario, part="innocent")
    suspects = {row["suspect"] for row in innocents}
    accused = {row["suspect"] for row in innocents if row["untrue"]}
    assert len(suspects) >= 55
    assert len(accused) <= stats.binom.ppf(0.999, len(suspects), 0.05)


def test_without_controls_on_the_same_data_the_words_stay_true(population: dict[str, Any]) -> None:
    """Who learned from a teacher's data is then taken for a student, but only in words that leave it open."""
    innocents = rows(population, "reference_likelihood", scenario="no-same-data", part="innocent")
    same_data = [row for row in innocents if row["stratum"] == "same-data"]
    named = [row for row in same_data if row["outcome"] == "supports"]
    assert named
    assert not any(row["untrue"] for row in same_data)


def test_where_the_teacher_is_no_candidate_nobody_else_is_named_for_certain(
    population: dict[str, Any],
) -> None:
    """A sibling of the true teacher may be pointed to, in words that leave the true one open."""
    scans = rows(population, "reference_likelihood", scenario="open")
    suspects = {row["suspect"] for row in scans}
    assert len(suspects) >= 15
    wrongly = {row["suspect"] for row in scans if row["untrue"]}
    assert len(wrongly) <= stats.binom.ppf(0.999, len(suspects), 0.05)
    siblings = [row for row in scans if row["stratum"] == "sibling-student"]
    assert siblings
    assert not any(row["answer"] == "distilled from this teacher" for row in siblings)


def test_students_of_a_teacher_without_siblings_lead_all_but_same_data_innocents(
    population: dict[str, Any],
) -> None:
    closed = rows(population, "reference_likelihood", scenario="closed")
    students = [
        row["statistic"] for row in closed if row["candidate"] == "teacher-2" and row["truth"] == "guilty"
    ]
    innocents = {
        row["suspect"]: row["statistic"]
        for row in closed
        if row["part"] == "innocent" and not row["suspect"].startswith("same-data")
    }
    assert len(students) >= 5
    leading = [student > score for student in students for score in innocents.values() if score is not None]
    assert sum(leading) / len(leading) > 0.9


def test_who_learned_from_a_log_is_found_and_nobody_else(population: dict[str, Any]) -> None:
    scans = rows(population, "served_outputs")
    guilty = [row for row in scans if row["truth"] == "guilty"]
    innocent = [row for row in scans if row["truth"] == "innocent"]
    assert len({row["mechanism"] for row in guilty}) >= 4
    # With 200 prompts one of four may fall short; which one depends on the machine that trained them.
    assert sum(row["outcome"] == "supports" for row in guilty) >= len(guilty) - 1
    assert all(row["p_value"] < 0.1 for row in guilty)
    strata = {row["stratum"] for row in innocent}
    assert {"same-data", "same-base", "unrelated", "student of other answers"} <= strata
    accused = [row for row in innocent if row["outcome"] == "supports"]
    assert len(accused) <= stats.binom.ppf(0.999, len(innocent), 0.01)


def test_residuals_lead_to_the_teacher_in_words_that_are_true(population: dict[str, Any]) -> None:
    closed = rows(population, "surprisal_residuals", scenario="closed")
    guilty = {row["suspect"] for row in closed if row["truth"] == "guilty"}
    answered = {
        row["suspect"]
        for row in closed
        if row["truth"] == "guilty" and row["answer"] not in ("no evidence", "undecided")
    }
    assert len(answered) >= len(guilty) / 2
    innocents = {row["suspect"] for row in closed if row["part"] == "innocent"}
    wrongly = {row["suspect"] for row in closed if row["part"] == "innocent" and row["untrue"]}
    assert len(wrongly) <= stats.binom.ppf(0.999, len(innocents), 0.05)
    # Without controls on the teachers' data, whoever has them may be named, but in words that leave it open.
    open_data = rows(population, "surprisal_residuals", scenario="no-same-data", part="innocent")
    assert not any(row["untrue"] for row in open_data if row["stratum"] == "same-data")


@pytest.mark.parametrize("method", ["token_agreement", "shared_errors"])
def test_next_tokens_and_errors_lead_to_the_teacher_and_accuse_no_more_than_promised(
    population: dict[str, Any], method: str
) -> None:
    """Better than by chance, which finds one student in twenty."""
    closed = rows(population, method, scenario="closed")
    guilty = {row["suspect"] for row in closed if row["truth"] == "guilty"}
    found = {
        row["suspect"]
        for row in closed
        if row["truth"] == "guilty"
        and (row["outcome"] == "supports" or row["answer"].startswith("from this teacher or"))
    }
    assert len(found) > stats.binom.ppf(0.95, len(guilty), 0.05)
    for scenario in ("closed", "shuffled"):
        innocents = rows(population, method, scenario=scenario, part="innocent")
        wrongly = {row["suspect"] for row in innocents if row["untrue"]}
        suspects = {row["suspect"] for row in innocents}
        assert len(suspects) >= 55
        assert len(wrongly) <= stats.binom.ppf(0.999, len(suspects), 0.05)
    # Without controls on the teachers' data, whoever has them may be named, but in words that leave it open.
    open_data = rows(population, method, scenario="no-same-data", part="innocent")
    assert not any(row["untrue"] for row in open_data if row["stratum"] == "same-data")


def test_errors_tell_a_student_from_whoever_has_the_same_data(population: dict[str, Any]) -> None:
    """Likeness of any other kind names most of them where no control has these data."""
    open_data = rows(population, "shared_errors", scenario="no-same-data", part="innocent")
    named = {
        row["suspect"] for row in open_data if row["stratum"] == "same-data" and row["outcome"] == "supports"
    }
    assert len(named) <= 4


@pytest.mark.parametrize(
    ("method", "claim", "suspect"),
    [
        ("refusal_retention", "safety_loss", "refusals-lost-1"),
        ("refusal_retention", "over_refusal", "over-refusing-1"),
        ("twin_gap", "benchmark_overfit", "benchmark-gold-1"),
    ],
)
def test_what_was_built_in_is_found(
    population: dict[str, Any], method: str, claim: str, suspect: str
) -> None:
    found = rows(population, method, claim=claim, suspect=suspect)
    assert any(row["outcome"] == "supports" for row in found)


def test_nobody_else_is_said_to_know_the_published_items(population: dict[str, Any]) -> None:
    others = [row for row in rows(population, "twin_gap") if not row["traits"]]
    accused = [row for row in others if row["outcome"] == "supports"]
    assert len(accused) <= stats.binom.ppf(0.999, len(others), 0.01)


def test_all_methods_together_lead_to_the_teacher_and_seldom_to_an_innocent(
    population: dict[str, Any],
) -> None:
    """Weights cannot be fitted well on three teachers in two families: it beats the worst, not the best."""
    closed, _ = population["figures"]["combined"]
    whole, *alone = closed["compared"]
    costs = [row["cost"] for row in alone if row["cost"] is not None]
    assert len(costs) >= 2
    assert whole["cost"] < max(costs)
    right = closed["ranked"][0]["right"]
    assert right["count"] > right["n"] / 2
    # More than weak support for a claim that is not true: seldom, if ratios mean what they say.
    wrongly = sum(
        innocent
        for said, _, innocent in closed["strength"]["words"]
        if said.endswith("for the claim") and not said.startswith("weak")
    )
    assert wrongly <= stats.binom.ppf(0.999, closed["strength"]["innocent"], 0.1)
