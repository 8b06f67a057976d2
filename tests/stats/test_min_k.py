"""Min-K%++: its closed form, the definition of its authors, and what it is worth beside references."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auditor.stats.difference_in_differences import difference_in_differences
from auditor.stats.min_k import min_k_plus_plus


def test_two_tokens_in_closed_form() -> None:
    """A coin of bias .8: the likely side stands half a deviation up, the other one two down."""
    sure, rare = math.log(0.8), math.log(0.2)
    mean, deviation = 0.8 * sure + 0.2 * rare, math.sqrt(0.16) * math.log(4)
    values = np.array([sure, rare])
    both = min_k_plus_plus(values, np.full(2, mean), np.full(2, deviation), 1.0)
    assert both == pytest.approx((0.5 - 2.0) / 2)
    assert min_k_plus_plus(values, np.full(2, mean), np.full(2, deviation), 0.5) == pytest.approx(-2.0)


def by_definition(logits: np.ndarray, tokens: np.ndarray, share: float) -> float:
    """As its authors have it: probabilities, their logarithms, moments, and the mean of the lowest."""
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    logs = np.log(probabilities)
    mean = (probabilities * logs).sum(axis=1)
    variance = (probabilities * logs**2).sum(axis=1) - mean**2
    standing = (logs[np.arange(len(tokens)), tokens] - mean) / np.sqrt(variance)
    return float(np.mean(np.sort(standing)[: int(len(tokens) * share)]))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 1.0])
def test_it_agrees_with_the_authors_definition(share: float) -> None:
    rng = np.random.default_rng(int(100 * share))
    logits, tokens = rng.normal(0, 2, (50, 30)), rng.integers(30, size=50)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    mean = (np.exp(logs) * logs).sum(axis=1)
    deviation = np.sqrt((np.exp(logs) * (logs - mean[:, None]) ** 2).sum(axis=1))
    found = min_k_plus_plus(logs[np.arange(50), tokens], mean, deviation, share)
    assert found == pytest.approx(by_definition(logits, tokens, share))


def test_borders() -> None:
    assert math.isnan(min_k_plus_plus(np.zeros(0), np.zeros(0), np.zeros(0), 0.2))
    one = np.array([-1.0])
    assert min_k_plus_plus(one, one, np.zeros(1), 0.2) == 0.0
    assert min_k_plus_plus(one, np.zeros(1), np.zeros(1), 0.2) == -math.inf
    assert min_k_plus_plus(one, np.zeros(1), np.array([1e-6]), 0.2, floor=-20.0) == -20.0


ITEMS, TOKENS, REFERENCES = 60, 16, 5


def gaps(rng: np.random.Generator, learned: float = 0.0) -> np.ndarray:
    """Gaps of a suspect and references: models differ, and published text is easier for all."""
    likely = rng.gumbel(-2.0, 1.5, (2, ITEMS, TOKENS))
    likely[0] += 0.1
    models = 1 + REFERENCES
    own = rng.normal(0.0, 0.1, (models, 1, 1, 1)) * np.array([1.0, 0.0])[None, :, None, None]
    values = likely[None] + own + rng.normal(0.0, 0.7, (models, 2, ITEMS, TOKENS))
    values[0, 0] += learned
    lowest = np.sort(values, axis=-1)[..., : int(0.2 * TOKENS)].mean(axis=-1)
    found: np.ndarray = lowest[:, 0] - lowest[:, 1]
    return found


def p_value(rng: np.random.Generator, learned: float = 0.0) -> float:
    one = gaps(rng, learned)
    return difference_in_differences(one[0], one[1:]).p_value


def test_size_and_power_beside_references() -> None:
    rng = np.random.default_rng(7)
    innocent = np.array([p_value(rng) for _ in range(2000)])
    for level in (0.0025, 0.01, 0.05):
        assert np.mean(innocent <= level) <= level + 3 * math.sqrt(level * (1 - level) / 2000)
    # The planner's word for it, with the scatter that these models have.
    example = gaps(rng)
    found = difference_in_differences(example[0], example[1:])
    errors = [difference_in_differences(one[0], one[1:]).error for one in (gaps(rng) for _ in range(200))]
    scale = float(np.sqrt(np.mean(np.square(errors)))) / found.error
    effect = found.smallest_detectable(0.01) * scale
    power = np.mean([p_value(rng, effect) <= 0.01 for _ in range(2000)])
    assert power == pytest.approx(0.8, abs=0.05)
