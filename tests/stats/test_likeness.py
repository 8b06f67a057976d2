"""Likeness freed of length and common habits: exact where the law is known, own makers left out."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.stats.likeness import Makers, best_elsewhere, centred, without_length

NAMES = ("s", "a", "a", "b", "c", "c", "d", "e")
MAKERS = Makers(NAMES, (False, True, True, True, True, True, True, False))


def test_what_length_explains_is_taken_out_to_the_last_digit() -> None:
    lengths = np.array([6.0, 5.0, 5.5, 7.0, 6.2, 6.4, 4.9, 6.6])
    apart = np.abs(lengths[:, None] - lengths[None, :])
    level = (lengths[:, None] + lengths[None, :]) / 2
    left = without_length(0.3 - 0.05 * apart + 0.02 * level, lengths, MAKERS)
    assert np.allclose(left, 0.3, atol=1e-10)


def test_pairs_outside_the_panel_or_of_one_maker_do_not_shape_the_fit() -> None:
    rng = np.random.default_rng(1)
    lengths, likeness = rng.normal(6, 1, size=8), rng.random((8, 8))
    likeness = (likeness + likeness.T) / 2
    before = without_length(likeness, lengths, MAKERS) - likeness
    changed = likeness.copy()
    changed[0, :] = changed[:, 0] = changed[7, :] = changed[:, 7] = 9.0
    changed[1, 2] = changed[2, 1] = 9.0
    after = without_length(changed, lengths, MAKERS) - changed
    assert np.allclose(before[1:7, 1:7], after[1:7, 1:7])


def test_a_row_is_freed_by_a_fit_that_leaves_its_maker_out() -> None:
    rng = np.random.default_rng(2)
    lengths, likeness = rng.normal(6, 1, size=8), rng.random((8, 8))
    likeness = (likeness + likeness.T) / 2
    changed = likeness.copy()
    changed[3, :] = changed[:, 3] = 5.0
    slopes = without_length(likeness, lengths, MAKERS) - likeness
    again = without_length(changed, lengths, MAKERS) - changed
    assert np.allclose(slopes[3], again[3])
    assert not np.allclose(slopes[6], again[6])


def test_every_maker_counts_the_same_and_own_makers_are_left_out() -> None:
    likeness = np.arange(64, dtype=float).reshape(8, 8)
    out = centred(likeness, MAKERS)
    row = likeness[0]
    assert out[0, 7] == pytest.approx(row[7] - np.mean([row[1:3].mean(), row[3], row[4:6].mean(), row[6]]))
    assert out[0, 4] == pytest.approx(row[4] - np.mean([row[1:3].mean(), row[3], row[6]]))
    row = likeness[1]
    assert out[1, 3] == pytest.approx(row[3] - np.mean([row[4:6].mean(), row[6]]))


def test_without_another_maker_there_is_no_score() -> None:
    makers = Makers(("a", "b"), (True, True))
    assert np.isnan(centred(np.ones((2, 2)), makers)[0, 1])
    assert np.isnan(centred(np.ones((2, 2)), Makers(("a", "b"), (False, False)))).all()


def test_the_best_is_looked_for_among_candidates_of_other_makers() -> None:
    scores = np.array([[0.0, 3.0, 2.0, 1.0]] * 4)
    best = best_elsewhere(scores, np.array([False, True, True, False]), ("s", "a", "b", "a"))
    assert best.tolist() == [3.0, 2.0, 3.0, 2.0]
    assert np.isnan(best_elsewhere(scores, np.zeros(4, dtype=bool), ("s", "a", "b", "c"))).all()
