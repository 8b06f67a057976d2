"""The published order against others: exact, guarded by references, and honest about what it cannot see."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from auditor import content
from auditor.probe.method.order_test import OrderTest
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding, Outcome
from auditor.record.observation import Answer, Likelihood, Observations, Unanswered
from auditor.record.request import Score, request_digest
from auditor.record.subject import Access, Role, Subject

METHOD = OrderTest()
#: How much likelier than chance a model finds a text whose items stand in the published order.
Lift = Callable[[np.random.Generator], float | None]


@pytest.fixture(scope="module")
def spec() -> ProbeSpec:
    (loaded,) = load_suites(("benchmark/order",), (content.probes(),))
    return loaded.with_items(
        [
            {
                "benchmark": "quiz",
                "id": str(n),
                "category": "",
                "question": f"What is {n}?",
                "options": [],
                "answer": str(n),
            }
            for n in range(126)
        ]
    )


def examined(spec: ProbeSpec, own: Lift, *others: Lift, seed: int = 1) -> Finding:
    def subject(role: Role, name: str) -> Subject:
        return Subject(role=role, name=name, locator=name, digest=f"sha256:{name}", access=Access.LOGPROBS)

    models = {subject(Role.SUSPECT, "suspect"): own}
    models |= {subject(Role.CONTROL, f"control-{n}"): one for n, one in enumerate(others)}
    by_digest = {one.digest: lift for one, lift in models.items()}
    rng = np.random.default_rng(seed)
    answers: dict[tuple[str, str], Answer] = {}
    for one in METHOD.plan(spec, Observations(tuple(models), seed)):
        assert isinstance(one.request, Score)
        numbers = [
            int(line.removeprefix("Answer: "))
            for line in one.request.continuation.split("\n")
            if line.startswith("Answer")
        ]
        lift = by_digest[one.subject_digest](rng)
        likelihood = float(rng.normal(-200, 4)) + (lift or 0.0) * (numbers == sorted(numbers))
        answers[one.subject_digest, request_digest(one.request)] = (
            Unanswered(reason="too long")
            if lift is None
            else Likelihood(log_likelihood=likelihood, bytes=90, tokens=40)
        )
    (finding,) = METHOD.measure(spec, Observations(tuple(models), seed, answers))
    return finding


def test_who_read_the_file_is_found(spec: ProbeSpec) -> None:
    found = examined(spec, lambda _rng: 6.0, lambda _rng: 0.0, lambda _rng: 0.0)
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.n == 21
    assert found.result.guarantee == "exact"


def test_an_order_that_everybody_expects_accuses_nobody(spec: ProbeSpec) -> None:
    found = examined(spec, lambda _rng: 6.0, lambda _rng: 6.0)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "references find it likelier as well" in found.reason


def test_without_references_nobody_is_accused(spec: ProbeSpec) -> None:
    found = examined(spec, lambda _rng: 6.0)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "--control" in found.decisive


def test_it_is_exact_for_who_has_not_read_it(spec: ProbeSpec) -> None:
    p_values = []
    for seed in range(200):
        result = examined(spec, lambda _rng: 0.0, seed=seed).result
        assert result is not None
        p_values.append(result.p_value)
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(p_values) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 200)


def test_enough_shards_clear_and_few_do_not(spec: ProbeSpec) -> None:
    cleared = examined(spec, lambda rng: float(rng.normal()), lambda _rng: 0.0, seed=3)
    assert cleared.outcome is Outcome.DOES_NOT_SUPPORT
    assert "would have been found" in cleared.reason
    few = examined(spec.with_items(spec.items[:60]), lambda _rng: 0.0, lambda _rng: 0.0)
    assert few.outcome is Outcome.INCONCLUSIVE
    silent = examined(spec, lambda _rng: None, lambda _rng: 0.0)
    assert silent.outcome is Outcome.INCONCLUSIVE
    assert "0 shards" in silent.reason
