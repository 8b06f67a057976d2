"""Fused likelihood ratios: under noise, under an effect, of copies, of missing scores, and without leaks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from auditor.stats.likelihood_ratio import cllr, cross_fitted
from auditor.stats.score_fusion import (
    Fusion,
    Known,
    _standardised,
    _weights,
    best,
    cross_fitted_fusions,
    fuse,
)

GUILTY, INNOCENT, CANDIDATES = 16, 48, 3


def drawn(
    shifts: Sequence[float], seed: int, *, guilty: int = GUILTY, innocent: int = INNOCENT, candidates: int = 3
) -> Known:
    """Normal scores; those of guilty suspects are shifted."""
    rng = np.random.default_rng([seed, len(shifts)])
    truth = np.arange(guilty + innocent) < guilty
    suspects = np.repeat(np.arange(len(truth)), np.where(truth, 1, candidates))
    scores = rng.normal(size=(len(suspects), len(shifts)))
    return Known(scores + np.outer(truth[suspects], np.array(shifts)), suspects, truth)


def judged(known: Known, left_out: np.ndarray | None = None) -> np.ndarray:
    """Cross-fitted log ratio of every suspect."""
    number = len(known.guilty)
    fusions = cross_fitted_fusions(known, np.eye(number, dtype=bool) if left_out is None else left_out)
    return np.array(
        [
            math.nan if one is None else best(one.log_ratios(known.scores), known)[place]
            for place, one in enumerate(fusions)
        ]
    )


def fused(known: Known) -> Fusion:
    found = fuse(known)
    assert found is not None
    return found


def test_noise_gets_no_weight_and_says_nothing() -> None:
    weighty = [
        weight > 0 for seed in range(100) for weight in fused(drawn((0.0, 0.0, 0.0), seed)).weights
    ]  # fmt: skip
    assert sum(weighty) <= 0.05 * len(weighty) + 2 * math.sqrt(0.05 * 0.95 * len(weighty))
    for seed in range(3):
        known = drawn((0.0, 0.0), seed)
        ratios = judged(known)
        assert cllr(ratios, known.guilty) == pytest.approx(1.0, abs=0.05)
        assert np.exp(ratios[~known.guilty]).mean() == pytest.approx(1.0, abs=0.2)


def test_ratios_of_innocents_are_no_larger_on_average_than_they_may_be() -> None:
    """E[LR] of an innocent is 1 where ratios are calibrated; a clamp and a skew can only take from it."""
    means = []
    for seed in range(6):
        known = drawn((1.5, 0.5), seed)
        means.append(np.exp(judged(known)[~known.guilty]).mean())
    assert 0.3 < np.mean(means) < 1.3


def test_two_methods_say_more_than_one() -> None:
    costs = {}
    for shifts in ((2.0, 0.0), (2.0, 2.0), (4.0, 4.0)):
        tried = [drawn(shifts, seed) for seed in range(4)]
        costs[shifts] = np.mean([cllr(judged(known), known.guilty) for known in tried])
    assert costs[4.0, 4.0] < costs[2.0, 2.0] < costs[2.0, 0.0] < 1.0
    assert costs[4.0, 4.0] < 0.15


def test_noise_beside_a_good_method_gets_next_to_no_weight() -> None:
    shares = []
    for seed in range(20):
        good, *noise = fused(drawn((2.5, 0.0, 0.0), seed)).weights
        assert good > 0
        shares.append(sum(noise) / good)
    assert np.mean(shares) < 0.02


def test_a_method_that_points_the_other_way_is_not_turned_around() -> None:
    found = fused(drawn((-3.0, 2.0), 5))
    assert found.weights[0] == 0.0
    assert found.weights[1] > 0


def test_copies_of_a_method_count_once() -> None:
    known = drawn((2.0, 1.0), 6)
    single = fused(known)
    copied = fused(Known(known.scores[:, [0, 0, 0, 1]], known.suspects, known.guilty))
    np.testing.assert_allclose(
        copied.log_ratios(known.scores[:, [0, 0, 0, 1]]), single.log_ratios(known.scores), atol=1e-2
    )
    assert sum(copied.weights[:3]) == pytest.approx(single.weights[0], rel=1e-2)
    assert copied.weights[0] == pytest.approx(copied.weights[1], rel=1e-3)


def test_nearly_equal_methods_count_little_more_than_once() -> None:
    """Where ratios of two dependent methods were multiplied, the strength would double."""
    known = drawn((2.0,), 7)
    noise = np.random.default_rng(7).normal(scale=0.1, size=(len(known.scores), 1))
    both = Known(np.hstack([known.scores, known.scores + noise]), known.suspects, known.guilty)
    one, two = judged(known), judged(both)
    slope = np.polyfit(one, two, 1)[0]
    assert slope == pytest.approx(1.0, abs=0.15)


def test_one_method_alone_is_judged_as_its_own_calibration_judges_it() -> None:
    known = drawn((2.0,), 8)
    plain = cross_fitted(
        best(known.scores[:, 0], known), known.guilty, np.eye(len(known.guilty), dtype=bool)
    )  # fmt: skip
    # Scores are compressed twice, once as a method's and once as a sum.
    assert np.abs(judged(known) - plain).mean() < 0.3
    assert np.corrcoef(judged(known), plain)[0, 1] > 0.97


def test_a_missing_method_moves_nothing() -> None:
    known = drawn((2.0, 2.0), 9)
    found = fused(known)
    pair = np.array([[1.5, math.nan], [math.nan, math.nan], [math.nan, 1.5]])
    added = found.contributions(pair)
    assert added[0, 1] == added[2, 0] == 0.0
    assert found.sums(pair)[0] == added[0, 0]
    assert math.isnan(found.sums(pair)[1])
    assert math.isnan(found.log_ratios(pair)[1])
    # The background is where innocents are on average.
    background = [one.standardised(known.scores[~known.guilty[known.suspects], place]).mean()
                  for place, one in enumerate(found.scales) if one is not None]  # fmt: skip
    np.testing.assert_allclose(background, 0.0, atol=1e-12)


def test_scores_that_are_often_missing_are_fused_all_the_same() -> None:
    known = drawn((2.0, 2.0), 10)
    holes = np.random.default_rng(10).random(known.scores.shape) < 0.3
    patchy = Known(np.where(holes, np.nan, known.scores), known.suspects, known.guilty)
    ratios = judged(patchy)
    told = np.isfinite(ratios)
    assert told.sum() > 50
    assert cllr(ratios[told], known.guilty[told]) < 0.95
    absent = Known(np.column_stack([known.scores[:, 0], np.full(len(known.scores), np.nan)]),
                   known.suspects, known.guilty)  # fmt: skip
    found = fused(absent)
    assert found.scales[1] is None
    assert found.weights[1] == 0.0
    np.testing.assert_allclose(
        found.log_ratios(absent.scores),
        fused(Known(known.scores[:, :1], known.suspects, known.guilty)).log_ratios(known.scores[:, :1]),
        atol=1e-6,
    )


def test_infinite_scores_are_missing_ones() -> None:
    known = drawn((2.0, 2.0), 11)
    known.scores[3, 0], known.scores[30, 1] = math.inf, -math.inf
    holes = np.where(np.isfinite(known.scores), known.scores, np.nan)
    assert fuse(known) == fuse(Known(holes, known.suspects, known.guilty))


def test_ratios_are_clamped_by_the_known_suspects() -> None:
    found = fused(drawn((6.0, 6.0), 12))
    high, low = found.log_ratios(np.array([[1e9, 1e9], [-1e9, -1e9]]))
    assert high == pytest.approx(math.log(INNOCENT))
    assert low == pytest.approx(-math.log(GUILTY))


def test_too_few_of_a_group_are_no_ground() -> None:
    known = drawn((3.0,), 13)
    one_guilty = np.arange(len(known.guilty)) >= GUILTY - 1
    assert fuse(known.only(one_guilty)) is None
    assert fuse(known.only(known.guilty)) is None
    silent = Known(np.full_like(known.scores, np.nan), known.suspects, known.guilty)
    assert fuse(silent) is None
    everybody = np.ones((len(known.guilty),) * 2, dtype=bool)
    assert np.isnan(judged(known, everybody)).all()


def test_relatives_never_take_part_in_the_calibration_of_each_other() -> None:
    """Families share a fingerprint that tells guilty from innocent within them and nowhere else.

    A fusion that has seen the family is nearly perfect; one that has not knows nothing.
    """
    rng = np.random.default_rng(14)
    families, size = 3, 16
    number = families * size
    family = np.arange(number) % families
    guilty = np.arange(number) // families < size // 2
    fingerprints = np.zeros((number, families))
    # Guilt shows only in the family's own column; elsewhere the column is noise of no meaning.
    fingerprints[np.arange(number), family] = np.where(guilty, 1.0, -1.0) * 3
    known = Known(fingerprints + rng.normal(scale=0.3, size=fingerprints.shape), np.arange(number), guilty)
    related = family[:, None] == family[None, :]
    leaking, clean = judged(known), judged(known, related)
    assert cllr(leaking, guilty) < 0.5
    assert cllr(clean, guilty) > 0.9
    # What relatives score has no say, bit for bit.
    changed = known.scores.copy()
    changed[(family == 0) & (np.arange(number) != 0)] += 50
    again = judged(Known(changed, known.suspects, guilty), related)
    assert again[0] == clean[0]


def test_weights_are_the_optimum_that_scikit_learn_finds() -> None:
    known = drawn((1.5, 1.0), 15, candidates=1)
    found = fused(known)
    columns = _standardised(known.scores, found.scales)
    share = np.where(known.guilty, 0.5 / GUILTY, 0.5 / INNOCENT) * len(known.guilty)
    rate = 1.645 * 0.5 * math.sqrt(share @ share)
    model = LogisticRegression(solver="saga", l1_ratio=1.0, C=1 / rate, tol=1e-8, max_iter=20_000)
    model.fit(columns, known.guilty, sample_weight=share)
    assert (model.coef_ > 0).all()
    np.testing.assert_allclose(_weights(columns, known), model.coef_[0], atol=5e-3)


def test_every_suspect_of_a_group_weighs_the_same_however_many_its_candidates() -> None:
    known = drawn((2.0, 1.0), 16)
    innocent = ~known.guilty[known.suspects]
    twice = np.concatenate([np.arange(len(known.scores)), np.flatnonzero(innocent)])
    doubled = Known(known.scores[twice], known.suspects[twice], known.guilty)
    np.testing.assert_allclose(fused(doubled).weights, fused(known).weights, rtol=1e-5)
