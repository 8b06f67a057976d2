"""The twin gap: exact under the null, finds memorised items, and says when it could not have."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import content
from auditor.error import ContentError
from auditor.probe.generator.twins import Benchmark, Side, option_named
from auditor.probe.method.twin_gap import TwinGap
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding, Outcome
from auditor.record.observation import Answer, Choice, Observation, Observations, Text, Unanswered
from auditor.record.request import Choose, Generate, Question, request_digest
from auditor.record.subject import Access, Role, Subject

METHOD = TwinGap()


def subject(role: Role, access: Access = Access.LOGPROBS) -> Subject:
    return Subject(
        role=role, name=role.value, locator=role.value, digest=f"sha256:{role.value}", access=access
    )


@pytest.fixture(scope="module")
def spec() -> ProbeSpec:
    (loaded,) = load_suites(("overfitting/twin-gap",), (content.probes(),))
    return loaded


def right_answers(seed: int, spec: ProbeSpec) -> dict[str, tuple[str, Side]]:
    parameters = METHOD.parameters.model_validate(spec.file.parameters)
    return {one.item.question: (one.item.answer, one.side) for one in parameters.twins(seed)}  # type: ignore[attr-defined]


def answer(
    question: Question,
    known: dict[str, tuple[str, Side]],
    rng: np.random.Generator,
    rates: tuple[float, float],
) -> Answer:
    prompt = question.request.prompt  # type: ignore[union-attr]
    text = prompt if isinstance(prompt, str) else prompt[0].text
    right, side = known[text.removeprefix("Question: ").removesuffix("\nAnswer:")]
    knows = rng.random() < rates[side]
    if isinstance(question.request, Choose):
        options = [one.strip() for one in question.request.options]
        favourite = (
            options.index(right) if knows else int(rng.choice([i for i in range(4) if options[i] != right]))
        )
        likelihoods = [-9.0 * len(one) for one in options]
        likelihoods[favourite] = -0.1
        return Choice(log_likelihoods=tuple(likelihoods), bytes=tuple(len(one) + 1 for one in options))
    return Text(text=f"I think it is {right}." if knows else "No idea.")


def examined(
    spec: ProbeSpec,
    rates: tuple[float, float],
    *,
    seed: int = 5,
    access: Access = Access.LOGPROBS,
    drop: float = 0,
) -> Finding:
    rng = np.random.default_rng(seed)
    someone = subject(Role.SUSPECT, access)
    nothing = Observations((someone,), seed)
    known = right_answers(seed, spec)
    seen = [
        Observation(
            subject_digest=question.subject_digest,
            request_digest=request_digest(question.request),
            request=question.request,
            answer=answer(question, known, rng, rates)
            if rng.random() >= drop
            else Unanswered(reason="too long"),
        )
        for question in METHOD.plan(spec, nothing)
    ]
    (finding,) = METHOD.measure(spec, Observations.of((someone,), seed, seen))
    return finding


def test_memorised_items_are_found_and_honest_skill_is_not(spec: ProbeSpec) -> None:
    found = examined(spec, (0.75, 0.45))
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.p_value is not None
    assert found.result.p_value < 1e-6
    assert 20 < found.result.effect < 40
    for skill in (0.25, 0.5, 0.95):
        assert examined(spec, (skill, skill)).outcome is Outcome.DOES_NOT_SUPPORT


def test_too_few_answers_never_clear_anybody(spec: ProbeSpec) -> None:
    few = examined(spec, (0.5, 0.5), drop=0.85)
    assert few.outcome is Outcome.INCONCLUSIVE
    assert "items on each side" in few.decisive
    none = examined(spec, (0.5, 0.5), drop=1.0)
    assert none.outcome is Outcome.INCONCLUSIVE
    assert none.result is None


def test_text_alone_is_enough(spec: ProbeSpec) -> None:
    nothing = Observations((subject(Role.SUSPECT, Access.TEXT),), 5)
    assert all(isinstance(one.request, Generate) for one in METHOD.plan(spec, nothing))
    assert examined(spec, (0.8, 0.4), access=Access.TEXT).outcome is Outcome.SUPPORTS


def test_the_whole_probe_is_exact_under_the_null(spec: ProbeSpec) -> None:
    """Fixed answers by a model that has its own strong and weak spots, many fresh seeds."""
    alpha, scans = 0.05, 150
    parameters = {**spec.file.parameters, "items": 96, "levels": [2, 3]}
    small = replace(spec, file=spec.file.model_copy(update={"parameters": parameters}))
    p_values = []
    for seed in range(scans):
        result = examined(small, (0.55, 0.55), seed=seed).result
        assert result is not None
        assert result.p_value is not None
        p_values.append(result.p_value)
    assert np.mean(np.array(p_values) <= alpha) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / scans)


def test_measuring_twice_and_in_any_order_gives_the_same_finding(spec: ProbeSpec) -> None:
    assert examined(spec, (0.7, 0.5)) == examined(spec, (0.7, 0.5))


def test_published_items_do_not_depend_on_the_scan_and_fresh_ones_do() -> None:
    made = Benchmark(generators=("chained_sums", "ordering"), levels=(1, 2), items=80)
    one, two = made.twins(1, 100), made.twins(1, 200)
    published = [{t.item.question for t in twins if t.side is Side.PUBLISHED} for twins in (one, two)]
    fresh = [{t.item.question for t in twins if t.side is Side.FRESH} for twins in (one, two)]
    assert len(published[0] & published[1]) > 0.8 * len(published[0])
    assert len(fresh[0] & fresh[1]) < 0.2 * len(fresh[0])


def test_a_question_drawn_twice_is_dropped_on_both_sides() -> None:
    made = Benchmark(generators=("chained_sums",), levels=(1,), items=600)
    drawn = Counter(one.item.question for one in (*made.draw(Side.PUBLISHED, 1), *made.draw(Side.FRESH, 2)))
    assert max(drawn.values()) > 1
    kept = Counter(one.item.question for one in made.twins(1, 2))
    assert set(kept.values()) == {1}
    assert all(drawn[question] == 1 for question in kept)


def test_equal_seeds_still_give_different_sides() -> None:
    made = Benchmark(generators=("word_problem",), levels=(2,), items=40)
    twins = made.twins(9, 9)
    assert len({one.item.question for one in twins}) == len(twins) > 60


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("3 + 4 = 7. 7 * 2 = 14. The answer is 14.", ("14", "7", "2", "4"), "14"),
        ("It is 140.", ("14", "40", "1", "0"), ""),
        ("14.5 or rather 14", ("14", "5", "1", "15"), "14"),
        ("Tuesday, no: Wednesday", ("Tuesday", "Wednesday", "Friday", "Monday"), "Wednesday"),
        ("it is -3", ("3", "-3", "1", "2"), "-3"),
        ("", ("a", "b", "c", "d"), ""),
        ("the answer is B", ("b", "e", "k", "d"), "b"),
        ("21 October", ("1 October", "21 October", "2 October", "22 October"), "21 October"),
    ],
)
def test_the_option_that_an_answer_settles_on(text: str, options: tuple[str, ...], expected: str) -> None:
    assert option_named(text, options) == expected


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=8), min_size=4, max_size=4, unique=True))
def test_any_text_settles_on_an_option_or_on_nothing(text: str, options: list[str]) -> None:
    assert option_named(text, options) in ("", *options)


def test_unknown_parameters_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("probes") / "own" / "twin-gap"
    folder.mkdir(parents=True)
    original = (content.probes() / "overfitting" / "twin-gap" / "probe.yaml").read_text()
    (folder / "probe.yaml").write_text(original + "  itmes: 3\n")
    with pytest.raises(ContentError, match="itmes"):
        load_suites(("own",), (folder.parent.parent,))
