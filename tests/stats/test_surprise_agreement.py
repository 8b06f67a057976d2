"""Agreement weighted by surprise: against hand calculation, under its null and under its effect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.array import NDArray
from auditor.stats.surprise_agreement import (
    against_rivals,
    shared_mass,
    surprise_agreement,
    surprise_excess,
)


def test_shared_mass_is_one_less_total_variation() -> None:
    first, second = {"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 0.2, "b": 0.8}
    variation = 0.5 * (0.3 + 0.5 + 0.2)
    assert shared_mass(first, second, exact=True) == pytest.approx(1 - variation)
    assert shared_mass(first, second, exact=False) == pytest.approx(1 - variation)
    assert shared_mass({"a": 1.0}, {}, exact=True) == 0


def test_words_that_are_cut_elsewhere_share_what_they_begin_with() -> None:
    assert shared_mass({"Har": 0.9}, {"Harrow": 0.5, "Hart": 0.2}, exact=False) == pytest.approx(0.7)
    assert shared_mass({"Harrow": 0.5, "Hart": 0.2}, {"Har": 0.6}, exact=False) == pytest.approx(0.6)
    assert shared_mass({"Har": 0.9}, {"Harrow": 0.5}, exact=True) == 0
    assert shared_mass({"Mil": 0.9}, {"Harrow": 0.5}, exact=False) == 0


def test_a_small_table_by_hand() -> None:
    agreements = np.array([[[1.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]], [[1.0, 1.0]]])
    panel = np.ones(4, dtype=bool)
    # Of the first model: the three others all agree at the first position, one at the second.
    expected = np.array([3.5 / 4, 1.5 / 4])
    weight = -np.log(expected)
    excess = np.array([1.0, 0.0]) - expected
    score = (weight * excess).sum() / np.sqrt((weight**2 * expected * (1 - expected)).sum())
    assert surprise_agreement(agreements, panel)[0, 0] == pytest.approx(score)
    assert surprise_excess(agreements, panel)[0] == pytest.approx(weight * excess / weight.sum())


def test_what_everybody_says_carries_next_to_nothing() -> None:
    agreements = np.full((21, 1, 200), 0.97)
    agreements[0] = 1.0
    common = surprise_excess(agreements, np.ones(21, dtype=bool)).sum()
    agreements[1:] = 0.03
    rare = surprise_excess(agreements, np.ones(21, dtype=bool)).sum()
    assert rare > 15 * common


def test_outsiders_stand_in_the_place_of_the_model_in_question() -> None:
    rng = np.random.default_rng(0)
    agreements = rng.random((8, 2, 30))
    panel = np.array([True] * 6 + [False] * 2)
    agreements[7] = agreements[0]
    scores = surprise_agreement(agreements, panel)
    assert scores[7] == pytest.approx(scores[0])
    assert against_rivals(scores)[:, 0] == pytest.approx(scores[:, 0] - scores[:, 1])
    assert against_rivals(scores[:, :1]) is not None
    assert np.array_equal(against_rivals(scores[:, :1]), scores[:, :1])


@pytest.mark.parametrize("panel", [[True] * 3 + [False] * 3, [False] + [True] * 5])
def test_a_panel_needs_members(panel: list[bool]) -> None:
    with pytest.raises(ValueError, match="three others"):
        surprise_agreement(np.zeros((6, 1, 4)), np.array(panel))


def _ranks(rng: np.random.Generator, trials: int, effect: float) -> NDArray[np.float64]:
    """p-values of the largest score among 19 controls; models differ in ability, positions in difficulty."""
    found = []
    for _ in range(trials):
        ability = rng.normal(0, 1, (20, 1, 1))
        ease = rng.normal(-1, 1.5, (1, 3, 60))
        chance = 1 / (1 + np.exp(-(ability + ease)))
        chance[0, 1] += effect * (1 - chance[0, 1])
        agreements = (rng.random(chance.shape) < chance).astype(float)
        family = against_rivals(surprise_agreement(agreements, np.ones(20, dtype=bool))).max(axis=1)
        found.append((1 + np.count_nonzero(family[1:] >= family[0])) / 20)
    return np.array(found)


def test_the_rank_is_uniform_under_the_null() -> None:
    found = _ranks(np.random.default_rng(1), 600, 0.0)
    for level in (0.05, 0.1, 0.25, 0.5):
        least, most = stats.binom.ppf([0.0005, 0.9995], 600, level)
        assert least <= np.count_nonzero(found <= level) <= most


def test_a_student_is_found() -> None:
    assert (_ranks(np.random.default_rng(2), 100, 0.5) <= 0.05).mean() > 0.9
