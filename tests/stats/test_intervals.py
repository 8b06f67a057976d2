from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from auditor.error import AuditorError
from auditor.stats.intervals import clopper_pearson, wilson


@pytest.mark.parametrize(
    ("k", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (81, 263), (15, 148), (0, 1), (399, 400)]
)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_agree_with_statsmodels(k: int, n: int, level: float) -> None:
    assert wilson(k, n, level) == pytest.approx(proportion_confint(k, n, 1 - level, "wilson"), abs=1e-12)
    assert clopper_pearson(k, n, level) == pytest.approx(
        proportion_confint(k, n, 1 - level, "beta"), abs=1e-12
    )


def test_wilson_published_example() -> None:
    # Newcombe 1998, Stat. Med. 17, 857, table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_nothing_seen_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n", "level"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_impossible_counts_are_refused(k: int, n: int, level: float) -> None:
    for interval in (wilson, clopper_pearson):
        with pytest.raises(AuditorError):
            interval(k, n, level)


def test_coverage() -> None:
    n = 50
    counts = np.arange(n + 1)
    ends = {kind: np.array([kind(int(k), n) for k in counts]) for kind in (wilson, clopper_pearson)}
    shares = np.linspace(0.02, 0.98, 97)
    covered = {
        kind: np.array(
            [stats.binom.pmf(counts, n, p)[(both[:, 0] <= p) & (p <= both[:, 1])].sum() for p in shares]
        )
        for kind, both in ends.items()
    }
    assert covered[clopper_pearson].min() >= 0.95
    assert covered[wilson].mean() == pytest.approx(0.95, abs=0.01)
    assert covered[wilson].min() > 0.9
