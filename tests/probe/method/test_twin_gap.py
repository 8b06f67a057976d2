"""The twin gap: exact under the null, finds memorised items, and says when it could not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import content
from auditor.error import ContentError
from auditor.probe.generator.twins import Benchmark, Side, Twin, option_named
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


# Whose answers were learned.


def cast(
    spec: ProbeSpec,
    reply: Callable[[Twin, str], str],
    *,
    seed: int = 5,
    access: Access = Access.LOGPROBS,
    teachers: Sequence[float] = (0.5,),
    same: float = 0.0,
) -> dict[str, Finding]:
    """Findings by name of the teacher; that on the suspect itself under its own name.

    Every teacher knows an item with its own probability and errs at random, or with probability ``same`` like
    the first one. ``reply`` says what the suspect answers, by item and by the first teacher's answer.
    """
    suspect = replace(subject(Role.SUSPECT, access), name="suspect")
    those = [
        replace(subject(Role.TEACHER, access), name=f"t{n}", digest=f"sha256:t{n}")
        for n in range(len(teachers))
    ]
    parameters = METHOD.parameters.model_validate(spec.file.parameters)
    rng = np.random.default_rng(seed)
    says: dict[tuple[str, str], str] = {}
    for one in parameters.twins(seed):  # type: ignore[attr-defined]
        item = one.item
        wrong = [option for option in item.options if option != item.answer]
        for teacher, skill in zip(those, teachers, strict=True):
            said = item.answer if rng.random() < skill else str(rng.choice(wrong))
            if teacher is not those[0] and rng.random() < same:
                said = says[item.question, "t0"]
            says[item.question, teacher.name] = said
        says[item.question, "suspect"] = reply(one, says[item.question, "t0"])
    by_digest = {one.digest: one for one in (suspect, *those)}
    seen = Observations(tuple(by_digest.values()), seed)
    while True:
        asked = [
            q for q in METHOD.plan(spec, seen) if seen.answer(by_digest[q.subject_digest], q.request) is None
        ]
        if not asked:
            break
        answers = dict(seen.answers)
        for question in asked:
            name = by_digest[question.subject_digest].name
            answers[question.subject_digest, request_digest(question.request)] = spoken(question, says, name)
        seen = Observations(seen.subjects, seed, answers)
    names = {one.digest: one.name for one in those}
    return {names.get(one.teacher or "", "suspect"): one for one in METHOD.measure(spec, seen)}


def spoken(question: Question, says: dict[tuple[str, str], str], name: str) -> Answer:
    prompt = question.request.prompt  # type: ignore[union-attr]
    text = prompt if isinstance(prompt, str) else prompt[0].text
    said = says[text.removeprefix("Question: ").removesuffix("\nAnswer:"), name]
    if isinstance(question.request, Choose):
        options = [one.strip() for one in question.request.options]
        likelihoods = tuple(-0.1 if one == said else -9.0 * len(one) for one in options)
        return Choice(log_likelihoods=likelihoods, bytes=tuple(len(one) + 1 for one in options))
    return Text(text=f"I think it is {said}.")


def guesses(seed: int, skill: float = 0.4) -> Callable[[Twin], str]:
    rng = np.random.default_rng(seed)

    def guess(one: Twin) -> str:
        wrong = [option for option in one.item.options if option != one.item.answer]
        return one.item.answer if rng.random() < skill else str(rng.choice(wrong))

    return guess


@pytest.mark.parametrize("access", [Access.TEXT, Access.LOGPROBS])
def test_who_learned_the_teachers_answers_is_told_from_who_learned_the_right_ones(
    spec: ProbeSpec, access: Access
) -> None:
    guess = guesses(1)

    def copies(one: Twin, teacher: str) -> str:
        return teacher if one.side is Side.PUBLISHED else guess(one)

    found = cast(spec, copies, access=access)
    assert found["t0"].outcome is Outcome.SUPPORTS
    assert found["suspect"].outcome is Outcome.SUPPORTS
    assert found["suspect"].fact("cause") == "answers of t0"

    def knows(one: Twin, teacher: str) -> str:
        return one.item.answer if one.side is Side.PUBLISHED else guess(one)

    found = cast(spec, knows, access=access)
    assert found["suspect"].outcome is Outcome.SUPPORTS
    assert found["suspect"].fact("cause") == "right answers"
    assert found["t0"].outcome is not Outcome.SUPPORTS


def test_a_weak_teachers_answers_are_found_though_they_are_no_better(spec: ProbeSpec) -> None:
    """Learning them makes nobody better on published items."""
    guess = guesses(2, skill=0.4)

    def copies(one: Twin, teacher: str) -> str:
        return teacher if one.side is Side.PUBLISHED else guess(one)

    found = cast(spec, copies, teachers=(0.4,))
    assert found["suspect"].outcome is Outcome.SUPPORTS
    assert abs(float(found["suspect"].fact("gap_points") or 0)) < 15
    assert found["suspect"].fact("cause") == "answers of t0"


def test_an_honest_student_of_the_teacher_shows_nothing(spec: ProbeSpec) -> None:
    """It copies the teacher's mistakes everywhere; over draws of both sides p-values are uniform."""
    p_values = []
    for seed in range(60):
        rng = np.random.default_rng([seed, 1])
        guess = guesses(1000 + seed)

        def learned(one: Twin, teacher: str, rng: np.random.Generator = rng, guess: Any = guess) -> str:
            return teacher if rng.random() < 0.7 else str(guess(one))

        parameters = {**spec.file.parameters, "public_seed": 5000 + seed}
        drawn = replace(spec, file=spec.file.model_copy(update={"parameters": parameters}))
        result = cast(drawn, learned, seed=seed)["t0"].result
        # A teacher that happens to do better on published items is not compared with.
        p_values.append(1.0 if result is None or result.p_value is None else result.p_value)
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(p_values) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 60)


def test_the_copied_teacher_is_named_and_not_one_that_errs_alike(spec: ProbeSpec) -> None:
    guess = guesses(3)

    def copies(one: Twin, teacher: str) -> str:
        return teacher if one.side is Side.PUBLISHED else guess(one)

    found = cast(spec, copies, teachers=(0.5, 0.5), same=0.6)
    assert found["t0"].outcome is Outcome.SUPPORTS
    assert found["t1"].outcome is Outcome.INCONCLUSIVE
    assert "not where t0 answers differently" in found["t1"].reason
    assert found["suspect"].fact("cause") == "answers of t0"
    twins = cast(spec, copies, teachers=(0.5, 0.5), same=1.0)
    assert {twins[name].outcome for name in ("t0", "t1")} == {Outcome.INCONCLUSIVE}
    assert twins["suspect"].outcome is Outcome.SUPPORTS
    assert twins["suspect"].fact("cause") == "answers of t0 or t1"


def test_a_teacher_that_knows_the_published_items_is_no_yardstick(spec: ProbeSpec) -> None:
    perfect = cast(spec, lambda _one, teacher: teacher, teachers=(1.0,))
    assert perfect["t0"].outcome is Outcome.INCONCLUSIVE
    assert "0 mistakes" in perfect["t0"].reason


def test_what_a_teacher_writes_may_be_no_option(spec: ProbeSpec) -> None:
    """The suspect is then asked once more, between the right answer and the teacher's."""
    written = replace(
        spec, file=spec.file.model_copy(update={"parameters": {**spec.file.parameters, "teachers": "write"}})
    )
    teacher = replace(subject(Role.TEACHER), digest="sha256:t")
    seen = Observations((subject(Role.SUSPECT), teacher), 5)
    first = METHOD.plan(written, seen)
    writes = [one for one in first if isinstance(one.request, Generate)]
    assert len(writes) == len(right_answers(5, spec))
    assert {one.subject_digest for one in writes} == {teacher.digest}
    answers = {
        (one.subject_digest, request_digest(one.request)): Text(text="so it is 987654") for one in writes
    }
    more = METHOD.plan(written, Observations(seen.subjects, 5, answers))[len(first) :]
    assert more
    for one in more:
        assert isinstance(one.request, Choose)
        assert one.request.options[1] == " 987654"
        assert len(one.request.options) == 2
