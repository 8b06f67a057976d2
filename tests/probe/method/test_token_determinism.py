"""Sureness of answers: who recites is found, by probabilities or texts; easy items accuse nobody."""

from __future__ import annotations

import math

import numpy as np
import pytest
from examination import Reply, asked, examined, quiz

from auditor import content
from auditor.probe.method.token_determinism import TokenDeterminism
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Outcome
from auditor.record.observation import Answer, Likelihood, Text, Unanswered
from auditor.record.request import Generate, Request, Score
from auditor.record.subject import Access
from auditor.stats.repetition import share_of_equal_pairs

METHOD = TokenDeterminism()
PUBLISHED = ("A. amber", "B. birch", "C. cedar", "D. dune")


@pytest.fixture(scope="module")
def bare() -> ProbeSpec:
    (loaded,) = load_suites(("benchmark/generated-token-determinism",), (content.probes(),))
    return loaded


def writer(sure: float, learned: float = 0.0) -> Reply:
    """Sure of its words with this probability, more so where options stand as they were published."""

    def reply(request: Request, rng: np.random.Generator) -> Answer:
        assert isinstance(request, Generate | Score)
        assert isinstance(request.prompt, str)
        known = learned if all(line in request.prompt for line in PUBLISHED) else 0.0
        if isinstance(request, Score):
            assert request.continuation == " birch, I think"
            each = np.log(np.clip(rng.normal(sure + known, 0.1, 4), 0.01, 1.0))
            return Likelihood(log_likelihood=float(each.sum()), bytes=15, tokens=4)
        if request.temperature == 0.0:
            return Text(text=" birch, I think")
        return Text(text=" Birch." if rng.random() < sure + known else f"word {rng.integers(1000)}")

    return reply


@pytest.mark.parametrize("access", [Access.LOGPROBS, Access.TEXT])
def test_who_recites_is_found(bare: ProbeSpec, access: Access) -> None:
    models = [writer(0.5 + 0.02 * number) for number in range(6)]
    found = examined(METHOD, bare.with_items(quiz(100)), writer(0.5, 0.4), models, access=access)
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.effect > 20
    assert ("drawn answers" in found.result.statistic_name) == (access is Access.TEXT)


@pytest.mark.parametrize("access", [Access.LOGPROBS, Access.TEXT])
def test_items_that_make_everybody_sure_accuse_nobody(bare: ProbeSpec, access: Access) -> None:
    models = [writer(0.3 + 0.02 * number, 0.4) for number in range(6)]
    found = examined(METHOD, bare.with_items(quiz(100)), writer(0.3, 0.4), models, access=access)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.result is not None
    assert found.result.statistic > 15
    assert found.result.p_value is not None
    assert found.result.p_value > 0.01


def test_an_answer_is_written_before_it_is_weighed(bare: ProbeSpec) -> None:
    """Nothing is scored where nothing was written; two models that are asked in two ways are not compared."""
    spec = bare.with_items(quiz(40))
    assert {type(one) for one in asked(METHOD, spec)} == {Generate}
    texts = asked(METHOD, spec, Access.TEXT)
    assert {one.temperature for one in texts if isinstance(one, Generate)} == {1.0}
    assert len(texts) == 5 * len(asked(METHOD, spec))

    def mute(request: Request, _rng: np.random.Generator) -> Answer:
        assert isinstance(request, Generate)
        return Text(text=" \n")

    assert examined(METHOD, spec, mute, [writer(0.5)] * 4).outcome is Outcome.INCONCLUSIVE


def test_a_model_that_refuses_is_not_cleared(bare: ProbeSpec) -> None:
    def silent(_request: Request, _rng: np.random.Generator) -> Answer:
        return Unanswered(reason="out of order")

    found = examined(METHOD, bare.with_items(quiz(40)), silent, [writer(0.5)] * 4)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "out of order" in found.reason


def test_equal_pairs_in_closed_form_and_without_bias() -> None:
    assert share_of_equal_pairs("aabbc") == pytest.approx(2 / 10)
    assert share_of_equal_pairs("aaaa") == 1.0
    assert math.isnan(share_of_equal_pairs("a"))
    rng = np.random.default_rng(2)
    drawn = [share_of_equal_pairs(rng.choice(3, 4, p=[0.6, 0.3, 0.1]).tolist()) for _ in range(4000)]
    assert np.mean(drawn) == pytest.approx(0.36 + 0.09 + 0.01, abs=0.02)


def test_nothing_found_clears_nobody(bare: ProbeSpec) -> None:
    """Models that were trained on items, or recite their options, were seen without such traces."""
    models = [writer(0.5)] * 12
    found = examined(METHOD, bare.with_items(quiz(100)), writer(0.5), models)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "twin-difference" in found.decisive
    assert "clears nobody" in found.reason
    assert found.result is not None
    assert found.result.guarantee == "indicative"
