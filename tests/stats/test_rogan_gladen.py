from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from auditor.error import AuditorError
from auditor.stats.rogan_gladen import CorrectedRate, ErrorRates, difference_of, error_rates, rogan_gladen

MANY = 1e12


def rates(sensitivity: float, specificity: float, n: float = MANY) -> ErrorRates:
    return ErrorRates(sensitivity=sensitivity, positives=n, specificity=specificity, negatives=n)


@given(st.integers(0, 200), st.integers(200, 400))
def test_a_test_without_errors_gives_agresti_and_coull(called: int, n: int) -> None:
    found = rogan_gladen(called, n, rates(1.0, 1.0))
    assert found is not None
    low, high = proportion_confint(called, n, method="agresti_coull")
    assert found.estimate == pytest.approx(called / n)
    assert found.low == pytest.approx(max(0.0, low), abs=1e-9)
    assert found.high == pytest.approx(min(1.0, high), abs=1e-9)


def test_known_errors_are_taken_out() -> None:
    # Of 1,000 with 300 true cases, Se 0.8 and Sp 0.9 call 0.8 * 300 + 0.1 * 700 = 310.
    found = rogan_gladen(310, 1000, rates(0.8, 0.9))
    assert found is not None
    assert found.estimate == pytest.approx(0.3, abs=1e-12)
    assert found.low < 0.3 < found.high


def test_the_interval_by_hand() -> None:
    """Lang and Reiczigel's formula, term by term: 60 of 200, Se 45/50, Sp 76/80."""
    z = 1.959963984540054
    ap, n = (60 + z**2 / 2) / (200 + z**2), 200 + z**2
    se, sp = 46 / 52, 77 / 82
    p = (ap + sp - 1) / (se + sp - 1)
    shift = 2 * z**2 * (p * se * (1 - se) / 52 - (1 - p) * sp * (1 - sp) / 82)
    variance = ap * (1 - ap) / n + p**2 * se * (1 - se) / 52 + (1 - p) ** 2 * sp * (1 - sp) / 82
    half = z * variance**0.5 / (se + sp - 1)
    found = rogan_gladen(60, 200, ErrorRates(sensitivity=0.9, positives=50, specificity=0.95, negatives=80))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((p + shift - half, p + shift + half))


def test_few_cases_behind_the_errors_widen_the_interval() -> None:
    widths = []
    for n in (1e6, 200.0, 20.0):
        found = rogan_gladen(60, 200, rates(0.9, 0.95, n))
        assert found is not None
        widths.append(found.high - found.low)
    assert widths == sorted(widths)
    assert widths[-1] > 1.5 * widths[0]


def test_never_wrong_in_ten_cases_is_no_certainty() -> None:
    certain, few = rogan_gladen(0, 100, rates(1.0, 1.0)), rogan_gladen(0, 100, rates(1.0, 1.0, 10))
    assert certain is not None
    assert few is not None
    assert few.estimate == 0.0
    assert few.high > certain.high


@pytest.mark.parametrize("pair", [(0.5, 0.5), (0.3, 0.6), (0.0, 1.0)])
def test_no_better_than_guessing_says_nothing(pair: tuple[float, float]) -> None:
    assert rogan_gladen(50, 100, rates(*pair)) is None


@pytest.mark.parametrize("counts", [(-1, 10), (11, 10), (0, 0)])
def test_impossible_counts(counts: tuple[int, int]) -> None:
    with pytest.raises(AuditorError, match="impossible"):
        rogan_gladen(*counts, rates(0.9, 0.9))


@pytest.mark.parametrize(
    ("true", "sensitivity", "specificity", "cases"),
    [(0.1, 0.9, 0.95, 50), (0.5, 0.8, 0.9, 50), (0.8, 0.6, 0.98, 100), (0.02, 0.9, 0.98, 100)],
)
def test_the_interval_covers(true: float, sensitivity: float, specificity: float, cases: int) -> None:
    generator = np.random.default_rng(5)
    held, n, repeats = 0, 200, 1500
    called = generator.binomial(n, true * sensitivity + (1 - true) * (1 - specificity), repeats)
    right, clear = (
        generator.binomial(cases, sensitivity, repeats),
        generator.binomial(cases, specificity, repeats),
    )
    for k in range(repeats):
        errors = ErrorRates(
            sensitivity=right[k] / cases, positives=cases, specificity=clear[k] / cases, negatives=cases
        )
        found = rogan_gladen(int(called[k]), n, errors)
        held += found is not None and found.low <= true <= found.high
    assert 0.935 <= held / repeats <= 0.995


def test_weights_undo_an_unequal_draw() -> None:
    """Of 100 called and 900 not called cases, half of the former and a tenth of the latter are known."""
    truth = np.array([1.0] * 40 + [0.0] * 10 + [1.0] * 9 + [0.0] * 81)
    called = np.array([1.0] * 50 + [0.0] * 90)
    weights = np.array([2.0] * 50 + [10.0] * 90)
    found = error_rates(truth, called, weights)
    assert found.sensitivity == pytest.approx(80 / 170)
    assert found.specificity == pytest.approx(810 / 830)
    assert found.positives == pytest.approx(170**2 / (40 * 4 + 9 * 100))
    corrected = rogan_gladen(100, 1000, found)
    assert corrected is not None
    assert corrected.estimate == pytest.approx(0.17)


def test_weights_and_lengths_are_checked() -> None:
    ones = np.ones(3)
    with pytest.raises(AuditorError, match="length"):
        error_rates(ones, np.ones(2), ones)
    with pytest.raises(AuditorError, match="positive"):
        error_rates(ones, ones, np.zeros(3))


def test_a_difference_takes_the_nearer_limits_of_both() -> None:
    first = CorrectedRate(estimate=0.8, low=0.7, high=0.9)
    second = CorrectedRate(estimate=0.5, low=0.3, high=0.6)
    assert difference_of(first, second) == pytest.approx((0.3, 0.3 - 0.02**0.5, 0.3 + 0.05**0.5))
