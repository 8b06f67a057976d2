"""Partial agreement against regression; crossed ranks under the null and under the effect."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from auditor.stats.agreement import (
    choice_features,
    crossed_rank,
    doubt_features,
    in_spreads,
    odds_features,
    others_of,
    partial_agreement,
    similarity_features,
    standardised,
)

ROWS, COLUMNS, FEATURES = 4, 3, 60


def test_partial_agreement_is_the_correlation_of_residuals() -> None:
    rng = np.random.default_rng(1)
    behaviour = rng.normal(size=(5, 200)) + 2 * rng.normal(size=200)
    found = partial_agreement(behaviour, ridge=0.0)
    others = np.column_stack([np.ones(200), behaviour[2:].T])

    def residual(row: int) -> np.ndarray:
        coefficients, *_ = np.linalg.lstsq(others, behaviour[row], rcond=None)
        return behaviour[row] - others @ coefficients

    assert found[0, 1] == pytest.approx(np.corrcoef(residual(0), residual(1))[0, 1], abs=1e-9)
    assert found == pytest.approx(found.T)
    assert np.diag(found) == pytest.approx(np.ones(5))


def test_nobody_is_told_from_anybody_by_place() -> None:
    rng = np.random.default_rng(2)
    behaviour = rng.normal(size=(7, 90)) + rng.normal(size=90)
    order = rng.permutation(7)
    assert partial_agreement(behaviour[order]) == pytest.approx(
        partial_agreement(behaviour)[np.ix_(order, order)], abs=1e-12
    )


def test_a_model_that_always_says_the_same_agrees_with_nobody() -> None:
    behaviour = np.random.default_rng(3).normal(size=(4, 50))
    behaviour[2] = 1.0
    assert standardised(behaviour)[2] == pytest.approx(np.zeros(50))
    assert partial_agreement(behaviour)[2, [0, 1, 3]] == pytest.approx(np.zeros(3))


def families(rng: Generator, learned: float) -> np.ndarray:
    """Agreements of a suspect and controls with a teacher and twins, all with the same data."""
    data = 3 * rng.normal(size=FEATURES)
    own = rng.normal(size=(ROWS + COLUMNS, FEATURES))
    own[0] += learned * own[ROWS]
    return partial_agreement(data + own)[:ROWS, ROWS:]


def test_ranks_of_innocents_are_uniform() -> None:
    rng = np.random.default_rng(4)
    cells, draws = ROWS * COLUMNS, 1200
    ranks = [round(crossed_rank(families(rng, 0.0)).p_value * cells) for _ in range(draws)]
    counts = np.bincount(ranks, minlength=cells + 1)[1:]
    assert counts.sum() == draws
    assert stats.chisquare(counts).pvalue > 0.001


def test_students_rank_first() -> None:
    rng = np.random.default_rng(5)
    found = [crossed_rank(families(rng, 1.0)) for _ in range(100)]
    assert np.mean([one.p_value == one.smallest for one in found]) > 0.95
    assert found[0].smallest == pytest.approx(1 / 12)


def test_ties_count_against_the_claim() -> None:
    rank = crossed_rank(np.array([[1.0, 0.0], [1.0, 0.5], [0.0, 0.2]]))
    assert (rank.rows, rank.columns, rank.reached) == (3, 2, 1)
    assert rank.p_value == pytest.approx(2 / 6)
    assert others_of(np.array([[1.0, 0.0], [2.0, 0.5]])) == pytest.approx([0.0, 2.0, 0.5])


@pytest.mark.parametrize("table", [np.array([[1.0, np.nan]]), np.zeros((0, 2))])
def test_a_rank_needs_numbers(table: np.ndarray) -> None:
    with pytest.raises(ValueError, match="numbers"):
        crossed_rank(table)


def test_spreads_keep_the_order_and_are_robust() -> None:
    table = np.random.default_rng(6).normal(3, 0.2, size=(40, 25))
    scaled = in_spreads(table)
    assert np.array_equal(np.argsort(scaled, axis=None), np.argsort(table, axis=None))
    assert np.median(scaled) == pytest.approx(0, abs=1e-9)
    assert scaled.std() == pytest.approx(1, abs=0.1)
    assert in_spreads(np.ones((2, 2))) == pytest.approx(np.zeros((2, 2)))


def test_distributions_become_doubts_and_choices() -> None:
    probabilities = np.array([[0.81, 0.19], [0.36, 0.64], [0.5, 0.5]])
    assert doubt_features(probabilities, centred=False)[:2] == pytest.approx([0.9, np.sqrt(0.19)])
    assert choice_features(probabilities, centred=False) == pytest.approx([1, 0, 0, 1, 1, 0])
    odds = odds_features(np.array([[0.99, 0.0], [0.49, 0.49]]), centred=False)
    assert odds == pytest.approx([np.log(100) / 2, -np.log(100) / 2, 0, 0])
    for form in (doubt_features, choice_features, odds_features):
        assert form(probabilities, centred=True).reshape(3, 2).mean(axis=0) == pytest.approx([0, 0])


def test_similarity_does_not_know_axes_width_or_length() -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(30, 8))
    turn = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    wider = np.concatenate([vectors @ turn, np.zeros((30, 5))], axis=1)
    scaled = wider * rng.uniform(0.5, 2, size=(30, 1))
    assert similarity_features(scaled) == pytest.approx(similarity_features(vectors), abs=1e-9)
    assert similarity_features(vectors).shape == (30 * 29 // 2,)
    assert (
        abs(np.corrcoef(similarity_features(rng.normal(size=(30, 8))), similarity_features(vectors))[0, 1])
        < 0.3
    )
