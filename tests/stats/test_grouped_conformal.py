"""Ranks over lineages: closed forms, agreement with the plain rank, and the level under the null."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.stats.conformal import conformal_test, critical_value
from auditor.stats.grouped_conformal import grouped_prediction_p, grouped_rank, grouped_threshold

VALUES = st.lists(
    st.tuples(st.integers(-5, 5).map(float), st.sampled_from("abcdefgh")), min_size=1, max_size=30
)


def test_every_lineage_counts_once_by_the_share_of_its_models() -> None:
    rank = grouped_rank(2.0, [3.0, 1.0, 1.0, 1.0, 2.0], ["a", "a", "a", "a", "b"])
    assert (rank.groups, rank.models) == (2, 5)
    assert rank.reached == pytest.approx(1.25)
    assert rank.p_value == pytest.approx(2.25 / 3)
    assert rank.smallest == pytest.approx(1 / 3)


@given(VALUES, st.integers(-6, 6).map(float))
def test_lineages_of_one_model_give_the_plain_rank(values: list[tuple[float, str]], score: float) -> None:
    plain = [value for value, _ in values]
    alone = [str(place) for place in range(len(plain))]
    assert grouped_rank(score, plain, alone).p_value == pytest.approx(
        conformal_test(score, {"all": plain}).p_value
    )
    assert grouped_threshold(plain, alone, 0.2) == critical_value(plain, 0.2)


@given(VALUES, st.integers(-6, 6).map(float), st.sampled_from([0.05, 0.1, 0.25, 0.4]))
def test_the_threshold_is_where_the_p_value_meets_the_level(
    values: list[tuple[float, str]], score: float, alpha: float
) -> None:
    numbers, groups = [value for value, _ in values], [group for _, group in values]
    stands_out = grouped_rank(score, numbers, groups).p_value <= alpha * (1 + 1e-9)
    assert stands_out == (score > grouped_threshold(numbers, groups, alpha))


def test_no_score_suffices_with_too_few_lineages() -> None:
    assert grouped_threshold([1.0] * 50, ["a"] * 50, 0.05) == math.inf


def test_the_level_holds_for_unequal_lineages_with_models_that_resemble_each_other() -> None:
    rng = np.random.default_rng(5)
    sizes = [1] * 10 + [2] * 5 + [15] * 4
    groups = [str(number) for number, size in enumerate(sizes) for _ in range(size)]
    ps = []
    for _ in range(2000):
        values = np.repeat(rng.normal(size=len(sizes)), sizes) + 0.4 * rng.normal(size=len(groups))
        ps.append(grouped_rank(rng.normal() + 0.4 * rng.normal(), values.tolist(), groups).p_value)
    for alpha in (0.05, 0.1, 0.2, 0.5):
        rate = float(np.mean(np.array(ps) <= alpha))
        assert rate <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / len(ps)), alpha
    # Taking models for replicates instead does not keep the level: that is why lineages are ranked.
    assert np.mean(np.array(ps) <= 0.2) > 0.1


def test_the_companion_takes_the_largest_of_every_lineage() -> None:
    values, groups = [0.0, 1.0, 0.5, 2.0, 1.5], ["a", "a", "b", "c", "c"]
    alone = grouped_prediction_p(4.0, [1.0, 0.5, 2.0], ["a", "b", "c"])
    assert grouped_prediction_p(4.0, values, groups) == alone
    assert grouped_prediction_p(4.0, [1.0, 2.0], ["a", "b"]) is None


@pytest.mark.parametrize(
    ("score", "values", "groups"),
    [(math.nan, [1.0], ["a"]), (1.0, [math.nan], ["a"]), (1.0, [1.0], ["a", "b"])],
)
def test_what_is_no_rank_is_refused(score: float, values: list[float], groups: list[str]) -> None:
    with pytest.raises(ValueError, match=r"number|lineage"):
        grouped_rank(score, values, groups)
