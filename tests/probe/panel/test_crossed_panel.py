"""What ranks in tables allow to say, table by table."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, FROM_TEACHER, NO_EVIDENCE, UNDECIDED
from auditor.probe.panel.crossed import TWINS_ALONE, judge_crossed
from auditor.record.finding import Outcome

ALPHA, COMPANION = 0.05, 0.01


def table(score: float, controls: int, twins: int, seed: int = 0) -> np.ndarray:
    """Normal scores, clipped so that only chosen ones reach a suspect's of 3 or more."""
    cells = np.random.default_rng(seed).normal(size=(controls + 1, twins + 1)).clip(-2, 2)
    cells[0, 0] = score
    return cells


def test_few_controls_and_few_twins_decide_together() -> None:
    tables = {"same-data": table(6, 5, 3), "unrelated": table(6, 5, 3, 1)}
    found = judge_crossed(tables, ALPHA, COMPANION)
    assert (found.outcome, found.answer) == (Outcome.SUPPORTS, FROM_SIBLING)
    assert found.p_value == found.smallest == pytest.approx(1 / 24)
    assert "none of 23 pairs with 5 same-data controls and 3 twins of the teacher reach it" in found.why
    assert any("sibling" in line for line in found.limits)
    assert not any("same-data" in line for line in found.limits)


def test_all_strata_give_the_first_answer() -> None:
    tables = {name: table(6, 5, 3, seed) for seed, name in enumerate(["same-data", "sibling-student"])}
    assert judge_crossed(tables, ALPHA, COMPANION).answer == FROM_TEACHER


def test_without_same_data_the_answer_is_capped_unless_twins_alone_suffice() -> None:
    capped = judge_crossed({"unrelated": table(6, 5, 3)}, ALPHA, COMPANION)
    assert (capped.outcome, capped.answer) == (Outcome.SUPPORTS, FROM_SHARED_DATA)
    few = judge_crossed({"unrelated": table(6, 5, 3), TWINS_ALONE: table(6, 0, 3)}, ALPHA, COMPANION)
    assert few.answer == FROM_SHARED_DATA
    many = judge_crossed({"unrelated": table(6, 5, 19), TWINS_ALONE: table(6, 0, 19)}, ALPHA, COMPANION)
    assert many.answer == FROM_SIBLING


def test_standing_out_from_strangers_alone_is_the_middle_answer() -> None:
    shared = table(3, 5, 3)
    shared[2, 1] = 4
    found = judge_crossed({"same-data": shared, "unrelated": table(3, 5, 3)}, ALPHA, COMPANION)
    assert (found.outcome, found.answer) == (Outcome.INCONCLUSIVE, FROM_SHARED_DATA)
    assert found.p_value == pytest.approx(2 / 24)


def test_a_rank_without_distance_is_not_enough() -> None:
    close = {"unrelated": table(2.05, 5, 3)}
    found = judge_crossed(close, ALPHA, COMPANION)
    assert found.p_value == pytest.approx(1 / 24)
    assert (found.outcome, found.answer) == (Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE)
    assert found.parametric_p is not None
    assert found.parametric_p > COMPANION
    assert found.threshold > 2.05


def test_distance_without_rank_is_not_enough() -> None:
    cells = table(8, 8, 4)
    cells[3, 1] = cells[4, 1] = 9.0
    assert judge_crossed({"unrelated": cells}, ALPHA, 0.4).outcome is Outcome.DOES_NOT_SUPPORT


def test_a_table_that_is_too_small_can_block_and_not_support() -> None:
    thin = table(6, 2, 3)
    free = judge_crossed({"unrelated": table(6, 5, 3), "same-data": thin}, ALPHA, COMPANION)
    assert free.answer == FROM_SHARED_DATA
    assert any("too few" in line for line in free.limits)
    thin = thin.copy()
    thin[1, 2] = 7
    blocked = judge_crossed({"unrelated": table(6, 5, 3), "same-data": thin}, ALPHA, COMPANION)
    assert (blocked.outcome, blocked.answer) == (Outcome.INCONCLUSIVE, UNDECIDED)
    assert blocked.decisive == "2 more controls in stratum same-data, or 3 more twins of the teacher"


@pytest.mark.parametrize("tables", [{}, {"unrelated": table(9, 4, 2)}, {TWINS_ALONE: table(9, 0, 5)}])
def test_too_few_models_are_inconclusive_and_not_clean(tables: dict[str, np.ndarray]) -> None:
    found = judge_crossed(tables, ALPHA, COMPANION)
    assert (found.outcome, found.answer) == (Outcome.INCONCLUSIVE, UNDECIDED)
    assert found.decisive
    assert found.threshold == float("inf")


def test_innocents_are_accused_no_oftener_than_the_level() -> None:
    rng = np.random.default_rng(3)
    accused = 0
    for _ in range(800):
        rows, columns = rng.normal(size=(7, 1)), rng.normal(size=(1, 5))
        accused += (
            judge_crossed({"unrelated": rows + columns + rng.normal(size=(7, 5))}, ALPHA, 0.49).outcome
            is Outcome.SUPPORTS
        )
    assert accused / 800 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 800)
