"""Min-K%++ of published items against twins: who read them is found, and who finds them easier is not."""

from __future__ import annotations

import numpy as np
import pytest
from examination import Reply, asked, examined, line_up, quiz

from auditor import content
from auditor.probe.method.min_k_plus_plus import MinKPlusPlus
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Outcome
from auditor.record.observation import Answer, Observations, TokenLikelihoods, Unanswered
from auditor.record.request import Request, ScoreTokens
from auditor.record.subject import Access

METHOD = MinKPlusPlus()
#: The order in which options were published.
PUBLISHED = ("A. amber", "B. birch", "C. cedar", "D. dune")


@pytest.fixture(scope="module")
def bare() -> ProbeSpec:
    (loaded,) = load_suites(("benchmark/min-k-plus-plus",), (content.probes(),))
    return loaded


def reader(learned: float, easier: float = 0.0) -> Reply:
    """Tokens stand anywhere; those of items in the published order higher, by what was learned or for all."""

    def reply(request: Request, rng: np.random.Generator) -> Answer:
        assert isinstance(request, ScoreTokens)
        published = all(line in request.continuation for line in PUBLISHED)
        standing = rng.normal(0.0, 1.0, 20) + (learned + easier) * published
        return TokenLikelihoods(
            log_likelihoods=tuple(-3.0 + 2.0 * standing), means=(-3.0,) * 20, deviations=(2.0,) * 20, bytes=60
        )

    return reply


def test_who_read_the_items_is_found(bare: ProbeSpec) -> None:
    found = examined(METHOD, bare.with_items(quiz(80)), reader(1.0), [reader(0.0)] * 6)
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.effect == pytest.approx(1.0, abs=0.3)
    assert found.result.effect_unit == "standard deviations"
    assert found.fact("contrast") == found.result.effect
    assert found.fact("benchmark") == "quiz"


def test_items_that_everybody_finds_easier_accuse_nobody(bare: ProbeSpec) -> None:
    """A published order that is likelier by itself, such as a sorted one."""
    found = examined(METHOD, bare.with_items(quiz(80)), reader(0.0, 1.0), [reader(0.0, 1.0)] * 6)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.result is not None
    assert found.result.statistic > 0.7
    assert found.result.p_value is not None
    assert found.result.p_value > 0.05


def test_innocents_are_accused_no_more_often_than_promised(bare: ProbeSpec) -> None:
    spec = bare.with_items(quiz(24))
    p_values = []
    for seed in range(60):
        gaps = np.random.default_rng([seed, 3]).normal(0.5, 0.2, 5)
        result = examined(
            METHOD, spec, reader(0.0, gaps[0]), [reader(0.0, one) for one in gaps[1:]], seed=seed
        ).result
        assert result is not None
        p_values.append(result.p_value)
    for level in (0.05, 0.2):
        assert np.mean(np.array(p_values) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 60)


def test_only_what_differs_is_scored(bare: ProbeSpec) -> None:
    row = quiz(1)[0]
    first, *others = asked(METHOD, bare.with_items([row]))
    assert first == ScoreTokens(
        prompt=f"Questions and answers:\n\n{row['question']}\n",
        continuation="A. amber 0\nB. birch 0\nC. cedar 0\nD. dune 0\nAnswer: amber 0",
    )
    assert len(others) == 2
    twin = quiz(1, twins=True)[0]
    whole = asked(METHOD, bare.with_items([twin]))
    assert [one.prompt for one in whole if isinstance(one, ScoreTokens)] == ["Questions and answers:\n\n"] * 2
    assert [one.continuation.split("\n")[0] for one in whole if isinstance(one, ScoreTokens)] == [
        twin["question"],
        twin["twin"]["question"],
    ]


def test_a_model_that_shows_too_little_is_neither_accused_nor_cleared(bare: ProbeSpec) -> None:
    def silent(_request: Request, _rng: np.random.Generator) -> Answer:
        return Unanswered(reason="an endpoint does not show its probabilities of all tokens")

    found = examined(METHOD, bare.with_items(quiz(40)), silent, [reader(0.0)] * 4)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "does not show its probabilities of all tokens" in found.reason
    few = examined(METHOD, bare.with_items(quiz(40)), reader(1.0), [reader(0.0)] * 2)
    assert few.outcome is Outcome.INCONCLUSIVE
    assert "--control" in few.decisive


def test_it_says_beforehand_what_it_can_find(bare: ProbeSpec) -> None:
    spec = bare.with_items(quiz(40))
    (sentence,) = METHOD.forecast(spec, Observations(line_up(6), 1))
    assert sentence.startswith("with 6 references and 40 items, 0.")
    assert "standard deviations beyond the references' gap are found with probability 0.8" in sentence
    (few,) = METHOD.forecast(spec, Observations(line_up(2), 1))
    assert "fewer than 3" in few
    assert METHOD.forecast(bare, Observations(line_up(6), 1)) == ()
    assert "2 references" not in sentence
    blind = METHOD.forecast(spec, Observations(line_up(6, Access.TEXT), 1))
    assert blind[0].startswith("0 references")
