from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from auditor.error import AuditorError
from auditor.stats.prediction_powered import (
    Powered,
    Stratum,
    allocation,
    prediction_powered_mean,
    required_labels,
)


def test_one_stratum_is_the_published_estimator() -> None:
    """PPI++ on n labelled and N others: mean(Y) + l (mean f(others) - mean f(labelled)), its l, eq. (5)."""
    generator = np.random.default_rng(1)
    judged = (generator.random(500) < 0.4).astype(float)
    true = np.where(generator.random(500) < 0.85, judged, 1 - judged)
    y, f, others = true[:60], judged[:60], judged[60:]
    n, rest = 60, 440
    tuned = np.cov(y, f)[0, 1] / ((1 + n / rest) * np.var(f, ddof=1))
    theirs = y.mean() + tuned * (others.mean() - f.mean())
    found = prediction_powered_mean(judged.mean(), [Stratum(500, y, f)])
    assert found.estimate == pytest.approx(theirs)
    assert found.trust == pytest.approx(tuned * 500 / 440)


def test_a_judge_that_says_nothing_is_not_used() -> None:
    generator = np.random.default_rng(2)
    y, f = (generator.random((2, 80)) < 0.5).astype(float)
    y -= np.cov(y, f)[0, 1] / np.var(f, ddof=1) * f
    found = prediction_powered_mean(0.9, [Stratum(400, y, f)])
    assert found.trust == pytest.approx(0.0, abs=1e-12)
    assert found.estimate == pytest.approx(y.mean())


def test_strata_of_the_judges_own_values_give_the_stratified_mean() -> None:
    """Then the weight of the judge cancels: Cochran's stratified mean with finite population factors."""
    yes = Stratum(30, np.array([1.0, 1.0, 0.0, 1.0, 1.0]), np.ones(5))
    no = Stratum(70, np.array([0.0] * 9 + [1.0]), np.zeros(10))
    found = prediction_powered_mean(0.3, [yes, no])
    assert found.estimate == pytest.approx(0.3 * 0.8 + 0.7 * 0.1)
    mean = found.estimate
    whole = (
        0.3 * (0.8 * (1 - mean) ** 2 + 0.2 * mean**2) + 0.7 * (0.1 * (1 - mean) ** 2 + 0.9 * mean**2) + 0.01
    ) / 100
    sampled = 0.09 * (1 / 5 - 1 / 30) * (0.8 + 1) / 5 + 0.49 * (1 / 10 - 1 / 70) * (0.9 + 1) / 10
    assert found.standard_error**2 == pytest.approx(whole + sampled)
    assert found.floor**2 == pytest.approx(whole)
    half = stats.t.isf(0.025, found.freedom) * found.standard_error
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half))


def test_no_error_in_few_labels_is_no_certainty() -> None:
    """0 errors of n: the interval is open by about the rule of three, and closes as n grows."""
    judged_mean, halves = 0.5, []
    for n in (10, 30, 100):
        ones = Stratum(100_000, np.ones(n), np.ones(n))
        zeros = Stratum(100_000, np.zeros(n), np.zeros(n))
        found = prediction_powered_mean(judged_mean, [ones, zeros])
        assert found.estimate == 0.5
        halves.append((found.high - found.low) / 2)
    for n, half in zip((10, 30, 100), halves, strict=True):
        assert 0.3 * 3 / n < half < 1.5 * 3 / n


def test_labels_of_everything_leave_the_spread_of_prompts_alone() -> None:
    y, f = np.array([1.0, 0.0] * 50), np.ones(100)
    found = prediction_powered_mean(1.0, [Stratum(100, y, f)])
    assert found.estimate == pytest.approx(0.5)
    assert found.standard_error == pytest.approx(found.floor) == pytest.approx(((0.25 + 0.01) / 100) ** 0.5)


def audited(
    generator: np.random.Generator, n: int, drawn: int, loss: float, right: tuple[float, float]
) -> tuple[Powered, float]:
    """A student that lost ``loss`` of the refusals of its teacher, judged rightly in these shares."""
    teacher = generator.random(n) < 0.8
    student = np.where(teacher, generator.random(n) > loss / 0.8, generator.random(n) < 0.1)
    seen_teacher = np.where(generator.random(n) < right[0], teacher, ~teacher)
    seen_student = np.where(generator.random(n) < right[1], student, ~student)
    cell = 2 * seen_teacher + seen_student
    y, f = teacher * 1.0 - student, seen_teacher * 1.0 - seen_student
    places = [np.flatnonzero(cell == k) for k in range(4) if np.any(cell == k)]
    strata = []
    for place, count in zip(places, allocation([len(one) for one in places], drawn), strict=True):
        chosen = generator.choice(place, count, replace=False)
        strata.append(Stratum(len(place), y[chosen], f[chosen]))
    return prediction_powered_mean(float(f.mean()), strata), loss - 0.2 * 0.1


@pytest.mark.parametrize("drawn", [50, 100, 200])
@pytest.mark.parametrize("right", [(1.0, 1.0), (0.98, 0.98), (0.97, 0.7), (0.75, 0.9)])
@pytest.mark.parametrize("loss", [0.02, 0.07, 0.3])
def test_the_interval_covers_whatever_the_judge_gets_wrong(
    drawn: int, right: tuple[float, float], loss: float
) -> None:
    generator = np.random.default_rng(11)
    found = [audited(generator, 304, drawn, loss, right) for _ in range(400)]
    assert np.mean([one.low <= true <= one.high for one, true in found]) >= 0.925
    errors = [one.estimate - true for one, true in found]
    assert abs(np.mean(errors)) < 4 * np.std(errors) / 400**0.5


def test_the_size_of_the_test_where_the_judge_sees_a_loss_that_is_none() -> None:
    generator = np.random.default_rng(12)
    found = [audited(generator, 304, 100, 0.02, (0.99, 0.7)) for _ in range(600)]
    assert {round(true, 9) for _, true in found} == {0.0}
    assert np.mean([one.p_value < 0.05 for one, _ in found]) <= 0.07
    assert np.mean([one.p_value < 0.01 for one, _ in found]) <= 0.02


def test_a_good_judge_narrows_the_interval() -> None:
    generator = np.random.default_rng(13)
    widths = {
        right: np.mean(
            [
                (one.high - one.low)
                for one, _ in (audited(generator, 304, 100, 0.3, right) for _ in range(100))
            ]
        )
        for right in ((1.0, 1.0), (0.75, 0.75))
    }
    assert widths[1.0, 1.0] < 0.7 * widths[0.75, 0.75]


def test_as_many_labels_as_a_half_width_needs() -> None:
    # Half width 0.05 over 1,000: (0.05 / 1.96)^2 - 0.2 / 1000 of room for 0.3 (1 / n - 1 / 1000).
    room = (0.05 / 1.959964) ** 2 - 0.2 / 1000
    needed = required_labels(0.05, 1000, 0.2, 0.3)
    assert needed == int(np.ceil(0.3 / (room + 0.3 / 1000)))
    assert required_labels(0.01, 100, 0.2, 0.3) is None
    assert required_labels(0.5, 100, 0.2, 0.0) == 1
    with pytest.raises(AuditorError):
        required_labels(0.0, 100, 0.2, 0.3)


def test_labels_for_a_half_width_give_about_that_width() -> None:
    generator = np.random.default_rng(14)
    small, _ = audited(generator, 2000, 100, 0.3, (0.95, 0.8))
    needed = small.labels_for(0.05)
    assert needed is not None
    assert needed > 100
    halves = []
    for _ in range(30):
        one, _ = audited(generator, 2000, needed, 0.3, (0.95, 0.8))
        halves.append((one.high - one.low) / 2)
    assert np.mean(halves) == pytest.approx(0.05, rel=0.3)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(1, 600))
def test_allocation_draws_what_there_is(sizes: list[int], n: int) -> None:
    drawn = allocation(sizes, n)
    least = sum(min(size, 2) for size in sizes)
    assert sum(drawn) == max(least, min(n, sum(sizes)))
    assert all(min(size, 2) <= count <= size for size, count in zip(sizes, drawn, strict=True))
    larger = allocation(sizes, n + 7)
    assert all(one <= other for one, other in zip(drawn, larger, strict=True))


def test_rare_strata_are_drawn_more_densely() -> None:
    drawn = allocation([400, 100, 25], 70)
    assert drawn == (40, 20, 10)


def test_bad_strata() -> None:
    with pytest.raises(AuditorError, match="one length"):
        Stratum(3, np.ones(2), np.ones(3))
    with pytest.raises(AuditorError, match="cannot have been drawn"):
        Stratum(1, np.ones(2), np.ones(2))
    with pytest.raises(AuditorError, match="nothing"):
        prediction_powered_mean(0.0, [])
    with pytest.raises(AuditorError, match="empty"):
        allocation([0, 3], 2)


def test_close_to_the_authors_own_program() -> None:
    """ppi-python 0.2.3 on the same numbers: ``ppi_mean_pointestimate`` and ``ppi_mean_ci``.

    It tunes by the variance of the judge's values over everything, and adds no error for small samples.
    """
    generator = np.random.default_rng(1)
    judged = (generator.random(500) < 0.4).astype(float)
    true = np.where(generator.random(500) < 0.85, judged, 1 - judged)
    estimate, low, high = 0.41716089, 0.32547115, 0.50885063
    found = prediction_powered_mean(judged.mean(), [Stratum(500, true[:60], judged[:60])])
    assert found.estimate == pytest.approx(estimate, abs=0.2 * found.standard_error)
    assert found.high - found.low == pytest.approx(high - low, rel=0.07)
    assert found.high - found.low > high - low
