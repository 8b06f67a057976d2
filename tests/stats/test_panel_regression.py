from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.panel_regression import candidate_coefficients, in_spreads

FEATURES = 600


def drawn(
    seed: int, follows: tuple[float, ...] = (0.0, 0.0, 0.0), controls: int = 19, abler: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A suspect among controls that differ in ability, and candidates that are abler than all of them."""
    rng = np.random.default_rng(seed)
    common, able = rng.normal(size=FEATURES), rng.normal(size=FEATURES)
    own = rng.normal(0, 0.5, (len(follows), FEATURES))
    models = common + np.outer(rng.normal(size=controls + 1), able)
    models = models + rng.normal(0, 0.6, models.shape)
    models[0] += np.array(follows) @ own + abler * able
    candidates = common + 3 * able + own
    return models, np.ones(controls + 1, dtype=bool), candidates


def test_the_candidate_that_the_suspect_follows_stands_out() -> None:
    models, panel, candidates = drawn(1, (0.0, 0.5, 0.0))
    scores = in_spreads(candidate_coefficients(models, panel, candidates), panel)
    assert int(np.argmax(scores[0])) == 1
    assert scores[0, 1] > scores[1:].max() + 1


def test_an_able_suspect_that_follows_nobody_seldom_comes_first() -> None:
    first = 0
    for seed in range(40):
        models, panel, candidates = drawn(200 + seed, abler=1.0)
        scores = in_spreads(candidate_coefficients(models, panel, candidates), panel).max(axis=1)
        first += bool(scores[0] > scores[1:].max())
    # One in 20 is what chance gives; to be able must not make it the rule.
    assert first <= 10


def test_ranks_are_uniform_where_the_suspect_is_one_of_the_panel() -> None:
    ranks = []
    for seed in range(240):
        models, panel, candidates = drawn(1000 + seed, controls=11)
        family = in_spreads(candidate_coefficients(models, panel, candidates), panel).max(axis=1)
        ranks.append(int(np.count_nonzero(family[1:] >= family[0])))
    counts = np.bincount(ranks, minlength=12)
    assert stats.chisquare(counts).pvalue > 0.001


def test_members_of_the_panel_are_treated_alike() -> None:
    models, panel, candidates = drawn(3, (0.3, 0.0, 0.0))
    order = np.random.default_rng(0).permutation(len(models))
    straight = candidate_coefficients(models, panel, candidates)
    assert candidate_coefficients(models[order], panel, candidates) == pytest.approx(straight[order])


def test_an_outsider_is_held_against_the_same_others_as_the_suspect() -> None:
    models, panel, candidates = drawn(4, (0.3, 0.0, 0.0))
    twice = np.concatenate([models, models[:1]])
    found = candidate_coefficients(twice, np.append(panel, False), candidates)
    assert found[-1] == pytest.approx(found[0])


def test_spreads_are_those_of_the_panel() -> None:
    scores = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [100.0]])
    panel = np.array([True] * 5 + [False])
    assert in_spreads(scores, panel)[:, 0] == pytest.approx((scores[:, 0] - 2) / 1.4826)


def test_a_panel_that_is_too_small_is_refused() -> None:
    models, panel, candidates = drawn(5, controls=2)
    with pytest.raises(ValueError, match="three others"):
        candidate_coefficients(models, panel, candidates)
    models, panel, candidates = drawn(5)
    panel[0] = False
    with pytest.raises(ValueError, match="panel"):
        candidate_coefficients(models, panel, candidates)
