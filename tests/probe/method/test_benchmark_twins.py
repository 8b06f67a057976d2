"""Items as published against twins: who memorised is found, and who merely prefers a place is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auditor import content
from auditor.probe.benchmark.item import BenchmarkQuestion, items_of, with_reshuffled_options
from auditor.probe.method.benchmark_twins import BenchmarkTwins
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding, Outcome
from auditor.record.observation import Answer, Choice, Observations, Text, Unanswered
from auditor.record.request import Choose, Generate, Request, request_digest
from auditor.record.subject import Access, Role, Subject

METHOD = BenchmarkTwins()
#: What a model says to a question, by the text that it is shown.
Model = Callable[[BenchmarkQuestion, np.random.Generator], int | None]


def rows(count: int, name: str = "quiz", seed: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Options in rising order, as authors like to list them."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        options = sorted(int(one) for one in rng.choice(900, 4, replace=False))
        found.append(
            {
                "benchmark": name,
                "id": str(number),
                "category": "",
                "question": f"{name} {number}?",
                "options": [str(one) for one in options],
                "answer": str(options[int(rng.choice(4, p=[0.1, 0.2, 0.3, 0.4]))]),
                **more,
            }
        )
    return found


@pytest.fixture(scope="module")
def bare() -> ProbeSpec:
    (loaded,) = load_suites(("benchmark/twin-difference",), (content.probes(),))
    return loaded


def subject(role: Role, name: str, access: Access = Access.LOGPROBS) -> Subject:
    return Subject(role=role, name=name, locator=name, digest=f"sha256:{name}", access=access)


def plain(skill: float, last: float = 0.0, rising: float = 0.0) -> Model:
    """Knows a share of the answers, of the rest prefers the last place; easier where options rise."""

    def reply(question: BenchmarkQuestion, rng: np.random.Generator) -> int:
        values = [int(one) for one in question.options]
        helped = rising if values == sorted(values) else 0.0
        if rng.random() < skill + helped:
            return question.options.index(question.answer)
        return len(values) - 1 if rng.random() < last else int(rng.integers(len(values)))

    return reply


def memoriser(share: float, otherwise: Model) -> Model:
    """Knows the letter of a share of the published items, in whatever order options are shown."""

    def reply(question: BenchmarkQuestion, rng: np.random.Generator) -> int | None:
        values = [int(one) for one in question.options]
        known = np.random.default_rng(sum(values)).random() < share
        if known:
            return sorted(values).index(int(question.answer)) if values == sorted(values) else 0
        return otherwise(question, rng)

    return reply


def examined(
    spec: ProbeSpec,
    suspect: Model,
    references: list[Model],
    *,
    seed: int = 1,
    access: Access = Access.LOGPROBS,
) -> Finding:
    models = {subject(Role.SUSPECT, "suspect", access): suspect}
    models |= {subject(Role.CONTROL, f"control-{n}", access): one for n, one in enumerate(references)}
    empty = Observations(tuple(models), seed)
    by_digest = {one.digest: reply for one, reply in models.items()}
    shown = {
        text: question
        for item in with_reshuffled_options(items_of(spec.items, 400, ""), 2, seed)
        for question in (item.published, *item.twins)
        for text in [f"Question: {question.question}\n{question.listed}\nAnswer:"]
    }
    rng = np.random.default_rng(seed)
    answers: dict[tuple[str, str], Answer] = {}
    for one in METHOD.plan(spec, empty):
        question = shown[one.request.prompt]  # type: ignore[union-attr, index]
        answers[one.subject_digest, request_digest(one.request)] = spoken(
            one.request, by_digest[one.subject_digest](question, rng), question
        )
    (finding,) = METHOD.measure(spec, Observations(tuple(models), seed, answers))
    return finding


def spoken(request: Request, place: int | None, question: BenchmarkQuestion) -> Answer:
    if place is None:
        return Unanswered(reason="too long")
    if isinstance(request, Choose):
        assert request.options == tuple(f" {letter}" for letter in question.letters)
        likelihoods = tuple(-0.1 if n == place else -3.0 for n in range(len(question.options)))
        return Choice(log_likelihoods=likelihoods, bytes=(2,) * len(likelihoods))
    assert isinstance(request, Generate)
    letter = question.letters[place]
    return Text(text=f" {letter}. {question.options[place]}" if place % 2 else f" The answer is {letter}.")


@pytest.mark.parametrize("access", [Access.TEXT, Access.LOGPROBS])
def test_who_memorised_the_order_is_found(bare: ProbeSpec, access: Access) -> None:
    spec = bare.with_items(rows(300))
    found = examined(
        spec, memoriser(0.5, plain(0.5)), [plain(0.4 + 0.03 * n) for n in range(8)], access=access
    )
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.p_value is not None
    assert found.result.p_value < 1e-4
    assert len(found.result.controls) == 8
    assert found.fact("benchmark") == "quiz"


def test_a_preferred_place_and_sorted_options_accuse_nobody(bare: ProbeSpec) -> None:
    """Right answers of the quiz stand last most often, and its options rise: everybody is better on it."""
    spec = bare.with_items(rows(300))
    everybody = [plain(0.5, last=0.1 * n, rising=0.1) for n in range(9)]
    found = examined(spec, plain(0.5, last=0.8, rising=0.1), everybody)
    assert found.result is not None
    assert found.result.statistic > 3
    assert found.result.p_value is not None
    assert found.result.p_value > 0.05
    by_heart = examined(spec, memoriser(0.5, plain(0.5, last=0.8, rising=0.1)), everybody)
    assert by_heart.outcome is Outcome.SUPPORTS


def test_right_answers_of_twins_stand_in_every_place_as_often(bare: ProbeSpec) -> None:
    items = with_reshuffled_options(items_of(rows(120), 400, ""), 3, 7)

    def places(questions: list[BenchmarkQuestion]) -> list[int]:
        return sorted(one.options.index(one.answer) for one in questions)

    published = places([one.published for one in items])
    for number in range(3):
        assert places([one.twins[number] for one in items]) == published
    assert all(sorted(twin.options) == sorted(one.published.options) for one in items for twin in one.twins)
    assert len({one.twins[0].options for one in items if one.twins[0] != one.published}) > 60


def test_innocents_are_accused_no_more_often_than_promised(bare: ProbeSpec) -> None:
    spec = bare.with_items(rows(60))
    p_values = []
    for seed in range(60):
        rng = np.random.default_rng([seed, 5])
        models = [plain(float(rng.uniform(0.3, 0.8)), last=float(rng.random())) for _ in range(5)]
        result = examined(spec, models[0], models[1:], seed=seed).result
        assert result is not None
        p_values.append(result.p_value)
    for level in (0.05, 0.2):
        assert np.mean(np.array(p_values) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 60)


def test_the_benchmark_that_was_seen_is_named_among_several(bare: ProbeSpec) -> None:
    spec = bare.with_items([*rows(150, "clean", 3), *rows(150, "leaked", 4)])

    def leaky(question: BenchmarkQuestion, rng: np.random.Generator) -> int | None:
        whole = memoriser(0.7, plain(0.5)) if question.question.startswith("leaked") else plain(0.5)
        return whole(question, rng)

    found = examined(spec, leaky, [plain(0.5)] * 8)
    assert found.outcome is Outcome.SUPPORTS
    assert found.fact("benchmark") == "leaked"
    (table,) = [one for one in found.exhibits if one.kind == "table"]
    assert [row[0] for row in table.rows] == ["clean", "leaked"]


def test_twins_of_the_users_own_are_taken(bare: ProbeSpec) -> None:
    own = {"question": "another?", "options": ["1", "2", "3", "4"], "answer": "2"}
    (item, *_) = with_reshuffled_options(items_of(rows(30, twin=own), 400, ""), 2, 1)
    assert [one.question for one in item.twins] == ["another?"]


def test_nothing_is_said_without_a_yardstick(bare: ProbeSpec) -> None:
    by_heart = memoriser(0.9, plain(0.5))
    few = examined(bare.with_items(rows(100)), by_heart, [plain(0.5)] * 2)
    assert few.outcome is Outcome.INCONCLUSIVE
    assert "--control" in few.decisive
    silent = examined(bare.with_items(rows(100)), by_heart, [lambda _question, _rng: None] * 4)
    assert silent.outcome is Outcome.INCONCLUSIVE
    short = [{**one, "options": []} for one in rows(40)]
    assert "no item has a twin" in examined(bare.with_items(short), by_heart, []).reason
    assert examined(bare, by_heart, []).decisive == "--benchmark FILE"


def test_only_so_many_items_are_asked_and_not_by_their_place(bare: ProbeSpec) -> None:
    many = rows(60)
    kept = {one.id for one in items_of(many, 20, "")}
    assert len(kept) == 20
    assert kept == {one.id for one in items_of(many[::-1], 20, "")}


def test_recorded_sample_logs_are_taken_as_they_are(bare: ProbeSpec) -> None:
    """Both sides are asked in the words of the log, so that a recording can answer."""
    row = {**rows(1)[0], "context": "Few shots.\nQ:", "continuations": [" w", " x", " y", " z"]}
    twin = {**row, "context": "Few shots.\nR:"}
    spec = bare.with_items([{**row, "twins": [twin]}])
    asked = METHOD.plan(spec, Observations((subject(Role.SUSPECT, "suspect"),), 1))
    assert [one.request for one in asked] == [
        Choose(prompt=f"Few shots.\n{letter}:", options=(" w", " x", " y", " z")) for letter in "QR"
    ]
    alone = METHOD.plan(bare.with_items([row]), Observations((subject(Role.SUSPECT, "suspect"),), 1))
    assert alone == []


def test_models_that_always_give_one_letter_clear_nobody(bare: ProbeSpec) -> None:
    """Small models do; their gaps are all alike, and nothing could have been found."""

    def first(_question: BenchmarkQuestion, _rng: np.random.Generator) -> int:
        return 0

    found = examined(bare.with_items(rows(60)), first, [first] * 4)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "do not differ at all" in found.reason


def test_a_benchmark_that_could_not_be_compared_is_not_cleared_with_the_others(bare: ProbeSpec) -> None:
    short = [{**one, "options": []} for one in rows(40, "short", 8)]
    clean = rows(400, "clean", 9)
    models = [plain(0.95) for _ in range(30)]
    assert examined(bare.with_items(clean), plain(0.95), models).outcome is Outcome.DOES_NOT_SUPPORT
    found = examined(bare.with_items([*clean, *short]), plain(0.95), models)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "of short too few items" in found.reason


def test_who_only_guesses_is_not_cleared(bare: ProbeSpec) -> None:
    """What it learned may show in other words; a gap of a guesser says nothing of it."""
    models = [plain(0.95) for _ in range(30)]
    items = rows(400, "clean", 9)
    found = examined(bare.with_items(items), plain(0.0), models)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "where guessing gives 25 %, so that these words may not reach" in found.reason
    assert "the suspect's maker" in found.decisive
