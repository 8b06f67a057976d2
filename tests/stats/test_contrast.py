"""Contrasts of likelihood gains: closed forms, and ranks that stay valid in every arrangement of texts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.array import NDArray
from auditor.stats.conformal import conformal_test
from auditor.stats.contrast import contrast_scores, gains, lead, lead_interval, trimmed_mean

PROMPTS = 20
SECOND = np.arange(PROMPTS) % 2 == 1


def population(
    rng: np.random.Generator,
    models: int,
    sources: int,
    *,
    learned: tuple[float, ...] = (),
    owners: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Nats per byte: ability, taste for a source, difficulty of texts and prompts, heavy-tailed noise.

    ``learned`` is added for model 0 on the sources in turn; a model finds its own texts far likelier.
    """
    ability = 0.1 * rng.normal(size=(models, 1, 1))
    taste = 0.05 * rng.normal(size=(models, sources, 1))
    texts = 0.3 * rng.normal(size=(1, sources, PROMPTS)) + 0.2 * rng.normal(size=(1, sources, 1))
    noise = 0.05 * rng.standard_t(3, size=(models, sources, PROMPTS))
    table = -1.0 + ability + taste + texts + noise
    for source, more in enumerate(learned):
        table[0, source] += more
    if owners is not None:
        for source, owner in enumerate(owners):
            if owner >= 0:
                table[owner, source] += 0.5
    return np.asarray(table)


def p_value(
    table: NDArray[np.float64], teachers: int, owners: NDArray[np.int64], base: NDArray[np.float64] | None
):
    scores = contrast_scores(gains(table, base), teachers=teachers, owners=owners, second_set=SECOND)
    return conformal_test(float(scores.family[0]), {"a": scores.family[1:].tolist()}).p_value


def strangers(sources: int) -> NDArray[np.int64]:
    return np.full(sources, -1, dtype=np.int64)


@pytest.mark.parametrize("with_base", [False, True])
@pytest.mark.parametrize("teachers", [2, 4])
def test_null_with_several_candidates(teachers: int, with_base: bool) -> None:
    p = []
    for trial in range(600):
        rng = np.random.default_rng([trial, teachers, with_base])
        base = population(rng, 1, teachers)[0] if with_base else None
        p.append(p_value(population(rng, 20, teachers), teachers, strangers(teachers), base))
    _uniform_or_larger(p)
    # The suspect is exchangeable with its controls here, so the test is not merely conservative.
    assert np.mean(np.array(p) <= 0.25) > 0.18


def test_null_with_one_candidate_against_texts_of_strangers() -> None:
    p = []
    for trial in range(600):
        rng = np.random.default_rng([trial, 50])
        p.append(p_value(population(rng, 20, 4), 1, strangers(4), None))
    _uniform_or_larger(p)


def test_null_with_one_candidate_against_texts_of_ranked_controls() -> None:
    p, naive = [], []
    for trial in range(600):
        rng = np.random.default_rng([trial, 60])
        owners = np.array([-1, 1, 2, 3])
        table = population(rng, 20, 4, owners=owners)
        p.append(p_value(table, 1, owners, None))
        naive.append(p_value(table, 1, strangers(4), None))
    _uniform_or_larger(p)
    # Leaving a control's own texts in would make the suspect look guilty: the care is needed.
    assert np.mean(np.array(naive) <= 0.25) > np.mean(np.array(p) <= 0.25)


def test_a_student_is_found_and_its_teacher_named() -> None:
    found = 0
    for trial in range(100):
        rng = np.random.default_rng([trial, 70])
        table = population(rng, 25, 3, learned=(0.0, 0.3, 0.0))
        scores = contrast_scores(gains(table, None), teachers=3, owners=strangers(3), second_set=SECOND)
        p = conformal_test(float(scores.family[0]), {"a": scores.family[1:].tolist()}).p_value
        found += p <= 0.05 and int(np.argmax(scores.scores[0])) == 1
    assert found >= 90


def test_a_student_of_the_only_candidate_is_found() -> None:
    found = 0
    for trial in range(100):
        rng = np.random.default_rng([trial, 80])
        owners = np.array([-1, 1, 2, 3])
        table = population(rng, 25, 4, learned=(0.35,), owners=owners)
        found += p_value(table, 1, owners, None) <= 0.05
    assert found >= 90


def test_trimmed_mean_agrees_with_scipy_and_leaves_gaps_out() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_t(2, size=(5, 37))
    assert np.allclose(trimmed_mean(values), stats.trim_mean(values, 0.1, axis=1))
    values[2, 5:17] = np.nan
    expected = stats.trim_mean(values[2][~np.isnan(values[2])], 0.1)
    assert trimmed_mean(values)[2] == pytest.approx(expected)
    values[3, 7:] = np.nan
    assert np.isnan(trimmed_mean(values)[3])


def test_lead_is_over_the_closest_rival() -> None:
    gain = np.zeros((3, 20))
    gain[0], gain[1], gain[2] = 0.5, 0.1, 0.3
    allowed = np.array([False, True, True])
    value, rival = lead(gain, 0, allowed)
    assert (float(value), int(rival)) == (pytest.approx(0.2), 2)
    value, rival = lead(gain, 0, np.array([False, True, False]))
    assert (float(value), int(rival)) == (pytest.approx(0.4), 1)
    assert np.isnan(lead(gain, 0, np.array([False, False, False]))[0])


def test_both_sets_must_show_the_lead() -> None:
    gain = np.zeros((1, 2, PROMPTS))
    gain[0, 0, SECOND] = 1.0
    scores = contrast_scores(gain, teachers=2, owners=strangers(2), second_set=SECOND)
    assert scores.leads[0, 0].tolist() == [0.0, 1.0]
    assert scores.scores[0, 0] == 0.0


def test_the_reference_is_the_base_or_the_median() -> None:
    table = np.arange(12.0).reshape(3, 2, 2)
    assert gains(table, None)[1].tolist() == [[0, 0], [0, 0]]
    assert gains(table, table[0])[2].tolist() == [[8, 8], [8, 8]]
    table[:, 0, 0] = np.nan
    assert np.isnan(gains(table, None)[:, 0, 0]).all()


def test_interval_covers_the_lead_over_prompts() -> None:
    covered = 0
    for trial in range(150):
        rng = np.random.default_rng([trial, 5])
        gain = 0.3 * rng.normal(size=(2, 60))
        gain[0] += 0.2
        interval = lead_interval(
            gain, 0, np.array([False, True]), np.arange(60) % 2 == 1, np.random.default_rng(trial), draws=300
        )
        assert interval is not None
        covered += interval[0] <= 0.2 <= interval[1]
    assert 0.88 <= covered / 150 <= 0.995
    assert lead_interval(gain[:, :6], 0, np.array([False, True]), np.arange(6) < 3, rng) is None


def _uniform_or_larger(p: list[float]) -> None:
    values = np.array(p)
    for alpha in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(values <= alpha + 1e-12) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / len(values))
