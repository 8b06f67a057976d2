"""Where models are asked what comes next, and what of a token is compared."""

from __future__ import annotations

import pytest

from auditor import content
from auditor.probe.spec import load_probe
from auditor.probe.tokens.positions import Position, cuts, piece

TEXT = "Once upon a time there was a fox. It slept."


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (" fox", "fox"),
        ("fox", "fox"),
        ("fox and", "fox"),
        ("   ", ""),
        ("", ""),
        ("\n\n", "\n"),
        (" \n-", "\n"),
        (".", "."),
    ],
)
def test_a_piece_ends_at_the_first_word_boundary(token: str, text: str) -> None:
    assert piece(token) == text


def test_cuts_lie_between_words_and_are_the_same_in_every_scan() -> None:
    found = cuts("item", TEXT, 4)
    assert len(found) == 4
    assert found == cuts("item", TEXT, 4)
    assert set(cuts("item", TEXT, 2)) < set(found)
    assert cuts("other item", TEXT, 2) != cuts("item", TEXT, 2)
    for before in found:
        assert TEXT.startswith(before + " ")
    assert cuts("item", TEXT, 0) == cuts("item", "word", 4) == cuts("item", "", 4) == ()


def test_an_answer_is_gone_on_with_and_begun() -> None:
    begun, within = Position("Why?", ""), Position("Why?", "Since")
    assert [one.role for one in begun.request(3).prompt if not isinstance(one, str)] == ["user"]
    assert [one.text for one in within.request(3, " ").prompt if not isinstance(one, str)] == [
        "Why?",
        "Since ",
    ]


@pytest.mark.parametrize("suite", ["lineage", "world-lineage"])
def test_the_questions_are_those_that_candidates_answer_for_surprisal_too(suite: str) -> None:
    """So that a scan with both asks candidates once."""
    one, other = (
        load_probe(content.probes() / suite / name) for name in ("token-agreement", "surprisal-residuals")
    )
    assert one.items == other.items
