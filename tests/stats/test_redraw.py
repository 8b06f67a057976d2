from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.stats.redraw import (
    Groups,
    centred,
    detectable_advantage,
    e_process,
    log_e_values,
    mean_interval,
    prompts_needed,
    relabelling_test,
    residuals,
    standardised,
)

BETS = (0.05, 0.2)


def groups_of(*shapes: tuple[int, int]) -> Groups:
    sizes, logged = zip(*shapes, strict=True)
    return Groups(np.array(sizes), np.array(logged))


def plain(count: int, size: int = 8) -> Groups:
    return groups_of(*[(size, 1)] * count)


def drawn(rng: np.random.Generator, groups: Groups, advantage: float = 0.0) -> np.ndarray:
    values = rng.normal(size=int(groups.sizes.sum()))
    values[groups.starts] += advantage
    return values


@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=6),
    st.integers(1, 5),
    st.floats(0.01, 1.0),
)
def test_the_mean_e_value_over_all_labellings_is_one(scores: list[float], logged: int, bet: float) -> None:
    size = len(scores)
    logged = min(logged, size)
    values = []
    for chosen in itertools.combinations(range(size), logged):
        rest = [one for one in range(size) if one not in chosen]
        table = np.array([scores[one] for one in (*chosen, *rest)])
        values.append(math.exp(log_e_values(table, groups_of((size, logged)), (bet,))[0, 0]))
    assert np.mean(values) == pytest.approx(1.0)


def test_with_one_logged_answer_the_e_value_is_the_softmax_of_its_score() -> None:
    scores = np.array([2.0, 0.5, -1.0])
    expected = 3 * np.exp(0.2 * 2.0) / np.exp(0.2 * scores).sum()
    assert np.exp(log_e_values(scores, groups_of((3, 1)), (0.2,))[0, 0]) == pytest.approx(expected)


def test_a_flat_group_bets_nothing() -> None:
    groups = groups_of((4, 1), (4, 2))
    scores = standardised(np.full(8, 3.7), groups)
    assert (scores == 0).all()
    assert np.allclose(log_e_values(scores, groups, BETS), 0.0)


def test_standardised_scores_have_mean_zero_and_deviation_one_in_every_group() -> None:
    groups = groups_of((3, 1), (5, 2), (4, 1))
    scores = standardised(np.random.default_rng(1).normal(size=12) * 7 + 3, groups)
    for start, size in zip(groups.starts, groups.sizes, strict=True):
        assert scores[start : start + size].mean() == pytest.approx(0.0, abs=1e-12)
        assert scores[start : start + size].std() == pytest.approx(1.0)


def test_residuals_are_those_of_least_squares_within_groups() -> None:
    rng = np.random.default_rng(2)
    groups = plain(50)
    references = rng.normal(size=(400, 3))
    values = (
        references @ np.array([1.0, -2.0, 0.5]) + rng.normal(size=400) + np.repeat(rng.normal(size=50), 8)
    )
    own, others = centred(values, groups), centred(references, groups)
    expected = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
    assert np.allclose(residuals(values, references, groups), expected, atol=1e-4)


def test_residuals_do_not_know_which_answers_were_logged() -> None:
    rng = np.random.default_rng(3)
    groups = plain(20, 5)
    values, references = rng.normal(size=100), rng.normal(size=(100, 2))
    order = np.concatenate([start + rng.permutation(5) for start in groups.starts])
    assert np.allclose(
        residuals(values, references, groups)[order], residuals(values[order], references[order], groups)
    )


def test_references_that_agree_sharpen_the_test() -> None:
    rng = np.random.default_rng(4)
    groups = plain(400)
    shared = rng.normal(size=3200) * 5
    values = shared + drawn(rng, groups, advantage=0.3)
    blunt = standardised(values, groups)[groups.starts].mean()
    sharp = standardised(residuals(values, shared[:, None], groups), groups)[groups.starts].mean()
    assert sharp > 0.2 > blunt + 0.1


def test_p_values_are_uniform_under_the_null() -> None:
    rng = np.random.default_rng(5)
    groups = groups_of(*[(4, 1), (6, 2), (3, 1)] * 20)
    found = []
    for _ in range(400):
        # Skewed draws with a spread of their own in every group: only exchangeability is needed.
        values = rng.exponential(size=260) * np.repeat(rng.exponential(size=60), groups.sizes)
        found.append(relabelling_test(standardised(values, groups), groups, rng, draws=199).upper_p)
    for level in (0.05, 0.25, 0.5):
        expected = level * 400
        assert abs(np.count_nonzero(np.array(found) <= level) - expected) <= 3.3 * math.sqrt(
            expected * (1 - level)
        )


def test_the_evidence_stays_small_under_the_null_and_passes_marks_as_seldom_as_promised() -> None:
    rng = np.random.default_rng(6)
    groups = plain(300, 4)
    finals, crossed = [], 0
    for _ in range(400):
        process = e_process(log_e_values(standardised(drawn(rng, groups), groups), groups, (0.05, 0.2, 0.4)))
        finals.append(math.exp(process.final))
        crossed += process.reaches(20) is not None
    assert np.mean(finals) <= 1 + 3.3 * np.std(finals) / 20
    assert crossed <= 20 + 3.3 * math.sqrt(20)


def test_planned_power_is_reached() -> None:
    rng = np.random.default_rng(7)
    count = prompts_needed(0.2, 0.01)
    groups = plain(count)
    assert detectable_advantage(count, 8, 0.01) == pytest.approx(0.2, rel=0.01)
    found = 0
    for _ in range(200):
        # The mean of eight answers rises with one of them, which is what scores are measured from.
        scores = standardised(drawn(rng, groups, 0.2 * 8 / 7), groups)
        found += relabelling_test(scores, groups, rng, draws=499).upper_p <= 0.01
    assert abs(found / 200 - 0.8) <= 0.1


def test_a_design_without_prompts_or_contrast_finds_nothing() -> None:
    assert detectable_advantage(0, 8, 0.01) == math.inf
    assert detectable_advantage(5, 2, 0.01) == math.inf


def test_faint_effects_add_up_to_evidence() -> None:
    rng = np.random.default_rng(8)
    groups = plain(3000)
    process = e_process(
        log_e_values(standardised(drawn(rng, groups, 0.12), groups), groups, (0.02, 0.05, 0.1))
    )
    assert process.largest > math.log(100)
    reached = process.reaches(100)
    assert reached is not None
    assert process.log_e[reached - 1] >= math.log(100) > max(process.log_e[: reached - 1])


def test_the_interval_covers_the_mean_advantage() -> None:
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(150):
        groups = plain(120, 6)
        scores = rng.normal(size=720)
        scores[groups.starts] += 0.25
        low, high = mean_interval(scores, groups, rng, draws=300)
        covered += low <= 0.25 <= high
    assert abs(covered / 150 - 0.95) <= 0.06


def test_empty_data_are_no_evidence() -> None:
    empty = Groups(np.zeros(0, np.int64), np.zeros(0, np.int64))
    process = e_process(log_e_values(np.zeros(0), empty, BETS))
    assert (process.final, process.largest, process.reaches(2.0)) == (0.0, 0.0, None)
    assert standardised(np.zeros(0), empty).size == 0


def test_every_subset_is_drawn_equally_often() -> None:
    # Sums of powers of two name the subset.
    table = np.array([1.0, 2.0, 4.0, 8.0])
    rng = np.random.default_rng(10)
    groups = groups_of((4, 2))
    found = [relabelling_test(np.roll(table, turn), groups, rng, draws=3999).upper_p for turn in range(4)]
    sums = [3.0, 9.0, 12.0, 6.0]
    possible = [3.0, 5.0, 9.0, 6.0, 10.0, 12.0]
    for p_value, observed in zip(found, sums, strict=True):
        assert p_value == pytest.approx(np.mean([one >= observed for one in possible]), abs=0.03)
