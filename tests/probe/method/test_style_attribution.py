"""The whole method on recordings whose lineages are known: the effect, the null, dates, and abstentions."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from houses import Town, Ways, model

from auditor.policy.vocabulary import FACTS
from auditor.probe.method.style_attribution import StyleAttribution
from auditor.probe.panel.controls import FROM_SHARED_DATA, NO_EVIDENCE, UNDECIDED
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Observations, Text, Transcript, Unanswered
from auditor.record.request import Generate, Recall, request_digest
from auditor.record.result import Guarantee
from auditor.record.subject import Role, Subject

METHOD = StyleAttribution()
SUSPECT = model("suspect", Role.SUSPECT, released="2024-02")


def probe(**parameters: Any) -> ProbeSpec:
    file = ProbeFile(
        title="t",
        claim=Claim.DISTILLED_FROM,
        method=METHOD.name,
        null_hypothesis="n",
        guarantee="calibrated",
        description="d",
        source="s",
        parameters={"min_prompts": 50, "channel_prompts": 10, **parameters},
    )
    return ProbeSpec(id="text-lineage/style-attribution", file=file, items=(), digest="sha256:0")


@cache
def town(makers: int = 22, each: int = 2) -> Town:
    return Town.of(makers, each)


def student(of: int = 0, share: float = 0.8, seed: int = 1, where: Town | None = None) -> Ways:
    where = where or town()
    rng = np.random.default_rng([seed, of])
    return Ways.drawn(where.count, rng).taking_over(where.ways[of], share, rng)


def stranger(seed: int) -> Ways:
    return Ways.drawn(town().count, np.random.default_rng([99, seed]))


def scanned(
    ways: Ways,
    suspect: Subject = SUSPECT,
    where: Town | None = None,
    spec: ProbeSpec | None = None,
    **more: Any,
) -> tuple[Finding, ...]:
    where = where or town()
    seen = where.seen(suspect, where.answers(suspect, ways), **more)
    spec = spec or probe()
    assert METHOD.plan(spec, seen) == ()
    found = tuple(METHOD.measure(spec, seen))
    for one in found:
        assert {fact.name for fact in one.facts} <= set(FACTS[Claim.DISTILLED_FROM])
        assert one.outcome in (Outcome.SUPPORTS, Outcome.DOES_NOT_SUPPORT) or one.reason
    return found


def test_a_student_is_found_and_its_teacher_named_with_everything_to_doubt_it() -> None:
    (found,) = scanned(student())
    assert found.outcome is Outcome.SUPPORTS, found.reason
    assert found.teacher == town().subjects[0].digest
    assert found.fact("answer") == FROM_SHARED_DATA
    assert found.result is not None
    assert found.result.guarantee is Guarantee.CALIBRATED
    assert found.result.p_value == pytest.approx(1 / 23)
    assert found.result.smallest_attainable_p == pytest.approx(1 / 23)
    assert found.result.unit_of_replication == "lines of models"
    low, high = found.result.interval or (0.0, 0.0)
    assert low < found.result.effect < high
    assert "direction" in found.limits[0]
    titles = [one.title for one in found.exhibits]
    assert "Candidates by score" in titles
    assert "Channels, each by itself" in titles
    assert set(found.observation_ids)


def test_the_same_observations_give_the_same_findings_whatever_the_order_of_members() -> None:
    seen = town().seen(SUSPECT, town().answers(SUSPECT, student()))
    again = Observations((SUSPECT, *reversed(seen.subjects[1:])), seen.seed, seen.answers)
    first, second = METHOD.measure(probe(), seen)[0], METHOD.measure(probe(), again)[0]
    assert METHOD.measure(probe(), seen)[0] == first
    assert (first.outcome, first.teacher) == (second.outcome, second.teacher)
    assert first.result is not None
    assert second.result is not None
    assert first.result.statistic == pytest.approx(second.result.statistic)


def test_innocent_models_are_not_accused_and_their_p_values_keep_the_level() -> None:
    ps = []
    for seed in range(16):
        (found,) = scanned(stranger(seed), spec=probe(channel_prompts=2))
        assert found.outcome is not Outcome.SUPPORTS
        assert found.result is not None
        assert found.result.p_value is not None
        ps.append(found.result.p_value)
        if found.outcome is Outcome.DOES_NOT_SUPPORT:
            assert found.fact("answer") == NO_EVIDENCE
            assert "would have been found" in found.reason
    assert np.mean(np.array(ps) <= 0.2) <= 0.2 + 3 * np.sqrt(0.16 / len(ps))


def test_a_candidate_that_came_later_cannot_have_taught_it() -> None:
    early = replace(SUSPECT, details=(("released", "2022"),))
    (found,) = scanned(student(), early)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "released after" in found.reason
    teacher = model("later", Role.TEACHER, released="2025-01")
    said = town().answers(teacher, town().ways[0])
    named = {one.teacher: one for one in scanned(student(), more=[(teacher, said)])}
    assert named[teacher.digest].outcome is Outcome.NOT_APPLICABLE
    assert "cannot have taught" in named[teacher.digest].reason


def test_a_teacher_of_the_users_own_is_judged_beside_the_population() -> None:
    rng = np.random.default_rng(8)
    ways = Ways.drawn(town().count, rng)
    teacher = model("own teacher", Role.TEACHER, organisation="somebody")
    suspect_ways = Ways.drawn(town().count, rng).taking_over(ways, 0.9, rng)
    found = scanned(suspect_ways, more=[(teacher, town().answers(teacher, ways))])
    assert [one.teacher for one in found] == [teacher.digest]
    assert found[0].outcome is Outcome.SUPPORTS
    assert any("came first" in one for one in found[0].limits)


def test_a_teacher_that_was_recorded_twice_is_judged_once() -> None:
    teacher = model("own teacher", Role.TEACHER, organisation="somebody")
    ways = stranger(3)
    more = [(teacher, town().answers(teacher, ways))]
    again = [(teacher, town().answers(teacher, ways, sample=1))]
    found = scanned(student(), more=more, again=again)
    assert [one.teacher for one in found].count(teacher.digest) == 1


def test_models_of_the_suspects_own_maker_are_no_candidates_and_no_yardstick() -> None:
    own = replace(SUSPECT, organisation="maker-0")
    for found in scanned(student(), own):
        assert found.teacher not in {one.digest for one in town().subjects[:2]}
        assert found.outcome is not Outcome.SUPPORTS


def test_where_nothing_shows_who_came_first_nobody_is_accused() -> None:
    rng = np.random.default_rng(8)
    ways = Ways.drawn(town().count, rng)
    derived = model("derived", organisation="x", independent="no", candidate="yes")
    suspect_ways = Ways.drawn(town().count, rng).taking_over(ways, 0.9, rng)
    (found,) = scanned(suspect_ways, more=[(derived, town().answers(derived, ways))])
    assert (found.teacher, found.outcome) == (derived.digest, Outcome.INCONCLUSIVE)
    assert found.fact("answer") == UNDECIDED
    assert "came first" in found.reason


def test_a_likeness_to_a_model_that_is_no_candidate_is_said_and_names_nobody() -> None:
    rng = np.random.default_rng(9)
    ways = Ways.drawn(town().count, rng)
    other = model("other student", organisation="x", independent="no")
    suspect_ways = Ways.drawn(town().count, rng).taking_over(ways, 0.9, rng)
    (found,) = scanned(suspect_ways, more=[(other, town().answers(other, ways))])
    assert found.outcome is not Outcome.SUPPORTS
    assert "other student" in found.reason


def test_the_noise_floor_comes_first() -> None:
    ways = student()
    again = [(SUSPECT, town().answers(SUSPECT, ways, sample=1))]
    (found,) = scanned(ways, again=again)
    assert found.reason.startswith("two samples of the suspect are")
    own, other = found.fact("own_likeness"), found.fact("likeness")
    assert isinstance(own, float)
    assert isinstance(other, float)
    assert own > other
    first = found.exhibits[0]
    assert isinstance(first, Table)
    assert first.title.startswith("Noise floor")


def test_a_further_recording_of_the_suspect_is_no_candidate() -> None:
    ways = student()
    again = model("suspect, other seed", sample_of=SUSPECT.digest, candidate="no")
    (found,) = scanned(ways, more=[(again, town().answers(again, ways))])
    assert found.teacher == town().subjects[0].digest
    assert found.fact("own_likeness") is not None


def test_models_that_declare_a_candidate_show_what_the_design_finds() -> None:
    told = model("declared", organisation="y", lineage="free-3-0", independent="no")
    (found,) = scanned(student(), more=[(told, town().answers(told, student(of=6)))])
    assert found.fact("declared_found") == 1.0


@pytest.mark.parametrize(
    ("where", "parameters", "told"),
    [
        (Town.of(12, 2), {}, "24 independent models"),
        (town(), {"min_prompts": 61}, "60 prompts in common"),
        (Town.of(16, 2), {}, "not attainable"),
    ],
    ids=["panel", "prompts", "lines"],
)
def test_it_abstains_and_says_what_would_decide(where: Town, parameters: dict[str, Any], told: str) -> None:
    found = scanned(student(where=where), where=where, spec=probe(**parameters))
    assert {one.outcome for one in found} == {Outcome.INCONCLUSIVE}
    assert told in found[0].reason
    assert found[0].decisive


def test_it_abstains_outside_the_panels_lengths() -> None:
    (found,) = scanned(replace(student(), words=200))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "longer or shorter" in found.reason


def test_without_anybody_to_compare_with_it_does_not_apply() -> None:
    seen = Observations.of([SUSPECT], 0, [])
    (found,) = METHOD.measure(probe(), seen)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert {one.request for one in METHOD.plan(probe(), seen)} == {Recall(), Recall(sample=1)}


def test_a_live_suspect_is_asked_the_common_prompts() -> None:
    live = Unanswered(reason="asked question by question")
    seen = town().seen(SUSPECT, live)
    questions = METHOD.plan(probe(), seen)
    assert {one.subject_digest for one in questions} == {SUSPECT.digest}
    assert len(questions) == 2 * town().count
    written = town().answers(SUSPECT, student())
    said = dict(zip(written.prompts, written.answers, strict=True))
    answers = dict(seen.answers)
    for one in questions:
        assert isinstance(one.request, Generate)
        assert not isinstance(one.request.prompt, str)
        text = Text(text=said[one.request.prompt[0].text])
        answers[one.subject_digest, request_digest(one.request)] = text
    heard = Observations(seen.subjects, seen.seed, answers)
    assert METHOD.plan(probe(), heard) == ()
    (found,) = METHOD.measure(probe(), heard)
    assert found.outcome is Outcome.SUPPORTS


def test_a_live_suspect_is_not_asked_where_no_answer_could_come_of_it() -> None:
    small = Town.of(12, 2)
    live = Unanswered(reason="asked question by question")
    assert METHOD.plan(probe(), small.seen(SUSPECT, live)) == ()


def test_models_with_too_few_common_answers_are_left_out_and_named() -> None:
    thin = model("thin", Role.TEACHER)
    said = Transcript(prompts=("question 1",), answers=("yes",))
    found = {one.teacher: one for one in scanned(student(), more=[(thin, said)])}
    assert found[thin.digest].outcome is Outcome.INCONCLUSIVE
    assert "too few" in found[thin.digest].reason


def test_observations_without_words_do_no_harm() -> None:
    empty = Transcript(prompts=tuple(f"question {n}" for n in range(60)), answers=("",) * 60)
    seen = town().seen(SUSPECT, empty)
    (found,) = METHOD.measure(probe(), seen)
    assert found.outcome is Outcome.INCONCLUSIVE
