from __future__ import annotations

import gc
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from auditor.error import AuditorError
from auditor.stats.multiplicity import holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_agrees_with_statsmodels(p_values: list[float]) -> None:
    with patch.object(gc, "collect"):  # it collects garbage at every call, which takes longer than all else
        expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected, abs=1e-12)


def test_nothing_to_correct() -> None:
    assert holm([]) == ()
    assert holm([0.03]) == (0.03,)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_a_number_outside_is_refused(bad: float) -> None:
    with pytest.raises(AuditorError, match="no p-value"):
        holm([0.5, bad])


def test_familywise_error_under_the_null() -> None:
    rng = np.random.default_rng(5)
    rejected = [min(holm(rng.uniform(size=12).tolist())) <= 0.05 for _ in range(4000)]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.012)
