"""The whole method on models whose likelihoods are drawn from a known law."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from auditor.digest import digest_json
from auditor.error import ContentError
from auditor.probe.method.reference_likelihood import ReferenceLikelihood
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, NO_EVIDENCE, UNDECIDED
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.codec import encode
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Answer, Likelihood, Observation, Observations, Text, Unanswered
from auditor.record.request import Generate, Question, Request, Score, request_digest
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role, Stratum, Subject

METHOD = ReferenceLikelihood()


def probe(per_set: int = 15, **parameters: Any) -> ProbeSpec:
    items = tuple(
        {"id": f"{name}{i}", "set": name, "category": "c", "prompt": f"prompt {name} {i}"}
        for name in "AB"
        for i in range(per_set)
    )
    file = ProbeFile(
        title="t",
        claim=Claim.DISTILLED_FROM,
        method=METHOD.name,
        null_hypothesis="n",
        guarantee="calibrated",
        description="d",
        source="s",
        parameters={"prompts": max(per_set, 10), **parameters},
    )
    return ProbeSpec(id="lineage/reference-likelihood", file=file, items=items, digest="sha256:0")


def model(name: str, role: Role, access: Access = Access.LOGPROBS, stratum: Stratum | None = None) -> Subject:
    return Subject(
        role=role, name=name, locator=name, digest=digest_json(name), access=access, stratum=stratum
    )


def controls(n: int, stratum: Stratum | None = Stratum.UNRELATED, start: int = 0) -> list[Subject]:
    return [model(f"control-{stratum}-{start + i}", Role.CONTROL, stratum=stratum) for i in range(n)]


def _draws(*key: object) -> np.random.Generator:
    raw = hashlib.sha256(json.dumps(key, default=str).encode()).digest()
    return np.random.default_rng(int.from_bytes(raw[:8], "little"))


@dataclass
class World:
    """Models that write marked texts and find the texts of those they learned from likelier."""

    seed: int = 0
    learned: dict[str, dict[str, float]] = field(default_factory=dict)
    silent: dict[str, float] = field(default_factory=dict)
    filtered: tuple[str, ...] = ()
    only_in_set: str = ""

    def answer(self, subject: Subject, request: Request) -> Answer:
        dropped = self.silent.get(subject.name, 0.0)
        if _draws(self.seed, "silence", subject.name, request_digest(request)).random() < dropped:
            return Unanswered(reason="not recorded")
        if isinstance(request, Generate):
            if subject.name in self.filtered:
                return Text(text="no", finish="filtered")
            return Text(text=f"{subject.name} says on {request.prompt[0].text}: " + "word " * 5)
        assert isinstance(request, Score)
        author = request.continuation.split(" says on ")[0]
        noise = 0.03 * _draws(self.seed, subject.name, request_digest(request)).normal()
        text = 0.3 * _draws(self.seed, "text", request_digest(request)).normal()
        taste = 0.01 * _draws(self.seed, "taste", subject.name, author).normal()
        gain = self.learned.get(subject.name, {}).get(author, 0.0)
        if self.only_in_set and f" {self.only_in_set} " not in request.continuation:
            gain = 0.0
        own = 0.5 if author == subject.name else 0.0
        size = len(request.continuation.encode())
        return Likelihood(
            log_likelihood=size * (-1.5 + text + taste + noise + gain + own), bytes=size, tokens=size // 4
        )


def audit(
    world: World, subjects: Sequence[Subject], spec: ProbeSpec | None = None
) -> tuple[tuple[Finding, ...], Observations, list[Question]]:
    spec = spec or probe()
    by_digest = {one.digest: one for one in reversed(subjects)}
    seen: list[Observation] = []
    asked: list[Question] = []
    for _ in range(12):
        questions = METHOD.plan(spec, Observations.of(subjects, 7, seen))
        if not questions:
            break
        asked += questions
        seen += [
            Observation(
                subject_digest=one.subject_digest,
                request_digest=request_digest(one.request),
                request=one.request,
                answer=world.answer(by_digest[one.subject_digest], one.request),
            )
            for one in questions
        ]
    else:
        pytest.fail("the plan never ends")
    assert len(set(asked)) == len(asked)
    observations = Observations.of(subjects, 7, seen)
    return tuple(METHOD.measure(spec, observations)), observations, asked


SUSPECT, FIRST, SECOND_TEACHER = (
    model("S", Role.SUSPECT),
    model("T1", Role.TEACHER),
    model("T2", Role.TEACHER),
)
BASE = model("B", Role.BASE)


def fact(finding: Finding, name: str) -> Any:
    value = finding.fact(name)
    assert value is not None, name
    return value


def test_the_teacher_is_named_and_the_other_candidate_is_not() -> None:
    world = World(learned={"S": {"T1": 0.15}})
    subjects = [SUSPECT, FIRST, SECOND_TEACHER, BASE, *controls(22)]
    (first, second), _, asked = audit(world, subjects)
    assert first.outcome is Outcome.SUPPORTS, first.reason
    assert second.outcome is Outcome.DOES_NOT_SUPPORT
    assert first.result is not None
    assert first.result.p_value == pytest.approx(1 / 23)
    assert first.result.smallest_attainable_p == pytest.approx(1 / 23)
    assert first.result.guarantee is Guarantee.CALIBRATED
    assert len(first.result.controls) == fact(first, "controls") == 22
    assert first.result.interval is not None
    assert first.result.interval[0] < first.result.effect < first.result.interval[1]
    assert first.result.effect == pytest.approx(0.15, abs=0.04)
    assert fact(first, "margin") > 0.1
    assert fact(first, "selection_inside_null") is True
    assert fact(first, "reference") == "the suspect's base, B"
    # Nobody of that stratum was there, so the weaker of the two answers is given.
    assert fact(first, "answer") == FROM_SHARED_DATA
    assert any("same-data" in line for line in first.limits)
    assert fact(second, "answer") == NO_EVIDENCE
    assert fact(second, "named") is False
    # Two candidates write, everybody else scores, and candidates are never asked to score.
    scorers = {one.subject_digest for one in asked if isinstance(one.request, Score)}
    writers = {one.subject_digest for one in asked if isinstance(one.request, Generate)}
    assert writers == {FIRST.digest, SECOND_TEACHER.digest}
    assert scorers == {one.digest for one in subjects} - writers


def test_same_data_and_sibling_controls_decide_between_the_positive_answers() -> None:
    same, siblings = controls(20, Stratum.SAME_DATA), controls(20, Stratum.SIBLING_STUDENT)
    subjects = [SUSPECT, FIRST, SECOND_TEACHER, *controls(20), *same]
    student = World(learned={"S": {"T1": 0.2}})
    (first, _), _, _ = audit(student, subjects)
    assert (first.outcome, fact(first, "answer")) == (Outcome.SUPPORTS, FROM_SIBLING)
    assert not any("copy of a sibling" in limit for limit in first.limits)
    (first, _), _, _ = audit(student, [*subjects, *siblings])
    # Students of a sibling do not exclude the sibling itself, pruned or quantised.
    assert (first.outcome, fact(first, "answer")) == (Outcome.SUPPORTS, FROM_SIBLING)
    assert any("copy of a sibling" in limit for limit in first.limits)
    (first, _), _, _ = audit(student, [SUSPECT, FIRST, SECOND_TEACHER, *controls(20), *siblings])
    assert (first.outcome, fact(first, "answer")) == (Outcome.SUPPORTS, FROM_SHARED_DATA)
    alike = {one.name: {"T1": 0.2} for one in (*same, SUSPECT)}
    (first, _), _, _ = audit(World(learned=alike), subjects)
    assert (first.outcome, fact(first, "answer")) == (Outcome.INCONCLUSIVE, FROM_SHARED_DATA)
    assert "twins" in first.decisive


def test_an_innocent_suspect_is_cleared_with_the_effect_that_would_have_been_found() -> None:
    findings, _, _ = audit(World(), [SUSPECT, FIRST, SECOND_TEACHER, BASE, *controls(24)])
    assert [one.outcome for one in findings] == [Outcome.DOES_NOT_SUPPORT] * 2
    assert [fact(one, "answer") for one in findings] == [NO_EVIDENCE] * 2
    named = next(one for one in findings if fact(one, "named"))
    assert 0 < fact(named, "smallest_detectable") < 0.1
    assert "would have been found" in named.reason


def test_too_few_controls_are_inconclusive_and_say_how_many_more() -> None:
    world = World(learned={"S": {"T1": 0.3}})
    (first, _), _, _ = audit(world, [SUSPECT, FIRST, SECOND_TEACHER, *controls(12)])
    assert first.outcome is Outcome.INCONCLUSIVE
    assert first.decisive == "7 more controls in stratum unrelated"
    assert first.result is not None
    assert first.result.p_value == pytest.approx(1 / 13)
    assert fact(first, "answer") == UNDECIDED
    (first, _), _, _ = audit(world, [SUSPECT, FIRST, SECOND_TEACHER])
    assert first.outcome is Outcome.INCONCLUSIVE
    assert first.decisive.startswith("19 controls")
    assert first.result is not None
    assert first.result.p_value is None
    assert first.result.guarantee is Guarantee.INDICATIVE


def test_one_candidate_is_set_against_texts_of_controls() -> None:
    world = World(learned={"S": {"T1": 0.15}})
    subjects = [SUSPECT, FIRST, *controls(22)]
    (finding,), _, asked = audit(world, subjects)
    assert finding.outcome is Outcome.SUPPORTS, finding.reason
    assert fact(finding, "reference") == "median of suspect and controls"
    writers = {one.subject_digest for one in asked if isinstance(one.request, Generate)}
    assert writers == {FIRST.digest, *(one.digest for one in subjects[2:5])}
    (innocent,), _, _ = audit(World(seed=3), subjects)
    assert innocent.outcome is Outcome.DOES_NOT_SUPPORT


def test_controls_that_only_write_come_first_and_silent_ones_are_replaced() -> None:
    writers = [model(f"recorded-{i}", Role.CONTROL, Access.TEXT) for i in range(3)]
    world = World(learned={"S": {"T1": 0.15}}, silent={"recorded-1": 1.0})
    (finding,), _, asked = audit(world, [SUSPECT, FIRST, *controls(20), *writers])
    wrote = [one.subject_digest for one in asked if isinstance(one.request, Generate)]
    assert writers[0].digest in wrote
    assert writers[2].digest in wrote
    assert digest_json("control-unrelated-0") in wrote
    assert digest_json("control-unrelated-1") not in wrote
    assert finding.outcome is Outcome.SUPPORTS
    assert fact(finding, "controls") == 20
    assert any("3 controls allow no more than text" in line for line in finding.limits)


def test_one_candidate_without_anything_to_set_it_against_asks_nothing() -> None:
    (finding,), _, asked = audit(World(), [SUSPECT, FIRST])
    assert not asked
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "second candidate" in finding.decisive


def test_prompt_sets_that_disagree_are_not_evidence() -> None:
    # Learned in set A only: the weaker set shows nothing, though the pooled lead is large.
    world = World(learned={"S": {"T1": 0.3}}, only_in_set="A")
    findings, _, _ = audit(world, [SUSPECT, FIRST, SECOND_TEACHER, BASE, *controls(22)])
    assert all(one.outcome is not Outcome.SUPPORTS for one in findings)
    assert findings[0].result is not None
    assert findings[0].result.effect > 0.05


def test_controls_that_are_the_suspect_or_a_teacher_are_left_out() -> None:
    impostors = [model("S", Role.CONTROL), model("T1", Role.CONTROL), model("B", Role.CONTROL)]
    world = World(learned={"S": {"T1": 0.15}})
    (first, _), _, _ = audit(world, [SUSPECT, FIRST, SECOND_TEACHER, BASE, *controls(20), *impostors])
    assert first.outcome is Outcome.SUPPORTS
    assert fact(first, "controls") == 20
    assert sum("left out" in line for line in first.limits) == 3


def test_a_teacher_that_is_the_suspect_is_not_applicable() -> None:
    (itself, other), _, _ = audit(World(), [SUSPECT, model("S", Role.TEACHER), FIRST, *controls(20)])
    assert (itself.outcome, itself.teacher) == (Outcome.NOT_APPLICABLE, SUSPECT.digest)
    assert other.teacher == FIRST.digest


def test_silent_teachers_and_filtered_answers() -> None:
    world = World(learned={"S": {"T1": 0.15}}, filtered=("T2",))
    findings, _, _ = audit(world, [SUSPECT, FIRST, SECOND_TEACHER, *controls(20)])
    by_teacher = {one.teacher: one for one in findings}
    assert by_teacher[SECOND_TEACHER.digest].outcome is Outcome.INCONCLUSIVE
    assert "80 %" in by_teacher[SECOND_TEACHER.digest].reason
    assert by_teacher[FIRST.digest].outcome is Outcome.SUPPORTS


def test_missing_likelihoods_are_dropped_pairwise_and_poor_controls_entirely() -> None:
    world = World(learned={"S": {"T1": 0.15}}, silent={"S": 0.1, "control-unrelated-4": 0.5})
    subjects = [SUSPECT, FIRST, SECOND_TEACHER, BASE, *controls(21)]
    (first, _), _, _ = audit(world, subjects, probe(25))
    assert first.outcome is Outcome.SUPPORTS
    assert fact(first, "controls") == 20
    assert any("control-unrelated-4 scored" in line for line in first.limits)
    (first, _), _, _ = audit(World(silent={"S": 1.0}), subjects)
    assert first.outcome is Outcome.INCONCLUSIVE
    assert "0%" in first.reason
    (first, _), _, _ = audit(World(learned={"S": {"T1": 0.2}}, silent={"B": 1.0}), subjects)
    assert fact(first, "reference") == "median of suspect and controls"
    assert any("too few of the answers to serve as reference" in line for line in first.limits)


def test_measurement_is_pure_and_its_findings_are_records() -> None:
    world = World(learned={"S": {"T1": 0.15}})
    subjects = [SUSPECT, FIRST, SECOND_TEACHER, BASE, *controls(20)]
    findings, seen, _ = audit(world, subjects)
    again = METHOD.measure(probe(), seen)
    assert digest_json(encode(findings[0])) == digest_json(encode(again[0]))
    assert len(set(findings[0].observation_ids)) == len(findings[0].observation_ids) == 30 * (2 + 4)
    telling = next(one for one in findings[0].exhibits if isinstance(one, Table))
    assert len(telling.rows) == 8
    amounts = [row[-1] for row in telling.rows]
    assert amounts == sorted(amounts, reverse=True)


def test_scans_of_innocent_suspects_seldom_accuse() -> None:
    accused = 0
    for seed in range(12):
        findings, _, _ = audit(World(seed=seed), [SUSPECT, FIRST, SECOND_TEACHER, *controls(19)], probe(10))
        accused += any(one.outcome is Outcome.SUPPORTS for one in findings)
    assert accused <= 3


def test_form_and_order_of_prompts() -> None:
    spec = probe(30, prompts=10, form="text", layout="Q: {prompt}\nA:")
    subjects = [SUSPECT, FIRST, SECOND_TEACHER]
    first = METHOD.plan(spec, Observations.of(subjects, 1, []))
    assert len(first) == 2 * 20
    assert all(str(one.request.prompt).startswith("Q: prompt ") for one in first)  # type: ignore[union-attr]
    assert first == METHOD.plan(spec, Observations.of(subjects, 99, []))


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (({"id": "a", "set": "C", "prompt": "p"},), "neither A nor B"),
        (({"id": "a", "set": "A", "prompt": "p"},), "one is empty"),
        (({"id": "a", "set": "A"},), "'prompt'"),
    ],
)
def test_malformed_items_are_refused(items: tuple[dict[str, Any], ...], message: str) -> None:
    spec = ProbeSpec(id="x/y", file=probe().file, items=items, digest="sha256:0")
    with pytest.raises(ContentError, match=message):
        METHOD.plan(spec, Observations.of([SUSPECT, FIRST, SECOND_TEACHER], 1, []))


def test_a_source_out_of_reach_does_not_keep_other_answers_unscored() -> None:
    subjects = [SUSPECT, FIRST, SECOND_TEACHER]
    questions = METHOD.plan(probe(), Observations.of(subjects, 1, []))
    seen = [
        Observation(
            subject_digest=one.subject_digest,
            request_digest=request_digest(one.request),
            request=one.request,
            answer=World().answer(FIRST, one.request),
        )
        for one in questions
        if one.subject_digest == FIRST.digest
    ]
    left = METHOD.plan(probe(), Observations.of(subjects, 1, seen))
    kinds = {(one.subject_digest, one.request.kind) for one in left}
    assert kinds == {(SECOND_TEACHER.digest, "generate"), (SUSPECT.digest, "score")}
