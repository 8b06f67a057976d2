"""The swap test keeps its level whatever the features, and sees what moves their means."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import stats

from auditor.stats.exchangeable_pairs import swap_test

ALPHA = 0.05


def pairs(generator: np.random.Generator, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Skewed features that depend on each other and on the question, with heavy differences."""
    question = generator.lognormal(size=(40, 1)) * np.array([1.0, 5.0, 0.2])
    noise = generator.standard_t(2, size=(2, 40, 1)) + 0.3 * generator.normal(size=(2, 40, 3))
    return question + noise[0], question + noise[1] + shift


def test_its_size_is_its_level() -> None:
    generator = np.random.default_rng(1)
    runs = 1500
    rejected = sum(
        swap_test(*pairs(generator, 0.0), draws=199, generator=generator) <= ALPHA for _ in range(runs)
    )
    low, high = stats.binom.interval(0.999, runs, ALPHA)
    assert low <= rejected <= high


def test_a_shift_of_every_answer_is_seen() -> None:
    generator = np.random.default_rng(2)
    found = sum(
        swap_test(*pairs(generator, 4.0), draws=199, generator=generator) <= ALPHA for _ in range(100)
    )
    assert found >= 80


def test_it_agrees_with_all_assignments_of_signs() -> None:
    generator = np.random.default_rng(3)
    before, after = generator.normal(size=(2, 9, 2))
    after[:, 0] += 0.8
    units = (after - before) / np.sqrt(((after - before) ** 2).sum(axis=0))
    observed = np.abs(units.sum(axis=0)).max()
    every = [np.abs(np.array(signs) @ units).max() for signs in itertools.product((-1.0, 1.0), repeat=9)]
    exact = np.mean(np.array(every) >= observed * (1 - 1e-12))
    assert abs(swap_test(before, after, draws=20_000, generator=generator) - exact) < 0.01


def test_equal_answers_speak_against_nothing() -> None:
    same = np.arange(12.0).reshape(6, 2)
    assert swap_test(same, same, draws=99, generator=np.random.default_rng(4)) == 1.0


def test_one_pair_that_differs_cannot_reject() -> None:
    before, after = np.zeros((50, 1)), np.zeros((50, 1))
    after[7] = 1000.0
    assert swap_test(before, after, draws=99, generator=np.random.default_rng(5)) == 1.0
