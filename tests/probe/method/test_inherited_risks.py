"""Mistakes in common, lost calibration and lost tails: found where they are, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from examination import quiz

from auditor import content
from auditor.array import NDArray
from auditor.probe.protocol import Forecasting, Method
from auditor.probe.registry import load_suites, method
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding, Outcome
from auditor.record.observation import Answer, Choice, Observations, Text
from auditor.record.request import Choose, Generate, request_digest
from auditor.record.subject import Access, Role, Subject

PROBES = ("monoculture", "calibration-loss", "tail-loss")
ITEMS = 240


@dataclass(frozen=True)
class Mind:
    """What a model gives to each option, and how sure it says it is.

    Attributes:
        logits: Before anything is said.
        heat: Multiplies them; above 1 it is too sure.
    """

    logits: NDArray[np.float64]
    heat: float = 1.0

    def says(self, place: int, request: Choose | Generate) -> Answer:
        scores = self.heat * self.logits[place]
        if isinstance(request, Choose):
            return Choice(
                log_likelihoods=tuple(map(float, scores - np.logaddexp.reduce(scores))), bytes=(2,) * 4
            )
        return Text(text="ABCD"[int(scores.argmax())])


def keys() -> NDArray[np.int64]:
    return np.arange(ITEMS) % 4


def mind(seed: int, knows: NDArray[np.float64] | float = 0.7, heat: float = 1.0) -> Mind:
    """A model that knows items with these probabilities and is as sure of the others as it ought to be."""
    rng = np.random.default_rng(seed)
    sure = np.where(rng.random(ITEMS) < knows, 4.0, 0.0)
    logits = rng.normal(0.0, 1.2, (ITEMS, 4))
    drawn = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    fallen = np.minimum((drawn.cumsum(axis=1) < rng.random((ITEMS, 1))).sum(axis=1), 3)
    # What is not known is turned so that the right option is one draw from the model's own probabilities.
    turned = np.take_along_axis(logits, (np.arange(4) - keys()[:, None] + fallen[:, None]) % 4, axis=1)
    turned[np.arange(ITEMS), keys()] += sure
    return Mind(turned, heat)


def mixed(first: Mind, second: Mind, share: float, seed: int) -> Mind:
    """The first one's mind on some items, the second one's on the others."""
    chosen = np.random.default_rng(seed).random(ITEMS) < share
    return Mind(np.where(chosen[:, None], first.logits, second.logits))


def probe(name: str, **columns: Sequence[Any]) -> tuple[Method, ProbeSpec]:
    (loaded,) = load_suites((f"benchmark/{name}",), (content.probes(),))
    items: list[dict[str, Any]] = quiz(ITEMS)
    for column, values in columns.items():
        items = [{**item, column: value} for item, value in zip(items, values, strict=True)]
    return method(loaded.file.method), loaded.with_items(items)


def examine(
    asked: tuple[Method, ProbeSpec],
    suspect: Mind,
    teacher: Mind | None,
    controls: Sequence[Mind] = (),
    access: Access = Access.LOGPROBS,
) -> Finding:
    chosen, spec = asked
    minds = {"suspect": (Role.SUSPECT, suspect)} | ({"teacher": (Role.TEACHER, teacher)} if teacher else {})
    minds |= {f"control-{number}": (Role.CONTROL, one) for number, one in enumerate(controls)}
    subjects = tuple(
        Subject(role=role, name=name, locator=name, digest=f"sha256:{name}", access=access)
        for name, (role, _) in minds.items()
    )
    known = {one.digest: mind for one, (_, mind) in zip(subjects, minds.values(), strict=True)}
    answers: dict[tuple[str, str], Answer] = {}
    for one in chosen.plan(spec, Observations(subjects, 1)):
        assert isinstance(one.request, Choose | Generate)
        (number,) = re.findall(r" at place (\d+),", str(one.request.prompt))
        answers[one.subject_digest, request_digest(one.request)] = known[one.subject_digest].says(
            int(number), one.request
        )
    (found,) = chosen.measure(spec, Observations(subjects, 1, answers))
    return found


def fact(found: Finding, name: str) -> float:
    value = found.fact(name)
    assert isinstance(value, int | float)
    return float(value)


@pytest.fixture(scope="module")
def crowd() -> list[Mind]:
    return [mind(100 + number) for number in range(24)]


@pytest.mark.parametrize("access", [Access.LOGPROBS, Access.TEXT])
def test_a_copier_of_mistakes_is_found(crowd: list[Mind], access: Access) -> None:
    teacher = mind(1, 0.5)
    copier = mixed(teacher, mind(2), 0.6, 3)
    found = examine(probe("monoculture"), copier, teacher, crowd, access)
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.p_value == pytest.approx(1 / 25)
    assert fact(found, "kappa_low") < fact(found, "kappa") < fact(found, "kappa_high")
    assert fact(found, "same_wrong") <= fact(found, "both_wrong")
    assert any("alone are compared" in line for line in found.limits) is (access is Access.TEXT)


def test_short_answers_tell_mistakes_in_common_too(crowd: list[Mind]) -> None:
    """Where any answer may be given, all that chance brings together is right answers."""
    teacher = mind(1, 0.5)
    asked = probe("monoculture", options=[[]] * ITEMS, answer=["ABCD"[key] for key in keys()])
    copier = mixed(teacher, mind(2), 0.6, 3)
    found = examine(asked, copier, teacher, crowd)
    assert found.outcome is Outcome.SUPPORTS
    right = [float((one.logits.argmax(axis=1) == keys()).mean()) for one in (copier, teacher)]
    alike = float((copier.logits.argmax(axis=1) == teacher.logits.argmax(axis=1)).mean())
    assert fact(found, "expected_agreement") == pytest.approx(right[0] * right[1])
    assert fact(found, "kappa") == pytest.approx((alike - right[0] * right[1]) / (1 - right[0] * right[1]))
    assert any("short answers" in line for line in found.limits)
    alone = examine(asked, mind(200), teacher, crowd)
    assert alone.outcome is Outcome.DOES_NOT_SUPPORT


def test_options_themselves_can_be_weighed() -> None:
    """Small models know no letters; what they weigh then are the options."""
    chosen, spec = probe("calibration-loss")
    parameters = {**spec.file.parameters, "choices": "options"}
    spec = spec.with_file(spec.file.model_copy(update={"parameters": parameters}))
    suspect = Subject(role=Role.SUSPECT, name="s", locator="s", digest="sha256:s", access=Access.LOGPROBS)
    request = chosen.plan(spec, Observations((suspect,), 1))[0].request
    assert isinstance(request, Choose)
    assert request.options == ("amber 0", "birch 0", "cedar 0", "dune 0")
    assert "birch" not in str(request.prompt)
    found = examine((chosen, spec), mind(2, 0.4, heat=3.0), mind(1, 0.4))
    assert found.outcome is Outcome.SUPPORTS


@pytest.mark.parametrize(
    ("name", "says"),
    [("monoculture", "1 controls rank"), ("calibration-loss", "240 items"), ("tail-loss", "240 items")],
)
def test_what_will_be_found_is_said_before_the_run(name: str, says: str) -> None:
    chosen, spec = probe(name)
    subjects = tuple(
        Subject(
            role=role, name=role.value, locator="x", digest=f"sha256:{role.value}", access=Access.LOGPROBS
        )
        for role in (Role.SUSPECT, Role.TEACHER, Role.CONTROL)
    )
    assert isinstance(chosen, Forecasting)
    assert any(says in line for line in chosen.forecast(spec, Observations(subjects, 1)))
    assert not chosen.forecast(spec, Observations(subjects[:1], 1))


def test_who_errs_alone_shares_no_mistakes(crowd: list[Mind]) -> None:
    accused = [
        examine(probe("monoculture"), mind(200 + number), mind(1, 0.5), crowd).outcome is Outcome.SUPPORTS
        for number in range(8)
    ]
    assert sum(accused) <= 2


def test_too_few_controls_leave_it_open() -> None:
    teacher = mind(1, 0.5)
    found = examine(probe("monoculture"), teacher, mind(1, 0.5), [mind(7)] * 3)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "19 controls" in found.decisive


def test_who_became_too_sure_has_lost_calibration() -> None:
    found = examine(probe("calibration-loss"), mind(2, 0.4, heat=3.0), mind(1, 0.4))
    assert found.outcome is Outcome.SUPPORTS
    assert fact(found, "temperature") > 2
    assert fact(found, "teacher_temperature") == pytest.approx(1.0, abs=0.35)
    assert abs(fact(found, "brier_difference_refitted")) < fact(found, "brier_difference")


def test_who_knows_less_and_says_so_has_not() -> None:
    """Lower accuracy costs Brier score as well, and is no loss of calibration."""
    found = examine(probe("calibration-loss"), mind(2, 0.2), mind(1, 0.9))
    assert found.outcome is Outcome.DOES_NOT_SUPPORT
    assert fact(found, "brier_difference") > 0.1


def test_the_same_temperature_that_costs_more_for_being_wrong_more_often_is_no_loss_of_it() -> None:
    """Both are too sure; the suspect, which knows less, pays more for it."""
    found = examine(probe("calibration-loss"), mind(2, 0.0, heat=3.0), mind(1, 0.7, heat=6.0))
    assert fact(found, "loss_low") > fact(found, "margin")
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "wrong more often" in found.reason


def test_answers_alone_tell_no_calibration() -> None:
    found = examine(probe("calibration-loss"), mind(2), mind(1), access=Access.TEXT)
    assert (found.outcome, found.decisive) == (
        Outcome.INCONCLUSIVE,
        "a model that tells log-probabilities",
    )


RARE = np.linspace(1000.0, 1.0, ITEMS)[np.random.default_rng(0).permutation(ITEMS)]
COMMON = np.median(RARE) <= RARE


def test_a_lost_tail_is_found_by_the_stated_frequency() -> None:
    asked = probe("tail-loss", frequency=RARE.tolist())
    lost = examine(asked, mind(2, np.where(COMMON, 0.95, 0.1)), mind(1, 0.95))
    assert lost.outcome is Outcome.SUPPORTS
    assert fact(lost, "tail_points") > fact(lost, "head_points") + 30
    even = examine(asked, mind(3, 0.8), mind(1, 0.95))
    assert even.outcome is not Outcome.SUPPORTS


def test_it_is_found_by_what_references_know_too() -> None:
    """Difficulty comes from models in which suspect and candidate have no part."""
    others = [mind(300 + number, np.where(COMMON, 0.9, 0.2)) for number in range(6)]
    lost = examine(probe("tail-loss"), mind(2, np.where(COMMON, 0.95, 0.1)), mind(1, 0.95), others)
    assert lost.outcome is Outcome.SUPPORTS
    assert lost.fact("sorted_by") == "how many of 6 references are right"


def test_luck_on_what_nobody_knows_is_no_loss() -> None:
    """The candidate knows only the common half, and so does the suspect; on the rest both guess."""
    asked = probe("tail-loss", frequency=RARE.tolist())
    accused = [
        examine(
            asked,
            mind(400 + number, np.where(COMMON, 0.9, 0.0)),
            mind(500 + number, np.where(COMMON, 0.9, 0.0)),
        ).outcome
        is Outcome.SUPPORTS
        for number in range(8)
    ]
    assert sum(accused) <= 1


def test_nothing_says_what_is_rare() -> None:
    found = examine(probe("tail-loss"), mind(2), mind(1), [mind(3)])
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "column frequency or rarity" in found.decisive


@pytest.mark.parametrize("name", PROBES)
def test_without_a_benchmark_or_a_teacher_nothing_is_said(name: str) -> None:
    chosen, spec = probe(name)
    alone = examine((chosen, spec), mind(2), None)
    assert (alone.outcome, alone.decisive) == (Outcome.INCONCLUSIVE, "--teacher MODEL")
    empty = examine((chosen, spec.with_items(())), mind(2), mind(1))
    assert (empty.outcome, empty.decisive) == (Outcome.INCONCLUSIVE, "--benchmark FILE")


@pytest.mark.parametrize("name", PROBES)
def test_nothing_is_asked_that_the_comparison_with_twins_does_not_ask(name: str) -> None:
    subjects = tuple(
        Subject(
            role=role, name=role.value, locator="x", digest=f"sha256:{role.value}", access=Access.LOGPROBS
        )
        for role in (Role.SUSPECT, Role.TEACHER, Role.CONTROL)
    )
    chosen, spec = probe(name)
    twins, other = probe("twin-difference")

    def planned(one: Method, of: ProbeSpec) -> set[tuple[str, str]]:
        questions = one.plan(of, Observations(subjects, 1))
        return {(question.subject_digest, request_digest(question.request)) for question in questions}

    assert planned(chosen, spec) < planned(twins, other)
