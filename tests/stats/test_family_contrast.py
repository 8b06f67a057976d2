from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.stats.conformal import prediction_p
from auditor.stats.family_contrast import FamilyContrast, family_contrast
from auditor.stats.word_features import FLOOR, word_features

WORDS = 1500
#: Ten words to a prompt.
PROMPTS = np.arange(WORDS) // 10


def drawn(
    seed: int,
    *,
    members: int = 9,
    controls: int = 12,
    follows: float = 0.0,
    whom: int = 0,
    noise: float = 0.7,
    affinity: tuple[float, float] = (0.0, 0.0),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Suspect, family and controls that share what the data say; the suspect follows one member as well.

    ``affinity`` is how far the suspect, and each control, goes the way of every member by chance.
    """
    rng = np.random.default_rng(seed)
    data = -rng.exponential(1.0, WORDS)
    own = rng.normal(0, 0.5, (members, WORDS))
    family = np.minimum(data + own, 0)
    chance = rng.normal(0, affinity[1], (controls, members)) @ own
    others = np.minimum(data + rng.normal(0, 0.7, (controls, WORDS)) + chance, 0)
    chance = rng.normal(0, affinity[0], members) @ own
    suspect = np.minimum(data + rng.normal(0, noise, WORDS) + chance + follows * own[whom], 0)
    return suspect, family, others


def contrast(suspect: np.ndarray, family: np.ndarray, others: np.ndarray) -> FamilyContrast:
    return family_contrast(suspect, family, others, PROMPTS)


def test_a_follower_is_found() -> None:
    found = contrast(*drawn(1, follows=0.4))
    assert found.t > 5
    assert found.p_value < 0.001
    assert found.rank_p == pytest.approx(1 / 9)
    assert found.coefficients[0] == max(found.coefficients)
    assert found.coefficients[1:].mean() == pytest.approx(0, abs=1e-9)
    assert found.coefficients[1:].std(ddof=1) == pytest.approx(1, abs=0.3)
    assert found.freedom > 7


def test_who_follows_a_twin_does_not_follow_the_teacher() -> None:
    found = contrast(*drawn(2, follows=0.4, whom=3))
    assert found.t < 0
    assert found.p_value > 0.5
    assert int(np.argmax(found.coefficients)) == 3


def test_p_values_are_uniform_where_the_members_are_exchangeable() -> None:
    values = [contrast(*drawn(100 + seed)).p_value for seed in range(300)]
    assert stats.kstest(values, "uniform").pvalue > 0.001
    assert np.mean(np.array(values) <= 0.05) == pytest.approx(0.05, abs=0.04)


@pytest.mark.parametrize("noise", [0.3, 1.4])
def test_a_suspect_that_scatters_otherwise_than_the_controls_is_not_accused_more(noise: float) -> None:
    values = [contrast(*drawn(1000 + seed, noise=noise)).p_value for seed in range(300)]
    assert stats.kstest(values, "uniform").pvalue > 0.001
    assert np.mean(np.array(values) <= 0.05) == pytest.approx(0.05, abs=0.04)


@pytest.mark.parametrize(("affinity", "level"), [((0.1, 0.1), 0.01), ((0.0, 0.1), 0.01), ((0.1, 0.0), 0.03)])
def test_chance_likeness_to_members_is_part_of_the_null(affinity: tuple[float, float], level: float) -> None:
    """Where the suspect alone has it, what the controls add to its variance must not make up for that."""
    values = [contrast(*drawn(2000 + seed, affinity=affinity)).p_value for seed in range(400)]
    false = np.count_nonzero(np.array(values) <= 0.01)
    assert stats.binomtest(false, 400, level, alternative="greater").pvalue > 0.001


def test_the_order_of_the_twins_changes_nothing() -> None:
    suspect, family, others = drawn(3, follows=0.2)
    order = [0, *np.random.default_rng(0).permutation(np.arange(1, 9))]
    first, second = contrast(suspect, family, others), contrast(suspect, family[order], others)
    assert first.t == pytest.approx(second.t)
    assert first.coefficients[order] == pytest.approx(second.coefficients)


def test_features_are_bounded() -> None:
    found = word_features(np.array([0.0, -1.0, -50.0]))
    assert found == pytest.approx([1, np.exp(-0.5), 0, 0, -1, FLOOR], abs=1e-9)


def test_identical_members_say_nothing() -> None:
    suspect, family, others = drawn(4)
    found = contrast(suspect, np.repeat(family[:1], 5, axis=0), others)
    assert (found.t, found.p_value, found.rank_p) == (0.0, 1.0, 1.0)


def test_too_few_members_or_controls_are_refused() -> None:
    suspect, family, others = drawn(5)
    with pytest.raises(ValueError, match="needs 3 members"):
        contrast(suspect, family[:2], others)
    with pytest.raises(ValueError, match="controls"):
        contrast(suspect, family, others[:2])


def test_suspect_and_peers_are_treated_alike() -> None:
    suspect, family, others = drawn(6)
    peers, controls = others[:5], others[5:]
    first = family_contrast(suspect, family, controls, PROMPTS, peers).standings
    swapped = np.concatenate([suspect[None], peers[1:]])
    second = family_contrast(peers[0], family, controls, PROMPTS, swapped).standings
    assert second == pytest.approx(first[[1, 0, 2, 3, 4, 5]])


def test_what_all_models_with_the_data_lean_to_is_no_lesson() -> None:
    """The teacher stands out among its twins for every one of them, and none stands out among its peers."""
    against_twins, against_peers = [], []
    for seed in range(100):
        suspect, family, others = drawn(3000 + seed)
        lean = 0.25 * (family[0] - family.mean(axis=0))
        found = family_contrast(suspect + lean, family, others[8:], PROMPTS, others[:8] + lean)
        against_twins.append(found.p_value)
        against_peers.append(prediction_p(found.standings[0], found.standings[1:].tolist()))
    assert np.mean(np.array(against_twins) <= 0.01) > 0.2
    assert stats.kstest(against_peers, "uniform").pvalue > 0.001
