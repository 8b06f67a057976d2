from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.sibling_contrast import leanings

FEATURES = 500


def drawn(
    seed: int, follows: tuple[float, float] = (0.0, 0.0), controls: int = 15, data: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A suspect among controls of many abilities, and two siblings with a way of their data in common."""
    rng = np.random.default_rng(seed)
    common, able, shared = rng.normal(size=(3, FEATURES))
    own = rng.normal(0, 0.4, (2, FEATURES))
    models = common + np.outer(rng.normal(size=controls + 1), able)
    models = models + rng.normal(0, 0.6, models.shape)
    models[0] += np.array(follows) @ (own + shared) + data * shared
    first, second = common + 3 * able + shared + own
    return models, np.ones(controls + 1, dtype=bool), first, second


def test_a_student_leans_to_its_teacher_and_away_from_the_sibling() -> None:
    models, panel, first, second = drawn(1, (0.4, 0.0))
    scores = leanings(models, panel, first, second)
    assert scores[0] > 2 * np.abs(scores[1:]).max()
    assert leanings(models, panel, second, first) == pytest.approx(-scores)


def test_a_student_of_the_sibling_leans_the_other_way() -> None:
    scores = leanings(*drawn(2, (0.0, 0.6)))
    assert scores[0] < -np.abs(scores[1:]).max()


def test_a_copy_of_one_of_them_goes_half_the_way() -> None:
    """From the middle between both, where the panel stands to them, to one of them."""
    models, panel, first, second = drawn(3)
    models[0] = first
    assert leanings(models, panel, first, second)[0] == pytest.approx(0.5, abs=0.1)


def test_ranks_are_uniform_for_who_knows_neither() -> None:
    ranks = []
    for seed in range(240):
        scores = np.abs(leanings(*drawn(1000 + seed, controls=11)))
        ranks.append(int(np.count_nonzero(scores[1:] >= scores[0])))
    assert stats.chisquare(np.bincount(ranks, minlength=12)).pvalue > 0.001


def test_only_models_with_the_same_data_are_a_yardstick_for_one_that_has_it() -> None:
    """The way of the data lies by chance a little nearer to one sibling, for everybody who goes it."""
    among_peers, among_others = [], []
    for seed in range(240):
        models, _, first, second = drawn(2000 + seed, controls=30, data=1.5)
        shared = np.random.default_rng(2000 + seed).normal(size=(3, FEATURES))[2]
        models[20:] += 1.5 * shared
        scores = np.abs(leanings(models, np.arange(31) < 20, first, second))
        among_others.append(int(np.count_nonzero(scores[1:20] >= scores[0])))
        among_peers.append(int(np.count_nonzero(scores[20:] >= scores[0])))
    last = np.bincount(among_peers, minlength=12)[0]
    assert stats.binomtest(int(last), 240, 1 / 12, alternative="greater").pvalue > 0.001
    assert among_others.count(0) > 2 * last


def test_members_of_the_panel_are_treated_alike() -> None:
    models, panel, first, second = drawn(4, (0.3, 0.0))
    order = np.random.default_rng(0).permutation(len(models))
    straight = leanings(models, panel, first, second)
    assert leanings(models[order], panel, first, second) == pytest.approx(straight[order])


def test_an_outsider_is_held_against_the_same_others_as_the_suspect() -> None:
    models, panel, first, second = drawn(5, (0.3, 0.0))
    twice = np.concatenate([models, models[:1]])
    assert leanings(twice, np.append(panel, False), first, second)[-1] == pytest.approx(
        leanings(models, panel, first, second)[0]
    )


def test_equal_models_have_no_side() -> None:
    models, panel, first, _ = drawn(6)
    assert not leanings(models, panel, first, first).any()


def test_a_panel_that_is_too_small_is_refused() -> None:
    models, panel, first, second = drawn(7, controls=2)
    with pytest.raises(ValueError, match="three others"):
        leanings(models, panel, first, second)
