"""Guesses of a hidden option: who read it is found, and what everybody expects accuses nobody."""

from __future__ import annotations

import numpy as np
import pytest
from examination import Reply, asked, examined, quiz

from auditor import content
from auditor.probe.method.option_slot_guess import OptionSlotGuess
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Outcome
from auditor.record.observation import Answer, Choice, Text, Unanswered
from auditor.record.request import Choose, Generate, Request
from auditor.record.subject import Access

METHOD = OptionSlotGuess()
WORDS = ("amber", "birch", "cedar", "dune")


@pytest.fixture(scope="module")
def bare() -> ProbeSpec:
    (loaded,) = load_suites(("benchmark/option-slot-guess",), (content.probes(),))
    return loaded


def hidden_of(prompt: str) -> tuple[str, bool]:
    """The hidden option, and whether options stand as they were published."""
    lines = [line[3:] for line in prompt.split("\n") if line[1:3] == ". "]
    number = next(line for line in lines if line != "[...]").split()[-1]
    missing = next(word for word in WORDS if f"{word} {number}" not in lines)
    published = [f"{word} {number}" if word != missing else "[...]" for word in WORDS] == lines
    return f"{missing} {number}", published


def guesser(known: float, easier: float = 0.0) -> Reply:
    """Guesses a third; of published items more, by what is known or because everybody does."""

    def reply(request: Request, rng: np.random.Generator) -> Answer:
        assert isinstance(request, Choose | Generate)
        assert isinstance(request.prompt, str)
        hidden, published = hidden_of(request.prompt)
        hit = rng.random() < 0.3 + (known + easier) * published
        if isinstance(request, Generate):
            return Text(text=f" {hidden.upper()}.\nQuestion: next" if hit else " something else")
        assert request.options[0] == f" {hidden}"
        sizes = tuple(len(one) for one in request.options)
        per_byte = rng.normal(-2.0, 0.5, len(sizes)) + np.array([3.0 * hit, *[0.0] * (len(sizes) - 1)])
        return Choice(log_likelihoods=tuple(per_byte * sizes), bytes=sizes)

    return reply


@pytest.mark.parametrize("access", [Access.LOGPROBS, Access.TEXT])
def test_who_read_the_options_is_found(bare: ProbeSpec, access: Access) -> None:
    found = examined(METHOD, bare.with_items(quiz(150)), guesser(0.65), [guesser(0.0)] * 7, access=access)
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.effect > 10


@pytest.mark.parametrize("access", [Access.LOGPROBS, Access.TEXT])
def test_options_that_everybody_expects_accuse_nobody(bare: ProbeSpec, access: Access) -> None:
    found = examined(
        METHOD, bare.with_items(quiz(150)), guesser(0.0, 0.5), [guesser(0.0, 0.5)] * 7, access=access
    )
    assert found.outcome is not Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.statistic > 5
    assert found.result.p_value is not None
    assert found.result.p_value > 0.01


def test_a_wrong_option_is_hidden_the_same_in_every_order_and_ranked_among_options_as_long(
    bare: ProbeSpec,
) -> None:
    rows = quiz(40)
    requests = asked(METHOD, bare.with_items(rows))
    for place, row in enumerate(rows):
        forms = [one for one in requests[3 * place : 3 * place + 3] if isinstance(one, Choose)]
        assert len(forms) == 3
        hidden = {one.options[0].strip() for one in forms}
        assert len(hidden) == 1
        assert hidden < set(row["options"]) - {row["answer"]}
        for one in forms:
            assert isinstance(one.prompt, str)
            fillers = [option.strip() for option in one.options[1:]]
            assert len(set(fillers)) == 15
            assert not set(fillers) & set(row["options"])
            sizes = [len(filler) for filler in fillers]
            assert max(abs(size - len(hidden.copy().pop())) for size in sizes) <= 1
            assert not any(option in one.prompt for option in hidden)
            slot = next(line[0] for line in one.prompt.split("\n") if line.endswith("[...]"))
            assert one.prompt.endswith(f"\nHidden option {slot}:")


def test_twins_with_other_options_hide_a_wrong_one_of_their_own(bare: ProbeSpec) -> None:
    rows = quiz(30)
    for row in rows:
        row["twin"] = {"question": "Else?", "options": ["north", "east", "south"], "answer": "east"}
    requests = asked(METHOD, bare.with_items(rows))
    for twin in requests[1::2]:
        assert isinstance(twin, Choose)
        assert twin.options[0] in {" north", " south"}


def test_nothing_is_asked_where_the_other_options_tell_the_hidden_one(bare: ProbeSpec) -> None:
    two = [{**row, "options": row["options"][:2], "answer": row["options"][0]} for row in quiz(30)]
    assert asked(METHOD, bare.with_items(two)) == []
    found = examined(METHOD, bare.with_items(two), guesser(1.0), [guesser(0.0)] * 4)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "three or more options" in found.reason
    assert asked(METHOD, bare.with_items(quiz(1))) == []

    def silent(_request: Request, _rng: np.random.Generator) -> Answer:
        return Unanswered(reason="out of order")

    assert (
        examined(METHOD, bare.with_items(quiz(40)), silent, [guesser(0.0)] * 4).outcome
        is Outcome.INCONCLUSIVE
    )


def test_nothing_found_clears_nobody(bare: ProbeSpec) -> None:
    """Models that were trained on items, or recite their options, were seen without such traces."""
    models = [guesser(0.0)] * 12
    found = examined(METHOD, bare.with_items(quiz(100)), guesser(0.0), models)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "twin-difference" in found.decisive
    assert "clears nobody" in found.reason
    assert found.result is not None
    assert found.result.guarantee == "indicative"
