from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from auditor.error import AuditorError
from auditor.stats.paired import (
    Decision,
    ThreeWay,
    mcnemar_log10_mid_p,
    mcnemar_mid_p,
    tango_interval,
    tango_score,
)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (7, 1), (1, 7), (12, 12), (40, 20), (3, 0)])
def test_mid_p_is_the_exact_value_less_half_the_observed_point(b: int, c: int) -> None:
    exact = stats.binomtest(b, b + c, 0.5, alternative="greater").pvalue if b + c else 1.0
    assert mcnemar_mid_p(b, c) == pytest.approx(exact - 0.5 * stats.binom.pmf(b, b + c, 0.5), abs=1e-14)
    assert mcnemar_log10_mid_p(b, c) == pytest.approx(math.log10(mcnemar_mid_p(b, c)), abs=1e-10)


@pytest.mark.parametrize(("b", "c"), [(7, 1), (40, 20), (3, 0)])
def test_two_sided_mid_p_agrees_with_statsmodels(b: int, c: int) -> None:
    # Twice the one-sided mid-p is the two-sided exact value less the observed point.
    exact = mcnemar([[10, b], [c, 10]], exact=True).pvalue
    assert 2 * mcnemar_mid_p(b, c) == pytest.approx(exact - stats.binom.pmf(b, b + c, 0.5), abs=1e-12)


def test_mid_p_published_example() -> None:
    # Airway hyper-responsiveness, Fagerland, Lydersen and Laake 2013: two-sided mid-p .039 for 1 and 7.
    assert 2 * mcnemar_mid_p(7, 1) == pytest.approx(0.039, abs=5e-4)


def test_a_p_value_that_underflows_keeps_its_logarithm() -> None:
    assert mcnemar_mid_p(5000, 0) == 0.0
    assert mcnemar_log10_mid_p(5000, 0) == pytest.approx(-5001 * math.log10(2.0))


def test_negative_counts_are_refused() -> None:
    with pytest.raises(AuditorError, match="negative"):
        mcnemar_mid_p(-1, 3)
    with pytest.raises(AuditorError, match="impossible"):
        tango_interval(5, 6, 10)


def test_mid_p_holds_its_size_under_the_null() -> None:
    """Exact size by enumeration: discordant pairs are binomial, and fair given their number."""
    n = 130
    pairs = np.arange(n + 1)
    for share in (0.02, 0.05, 0.1, 0.3, 0.6):
        weight = stats.binom.pmf(pairs, n, share)
        for alpha in (0.01, 0.05):
            size = 0.0
            for m in pairs[weight > 1e-12]:
                values = np.array([mcnemar_mid_p(int(b), int(m - b)) for b in range(m + 1)])
                size += weight[m] * stats.binom.pmf(np.arange(m + 1), m, 0.5)[values <= alpha].sum()
            assert size <= 1.15 * alpha


@pytest.mark.parametrize(
    ("b", "c", "n", "low", "high"),
    [
        (1, 7, 21, -0.517, -0.026),  # Bentur 2009 in Fagerland, Lydersen and Laake 2014, table for Tango
        (0, 1, 44, -0.118, 0.059),  # contact lenses, Tango 1998
    ],
)
def test_tango_interval_published_examples(b: int, c: int, n: int, low: float, high: float) -> None:
    assert tango_interval(b, c, n) == pytest.approx((low, high), abs=6e-4)


def test_tango_interval_closed_form_without_discordance() -> None:
    z2 = stats.norm.ppf(0.975) ** 2
    assert tango_interval(0, 0, 130) == pytest.approx((-z2 / (130 + z2), z2 / (130 + z2)))


def test_tango_score_at_zero_is_mcnemar() -> None:
    assert float(tango_score(40, 20, 160, 0.0)) == pytest.approx((40 - 20) / math.sqrt(60))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_tango_interval_properties(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 400))
    b = data.draw(st.integers(0, n))
    c = data.draw(st.integers(0, n - b))
    low, high = tango_interval(b, c, n)
    assert -1.0 <= low <= (b - c) / n + 1e-9
    assert (b - c) / n - 1e-9 <= high <= 1.0
    mirrored = tango_interval(c, b, n)
    assert mirrored == pytest.approx((-high, -low), abs=1e-8)
    wide = tango_interval(b, c, n, 0.99)
    assert wide[0] <= low + 1e-9
    assert high <= wide[1] + 1e-9
    z = stats.norm.ppf(0.975)
    for end, sign in ((low, 1.0), (high, -1.0)):
        if abs(end) < 1 - 1e-6:
            assert float(tango_score(b, c, n, end)) == pytest.approx(sign * z, abs=1e-4)


def test_tango_interval_covers() -> None:
    """Exact coverage by enumeration of the trinomial."""
    n = 40
    counts = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
    ends = np.array([tango_interval(b, c, n) for b, c in counts])
    b, c = np.array(counts).T
    coverages = []
    for rate_b, rate_c in ((0.05, 0.05), (0.2, 0.05), (0.3, 0.3), (0.5, 0.1), (0.1, 0.0), (0.02, 0.2)):
        weight = stats.multinomial.pmf(
            np.stack([b, c, n - b - c], axis=1), n, [rate_b, rate_c, 1 - rate_b - rate_c]
        )
        difference = rate_b - rate_c
        inside = (ends[:, 0] <= difference) & (difference <= ends[:, 1])
        coverages.append(weight[inside].sum())
    assert min(coverages) > 0.92  # known to dip where few pairs are discordant
    assert np.mean(coverages) > 0.945


def test_decision_follows_interval_and_test() -> None:
    rule = ThreeWay()
    rng = np.random.default_rng(3)
    for _ in range(300):
        n = int(rng.integers(20, 400))
        b, c, _rest = rng.multinomial(n, [rng.uniform(0, 0.3), rng.uniform(0, 0.1), 0.6])
        low, high = tango_interval(int(b), int(c), n)
        expected = Decision.UNDECIDED
        if high < rule.margin:
            expected = Decision.UNDER
        elif low > rule.margin and mcnemar_mid_p(int(b), int(c)) < rule.alpha:
            expected = Decision.OVER
        assert rule.decide(int(b), int(c), n) is expected
    assert rule.decide(0, 0, 0) is Decision.UNDECIDED


def test_chances_agree_with_simulation() -> None:
    rule = ThreeWay()
    rng = np.random.default_rng(11)
    for rates in ((0.02, 0.02), (0.15, 0.02), (0.06, 0.01)):
        drawn = rng.multinomial(130, [*rates, 1 - sum(rates)], size=3000)
        seen = [rule.decide(int(b), int(c), 130) for b, c, _ in drawn]
        chances = rule.chances(*rates, 130)
        assert chances.over + chances.under + chances.undecided == pytest.approx(1.0)
        assert seen.count(Decision.OVER) / 3000 == pytest.approx(chances.over, abs=0.03)
        assert seen.count(Decision.UNDER) / 3000 == pytest.approx(chances.under, abs=0.03)


def test_false_decisions_are_rare() -> None:
    rule = ThreeWay()
    for n in (60, 132, 300, 1000):
        for rate in (0.0, 0.02, 0.1):
            assert rule.chances(rate, rate, n).over <= rule.alpha
            assert rule.chances(rate + 0.05, rate, n).under <= 0.04  # nominal .025 at the margin itself
            assert rule.chances(rate + 0.05, rate, n).over <= 0.04
            assert rule.chances(rate + 0.15, rate, n).under <= 0.01


def test_required_n_reaches_its_power() -> None:
    rule = ThreeWay()
    for rate_b, rate_c, side in ((0.02, 0.02, "under"), (0.0, 0.0, "under"), (0.12, 0.02, "over")):
        needed = rule.required_n(rate_b, rate_c)
        assert needed is not None
        assert getattr(rule.chances(rate_b, rate_c, needed), side) >= 0.9
        assert getattr(rule.chances(rate_b, rate_c, int(0.8 * needed)), side) < 0.9
    assert rule.required_n(0.0, 0.0) == 73  # z^2 / (n + z^2) falls under .05 at n = 73
    assert rule.required_n(0.051, 0.0) is None


def test_smallest_detectable_has_its_power() -> None:
    rule = ThreeWay()
    smallest = rule.smallest_detectable(132, 0.02)
    assert smallest is not None
    assert rule.chances(smallest + 0.02, 0.02, 132).over == pytest.approx(0.8, abs=0.03)
    larger = rule.smallest_detectable(1000, 0.02)
    assert larger is not None
    assert 0.05 < larger < smallest
    assert rule.smallest_detectable(3, 0.02) is None
    assert rule.smallest_detectable(0, 0.02) is None
