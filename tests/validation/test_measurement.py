"""Whether what was said of an innocent model is so."""

from __future__ import annotations

import pytest

from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, FROM_TEACHER
from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.validation.experiment.measurement import untrue
from auditor.validation.experiment.truth import Truth


def said(answer: str, outcome: Outcome = Outcome.SUPPORTS) -> Finding:
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe="p",
        method="m",
        suspect="s",
        teacher="t",
        outcome=outcome,
        reason="r",
        facts=(Fact(name="answer", value=answer),),
    )


@pytest.mark.parametrize(
    ("answer", "stratum", "expected"),
    [
        (FROM_TEACHER, "same-data", True),
        (FROM_TEACHER, "sibling-student", True),
        (FROM_TEACHER, "unrelated", True),
        (FROM_SIBLING, "sibling-student", False),
        (FROM_SIBLING, "same-data", True),
        (FROM_SIBLING, "same-base", True),
        (FROM_SHARED_DATA, "same-data", False),
        (FROM_SHARED_DATA, "sibling-student", False),
        (FROM_SHARED_DATA, "unrelated", True),
        ("", "same-data", True),
    ],
)
def test_weaker_words_are_true_only_of_whom_they_leave_out(answer: str, stratum: str, expected: bool) -> None:
    assert untrue(said(answer), Truth.INNOCENT, stratum) is expected


def test_nothing_untrue_is_said_of_the_guilty_or_without_support() -> None:
    assert not untrue(said(FROM_TEACHER), Truth.GUILTY, "")
    assert not untrue(said(FROM_TEACHER, Outcome.INCONCLUSIVE), Truth.INNOCENT, "unrelated")
