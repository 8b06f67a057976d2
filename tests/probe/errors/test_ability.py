"""Able models err alike."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.probe.errors.ability import errs_with_everybody, less_for_the_able
from auditor.probe.panel.controls import FROM_SHARED_DATA, NO_EVIDENCE, UNDECIDED
from auditor.probe.panel.findings import Conclusion
from auditor.record.finding import Outcome

PANEL = np.array([True, True, True, False])


@pytest.mark.parametrize(
    ("suspect", "expected"),
    [
        ((9.0, 2.1), True),
        ((9.0, 2.0), False),
        ((9.0, 0.5), False),
        ((2.1, 9.0), True),
    ],
)
def test_the_candidate_with_whom_it_shares_fewest_decides(
    suspect: tuple[float, float], expected: bool
) -> None:
    # The third control shares data with a candidate and is no yardstick.
    agreement = np.array([suspect, (1.0, 2.0), (2.0, 1.0), (8.0, 8.0)])
    assert errs_with_everybody(agreement, PANEL) is expected


def test_with_one_candidate_or_no_control_nothing_is_known() -> None:
    assert not errs_with_everybody(np.array([[9.0], [1.0], [1.0], [1.0]]), PANEL)
    assert not errs_with_everybody(np.array([[9.0, 9.0]]), np.array([True]))


def test_only_what_speaks_for_a_candidate_is_held_back() -> None:
    for outcome, answer in ((Outcome.SUPPORTS, FROM_SHARED_DATA), (Outcome.INCONCLUSIVE, FROM_SHARED_DATA)):
        held = less_for_the_able(Conclusion(outcome, answer, "r"))
        assert (held.outcome, held.answer) == (Outcome.INCONCLUSIVE, UNDECIDED)
        assert held.decisive
    for outcome, answer in ((Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE), (Outcome.INCONCLUSIVE, UNDECIDED)):
        said = Conclusion(outcome, answer, "r")
        assert less_for_the_able(said) is said
