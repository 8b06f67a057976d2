"""Agreement beyond accuracy against closed forms, and the coverage of its interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.array import NDArray
from auditor.stats.error_agreement import agreement, agreement_interval, shared_mistakes


def one_hot(chosen: list[int], options: int) -> NDArray[np.float64]:
    return np.eye(options)[np.array(chosen)]


def test_the_same_answers_agree_wholly() -> None:
    keys, options = np.array([0, 1, 2, 0]), np.full(4, 3)
    same = one_hot([0, 1, 0, 1], 3)
    assert agreement(same, same, keys, options).kappa == pytest.approx(1.0)


def test_by_hand() -> None:
    """Two of four right on each side, one of them in common; two wrong in common, once the same."""
    keys, options = np.zeros(4, dtype=np.int64), np.full(4, 3)
    first, second = one_hot([0, 0, 1, 1], 3), one_hot([0, 1, 1, 2], 3)
    found = agreement(first, second, keys, options)
    expected = 0.5 * 0.25 + 0.5 * 0.75 / 2
    assert (found.observed, found.expected) == pytest.approx((0.5, expected))
    assert found.kappa == pytest.approx((0.5 - expected) / (1 - expected))


def test_with_two_options_and_equal_halves_it_is_cohens() -> None:
    """Where both are right half the time, what chance explains is one half, as in Cohen's kappa."""
    keys, options = np.array([0, 0, 1, 1]), np.full(4, 2)
    first, second = one_hot([0, 1, 1, 0], 2), one_hot([0, 1, 0, 1], 2)
    assert agreement(first, second, keys, options).kappa == pytest.approx(0.0)


def test_probabilities_count_by_their_weight() -> None:
    keys, options = np.zeros(1, dtype=np.int64), np.full(1, 2)
    found = agreement(np.array([[0.7, 0.3]]), np.array([[0.6, 0.4]]), keys, options)
    assert found.observed == pytest.approx(0.7 * 0.6 + 0.3 * 0.4)
    assert found.kappa == pytest.approx(0.0)  # one item: accuracy explains it all


def test_two_perfect_models_have_nothing_to_disagree_on() -> None:
    keys, options = np.zeros(5, dtype=np.int64), np.full(5, 4)
    perfect = one_hot([0] * 5, 4)
    assert agreement(perfect, perfect, keys, options).kappa == 0.0


def drawn(
    rng: np.random.Generator, items: int, shared: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    keys = rng.integers(4, size=items)

    def guess() -> NDArray[np.int64]:
        wrong = (keys + rng.integers(1, 4, size=items)) % 4
        return np.where(rng.random(items) < 0.6, keys, wrong)

    first, second = guess(), guess()
    second = np.where(rng.random(items) < shared, first, second)
    return np.eye(4)[first], np.eye(4)[second], keys


@pytest.mark.parametrize("shared", [0.0, 0.4])
def test_the_interval_covers_what_is_shared(shared: float) -> None:
    """A second model that copies a share of the answers agrees by that share beyond accuracy."""
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(100):
        first, second, keys = drawn(rng, 120, shared)
        low, high = agreement_interval(first, second, keys, np.full(120, 4), rng)
        covered += low <= shared <= high
    assert covered >= stats.binom.ppf(0.001, 100, 0.93)


def test_mistakes_are_counted() -> None:
    both = np.array([True, True, True, False])
    found = shared_mistakes(both, np.array([True, False, False, True]))
    assert (found.both_wrong, found.same, found.share) == (3, 1, pytest.approx(1 / 3))
    assert shared_mistakes(both & False, both).share == 0.0


def test_items_without_options_are_refused() -> None:
    with pytest.raises(ValueError, match="two options"):
        agreement(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))
