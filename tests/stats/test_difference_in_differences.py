"""One gap among gaps: its size under the null with few references, its power, and its closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.difference_in_differences import difference_in_differences, planned_difference


def gaps(rng: np.random.Generator, models: int, items: int, spread: float, effect: float = 0.0) -> np.ndarray:
    """Scores on published items less mean scores on two twins; items are sorted, say, and easier for all."""
    ability = rng.beta(2, 2, items)
    easier = rng.normal(0.03, 0.08, items)
    own = rng.normal(0.0, spread, models)
    own[0] += effect
    public = rng.random((models, items)) < np.clip(ability + easier + own[:, None], 0, 1)
    twins = rng.random((models, 2, items)) < ability
    return public - twins.mean(axis=1)


@pytest.mark.parametrize("references", [3, 5, 12])
@pytest.mark.parametrize("spread", [0.0, 0.05])
def test_size_holds_with_few_references_where_models_differ(references: int, spread: float) -> None:
    """Where a bootstrap over items and references would accuse up to one innocent model in eight."""
    rng = np.random.default_rng([references, int(100 * spread)])
    found = [gaps(rng, references + 1, 200, spread) for _ in range(2000)]
    p_values = np.array([difference_in_differences(one[0], one[1:]).p_value for one in found])
    for level in (0.01, 0.05):
        assert np.mean(p_values <= level) <= level + 3 * np.sqrt(level * (1 - level) / 2000)


def test_power_is_what_the_planner_says() -> None:
    rng = np.random.default_rng(5)
    errors = [
        difference_in_differences(one[0], one[1:]) for one in (gaps(rng, 13, 300, 0.03) for _ in range(100))
    ]
    effect = float(np.median([one.smallest_detectable(0.01) for one in errors]))
    found = [
        difference_in_differences(one[0], one[1:]).p_value < 0.01
        for one in (gaps(rng, 13, 300, 0.03, effect) for _ in range(600))
    ]
    assert 0.72 < np.mean(found) < 0.88


@pytest.mark.parametrize(("references", "alpha"), [(3, 0.01), (5, 0.0025), (12, 0.01)])
def test_the_planner_says_what_is_found_where_chance_alone_sets_models_apart(
    references: int, alpha: float
) -> None:
    rng = np.random.default_rng([references, 9])
    items, spread = 100, 0.7
    effect = planned_difference(references, items, spread, alpha)
    found = 0
    for _ in range(2000):
        one = rng.normal(0.0, spread, (references + 1, items))
        one[0] += effect
        found += difference_in_differences(one[0], one[1:]).p_value < alpha
    assert found / 2000 == pytest.approx(0.8, abs=0.04)


def test_it_is_the_prediction_of_one_further_draw() -> None:
    references = np.array([[0.1, 0.1], [0.3, 0.3], [0.2, 0.2], [0.4, 0.4]])
    found = difference_in_differences(np.array([0.9, 0.9]), references)
    error = np.std([0.1, 0.3, 0.2, 0.4], ddof=1) * np.sqrt(1.25)
    assert found.value == pytest.approx(0.65)
    assert found.error == pytest.approx(error)
    assert found.p_value == pytest.approx(stats.t.sf(0.65 / error, 3))
    assert found.low == pytest.approx(0.65 - stats.t.isf(0.025, 3) * error)


def test_equal_references_leave_the_scatter_among_items() -> None:
    references = np.tile([0.0, 1.0, 0.0, 1.0], (3, 1))
    found = difference_in_differences(np.array([1.0, 1.0, 0.0, 1.0]), references)
    assert found.error == pytest.approx(0.25)
    nothing = difference_in_differences(np.zeros(4), np.zeros((3, 4)))
    assert (nothing.p_value, nothing.error) == (1.0, 0.0)
    assert nothing.smallest_detectable(0.01) == np.inf
    with pytest.raises(ValueError, match="3 references"):
        difference_in_differences(np.zeros(4), np.zeros((2, 4)))
