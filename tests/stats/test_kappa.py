from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from auditor.error import AuditorError
from auditor.stats.kappa import YesNoTable

COUNT = st.integers(1, 400)


@given(COUNT, COUNT, COUNT, COUNT)
def test_as_two_other_libraries(a: int, b: int, c: int, d: int) -> None:
    table = YesNoTable(a, b, c, d)
    first = [1] * (a + b) + [0] * (c + d)
    second = [1] * a + [0] * b + [1] * c + [0] * d
    assert table.kappa() == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    added = np.array([[a, b], [c, d]]) + 0.5
    theirs = cohens_kappa(added)
    low, high = table.kappa_interval()
    assert low == pytest.approx(max(-1.0, theirs.kappa_low), abs=1e-9)
    assert high == pytest.approx(min(1.0, theirs.kappa_upp), abs=1e-9)


def test_perfect_agreement_of_few_is_no_certainty() -> None:
    table = YesNoTable(5, 0, 0, 5)
    assert table.kappa() == 1.0
    low, high = table.kappa_interval()
    assert low < 0.7
    assert high == 1.0


@pytest.mark.parametrize("table", [YesNoTable(9, 0, 0, 0), YesNoTable(0, 0, 0, 4), YesNoTable(0, 0, 0, 0)])
def test_without_two_labels_there_is_no_kappa(table: YesNoTable) -> None:
    assert table.kappa() is None


@pytest.mark.parametrize("chances", [(0.45, 0.05, 0.05, 0.45), (0.18, 0.02, 0.02, 0.78)])
def test_the_interval_covers(chances: tuple[float, ...]) -> None:
    p = np.array(chances).reshape(2, 2)
    chance = float(p.sum(1) @ p.sum(0))
    true = (float(np.trace(p)) - chance) / (1 - chance)
    drawn = np.random.default_rng(3).multinomial(100, chances, size=1000)
    bounds = [YesNoTable(*map(int, row)).kappa_interval() for row in drawn]
    assert 0.92 <= np.mean([low <= true <= high for low, high in bounds]) <= 0.99


def test_what_is_impossible_is_said() -> None:
    with pytest.raises(AuditorError, match="negative"):
        YesNoTable(1, -1, 0, 0)
    with pytest.raises(AuditorError, match="between 0 and 1"):
        YesNoTable(1, 1, 1, 1).kappa_interval(1.0)
