"""Completion of questions: who knows their words is found, by probabilities and by texts alone."""

from __future__ import annotations

import numpy as np
import pytest
from examination import Reply, asked, examined, quiz

from auditor import content
from auditor.probe.method.completion_recall import CompletionRecall
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Outcome
from auditor.record.observation import Answer, Likelihood, Text, Unanswered
from auditor.record.request import Generate, Request, Score
from auditor.record.subject import Access
from auditor.stats.word_recall import recalled_in_order

METHOD = CompletionRecall()


@pytest.fixture(scope="module")
def bare() -> ProbeSpec:
    (loaded,) = load_suites(("benchmark/completion-recall",), (content.probes(),))
    return loaded


def reciter(known: float, easier: float = 0.0) -> Reply:
    """Guesses some of what follows; of published questions more, known or easy as they are."""

    def reply(request: Request, rng: np.random.Generator) -> Answer:
        assert isinstance(request, Generate | Score)
        assert isinstance(request.prompt, str)
        published = request.prompt.startswith("Question: In the")
        gain = (known + easier) * published
        if isinstance(request, Score):
            size = len(request.continuation.encode())
            return Likelihood(log_likelihood=size * rng.normal(-1.0 + gain, 0.2), bytes=size, tokens=9)
        ending = "the four words that follow belongs" if published else "what would somebody put there"
        return Text(text=" ".join(word if rng.random() < 0.4 + gain else "um" for word in ending.split()))

    return reply


@pytest.mark.parametrize("access", [Access.LOGPROBS, Access.TEXT])
def test_who_knows_the_questions_is_found(bare: ProbeSpec, access: Access) -> None:
    spec = bare.with_items(quiz(80, twins=True))
    found = examined(METHOD, spec, reciter(0.5), [reciter(0.0, 0.05)] * 6, access=access)
    assert found.outcome is Outcome.SUPPORTS, found.reason
    assert found.result is not None
    assert found.result.effect_unit == ("nats per byte" if access is Access.LOGPROBS else "points")


@pytest.mark.parametrize("access", [Access.LOGPROBS, Access.TEXT])
def test_questions_that_everybody_guesses_accuse_nobody(bare: ProbeSpec, access: Access) -> None:
    spec = bare.with_items(quiz(80, twins=True))
    found = examined(METHOD, spec, reciter(0.0, 0.4), [reciter(0.0, 0.4)] * 6, access=access)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.result is not None
    assert found.result.statistic > 0.1
    assert found.result.p_value is not None
    assert found.result.p_value > 0.01


def test_halves_are_cut_between_words_and_only_questions_that_differ_are_asked(bare: ProbeSpec) -> None:
    rows = quiz(1, twins=True)
    rows[0]["question"] = "One  two\nthree four five six seven eight nine?"
    first, _ = asked(METHOD, bare.with_items(rows))
    assert first == Score(prompt="Question: One  two\nthree four", continuation=" five six seven eight nine?")
    assert asked(METHOD, bare.with_items(quiz(30))) == []
    rows[0]["question"] = "Too short?"
    assert asked(METHOD, bare.with_items(rows)) == []
    found = examined(METHOD, bare.with_items(quiz(30)), reciter(0.5), [reciter(0.0)] * 4)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "twin_question" in found.decisive


def test_a_model_that_refuses_is_not_cleared(bare: ProbeSpec) -> None:
    def silent(_request: Request, _rng: np.random.Generator) -> Answer:
        return Unanswered(reason="out of order")

    found = examined(METHOD, bare.with_items(quiz(40, twins=True)), silent, [reciter(0.0)] * 4)
    assert found.outcome is Outcome.INCONCLUSIVE


def by_recursion(wanted: str, written: str) -> int:
    if not wanted or not written:
        return 0
    if wanted[-1] == written[-1]:
        return 1 + by_recursion(wanted[:-1], written[:-1])
    return max(by_recursion(wanted[:-1], written), by_recursion(wanted, written[:-1]))


def test_recall_in_order_agrees_with_the_recursion() -> None:
    assert recalled_in_order("abcd", "xaybzd") == 0.75
    assert np.isnan(recalled_in_order("", "a"))
    rng = np.random.default_rng(0)
    for _ in range(200):
        wanted, written = ("".join(rng.choice(list("abc"), rng.integers(1, 8))) for _ in range(2))
        assert recalled_in_order(wanted, written) == pytest.approx(
            by_recursion(wanted, written) / len(wanted)
        )
