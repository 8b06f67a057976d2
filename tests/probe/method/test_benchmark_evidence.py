"""All tests in one table: what one of them finds is told with its cause, and many accuse nobody more."""

from __future__ import annotations

import numpy as np
import pytest
from examination import Reply, examined, quiz
from scipy import stats

from auditor import content
from auditor.probe.method.benchmark_evidence import BenchmarkEvidence
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding, Outcome, Table
from auditor.record.observation import Answer, Choice, Likelihood, Text, TokenLikelihoods
from auditor.record.request import Choose, Generate, Request, Score, ScoreTokens
from auditor.record.subject import Access
from auditor.stats.multiplicity import holm

METHOD = BenchmarkEvidence()


@pytest.fixture(scope="module")
def bare() -> ProbeSpec:
    (loaded,) = load_suites(("benchmark/together",), (content.probes(),))
    return loaded


def model(answers: float = 0.0, words: float = 0.0, skill: float = 0.5) -> Reply:
    """Better at published items by what was learned of their answers, and less surprised by their words."""

    def reply(request: Request, rng: np.random.Generator) -> Answer:
        shown = (
            request.continuation if isinstance(request, ScoreTokens) else str(getattr(request, "prompt", ""))
        )
        published = "In the quiz" in shown
        if isinstance(request, ScoreTokens):
            standing = rng.normal(words * published, 1.0, 20)
            return TokenLikelihoods(
                log_likelihoods=tuple(standing), means=(0.0,) * 20, deviations=(1.0,) * 20, bytes=60
            )
        if isinstance(request, Score):
            size = len(request.continuation.encode())
            return Likelihood(log_likelihood=size * rng.normal(-1.0, 0.1), bytes=size, tokens=size)
        if isinstance(request, Choose) and len(request.options) == 4:
            number = int(next(one for one in shown.split() if one.strip(",").isdigit()).strip(","))
            hit = rng.random() < skill + answers * published
            place = number % 4 if hit else int(rng.integers(4))
            return Choice(log_likelihoods=tuple(-float(at != place) for at in range(4)), bytes=(2,) * 4)
        if isinstance(request, Choose):
            return Choice(
                log_likelihoods=tuple(rng.normal(-9, 1, len(request.options))),
                bytes=(9,) * len(request.options),
            )
        assert isinstance(request, Generate)
        return Text(text=f" word {rng.integers(10**6)}")

    return reply


def found(spec: ProbeSpec, suspect: Reply, others: list[Reply], access: Access = Access.LOGPROBS) -> Finding:
    return examined(METHOD, spec, suspect, others, access=access)


def rows_of(finding: Finding) -> list[tuple[object, ...]]:
    (table,) = [one for one in finding.exhibits if isinstance(one, Table)]
    assert table.columns[-2:] == ("verdict", "cause")
    return [tuple(row) for row in table.rows]


def test_the_cause_says_which_test_found_it(bare: ProbeSpec) -> None:
    spec = bare.with_items(quiz(120, twins=True))
    others = [model(skill=0.4 + 0.03 * number) for number in range(8)]
    by_words = found(spec, model(words=1.0), others)
    assert by_words.outcome is Outcome.SUPPORTS
    assert by_words.fact("cause") == "its words are known (unlikely tokens)"
    by_answers = found(spec, model(answers=0.45), others)
    assert by_answers.outcome is Outcome.SUPPORTS
    assert by_answers.fact("cause") == "its score is too high"
    ((name, published, twins, gap, *_, tests, _p, verdict, _cause),) = rows_of(by_answers)
    assert (name, tests, verdict) == ("quiz", 5, "learned")
    assert float(str(published)) - float(str(twins)) == pytest.approx(float(str(gap)), abs=0.11)
    assert "of 5 tests of all benchmarks together" in by_answers.reason


def test_only_the_tests_that_the_access_allows_are_made(bare: ProbeSpec) -> None:
    spec = bare.with_items(quiz(60, twins=True))
    texts = found(spec, model(), [model()] * 5, Access.TEXT)
    ((*_, tests, _p, verdict, _cause),) = rows_of(texts)
    assert tests == 4
    assert verdict == "open"
    assert texts.outcome is Outcome.INCONCLUSIVE


def test_nothing_is_said_of_nothing(bare: ProbeSpec) -> None:
    assert found(bare, model(), [model()] * 4).decisive == "--benchmark FILE"
    few = found(bare.with_items(quiz(60, twins=True)), model(words=2.0), [model()] * 2)
    assert few.outcome is Outcome.INCONCLUSIVE
    assert few.result is None


def test_a_clean_benchmark_does_not_clear_one_that_could_not_be_tested(bare: ProbeSpec) -> None:
    others = [model(skill=0.97)] * 14
    clean = quiz(150, twins=True)
    alone = found(bare.with_items(clean), others[0], others)
    short = [{**one, "options": [], "answer": "x", "benchmark": "short"} for one in quiz(30)]
    both = found(bare.with_items([*clean, *short]), others[0], others)
    assert alone.outcome is Outcome.DOES_NOT_SUPPORT, alone.reason
    assert both.outcome is Outcome.INCONCLUSIVE
    assert [row[-2] for row in rows_of(both)] == ["not learned", "open"]


def test_who_only_guesses_is_not_cleared_by_all_tests_together(bare: ProbeSpec) -> None:
    others = [model(skill=0.97)] * 14
    guessing = found(bare.with_items(quiz(150, twins=True)), model(skill=0.0), others)
    assert guessing.outcome is Outcome.INCONCLUSIVE
    assert [row[-2] for row in rows_of(guessing)] == ["open"]
    assert "words that the suspect can answer" in guessing.decisive


@pytest.mark.parametrize("together", [0.0, 0.5, 0.95])
def test_many_tests_of_the_same_items_accuse_no_more_than_promised(together: float) -> None:
    """Five tests of two benchmarks, whose gaps hang together: 20,000 suspects among five references."""
    rng = np.random.default_rng(int(100 * together))
    runs, references, tests = 20_000, 5, 10
    shared = rng.normal(0, 1, (runs, 1 + references, 1))
    own = rng.normal(0, 1, (runs, 1 + references, tests))
    gaps = np.sqrt(together) * shared + np.sqrt(1 - together) * own
    error = gaps[:, 1:].std(axis=1, ddof=1) * np.sqrt(1 + 1 / references)
    p_values = stats.t.sf((gaps[:, 0] - gaps[:, 1:].mean(axis=1)) / error, references - 1)
    smallest = tests * p_values.min(axis=1)
    assert min(holm(p_values[0].tolist())) == pytest.approx(min(smallest[0], 1.0))
    for level in (0.01, 0.05):
        assert np.mean(smallest <= level) <= level + 3 * np.sqrt(level * (1 - level) / runs)
