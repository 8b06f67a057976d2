from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.error import AuditorError
from auditor.stats.signal_detection import discrimination


def test_closed_form() -> None:
    seen = discrimination(69, 99, 30, 99)  # corrected rates .695 and .305: symmetric around one half
    assert seen.d_prime == pytest.approx(2 * stats.norm.ppf(0.695))
    assert seen.criterion == pytest.approx(0.0, abs=1e-12)


def test_extremes_stay_finite_and_ordered() -> None:
    perfect = discrimination(130, 130, 0, 130)
    blind = discrimination(0, 130, 0, 130)
    eager = discrimination(130, 130, 130, 130)
    assert np.isfinite([perfect.d_prime, blind.d_prime, eager.d_prime]).all()
    assert perfect.d_prime > 5
    assert blind.d_prime == pytest.approx(0.0)
    assert blind.criterion > 2
    assert eager.criterion == pytest.approx(-blind.criterion)


def test_recovers_the_truth() -> None:
    rng = np.random.default_rng(2)
    d_prime, criterion = 1.5, -0.4
    threshold = d_prime / 2 + criterion
    hits = int((rng.normal(d_prime, 1, 50_000) > threshold).sum())
    false_alarms = int((rng.normal(0, 1, 50_000) > threshold).sum())
    seen = discrimination(hits, 50_000, false_alarms, 50_000)
    assert seen.d_prime == pytest.approx(d_prime, abs=0.03)
    assert seen.criterion == pytest.approx(criterion, abs=0.03)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(AuditorError):
        discrimination(3, 2, 0, 2)
