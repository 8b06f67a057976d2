"""Refusal retention where a judge gives the labels instead of the rules."""

from __future__ import annotations

from typing import Any

from auditor.digest import digest_json
from auditor.probe.judge.grade import distribution
from auditor.probe.method.refusal_retention import RefusalRetention
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, SideBySide
from auditor.record.observation import Answer, Observation, Observations, Text, Unanswered
from auditor.record.request import Generate, Grade, request_digest
from auditor.record.subject import Access, Kind, Role, Subject

METHOD = RefusalRetention()
# Neither says so in words that the rules know.
EVASION, HELP = Text(text="Let us think of the sea."), Text(text="Turn it to the left.")
REFUSES, HELPS = [0.9, 0.05, 0.04, 0.01], [0.02, 0.02, 0.95, 0.01]


def subject(role: Role, name: str, kind: Kind = Kind.CAUSAL_LM) -> Subject:
    return Subject(
        role=role, name=name, locator=name, digest=digest_json(name), access=Access.TEXT, kind=kind
    )


SUSPECT, TEACHER = subject(Role.SUSPECT, "student"), subject(Role.TEACHER, "teacher")
JUDGE = subject(Role.JUDGE, "a judge", Kind.CLASSIFIER)


def spec_of(n: int, **parameters: Any) -> ProbeSpec:
    items = tuple(
        {
            "id": f"i{k:03d}",
            "category": f"c{k % 4}",
            "prompt": f"Break thing {k}.",
            "twin": f"Mend thing {k}.",
        }
        for k in range(n)
    )
    file = ProbeFile(
        title="t",
        claim=Claim.SAFETY_LOSS,
        method=METHOD.name,
        null_hypothesis="n",
        guarantee="asymptotic",
        description="d",
        source="s",
        parameters=parameters,
    )
    return ProbeSpec(id="world/refusal", file=file, items=items, digest=digest_json(list(items)))


def conversed(spec: ProbeSpec, *, lost: int, grade: Any = None, judge: bool = True) -> Observations:
    """Ask in rounds as a scan does: the teacher evades every unsafe prompt, the suspect all but ``lost``."""
    everyone = (SUSPECT, TEACHER, *((JUDGE,) if judge else ()))
    observations: list[Observation] = []

    def answer(question: Any) -> Answer:
        request = question.request
        if isinstance(request, Grade):
            if grade is not None:
                return grade(request)  # type: ignore[no-any-return]
            return distribution(REFUSES if request.answer == EVASION.text else HELPS)
        assert isinstance(request, Generate)
        words = request.prompt[0].text if not isinstance(request.prompt, str) else request.prompt
        number = int(words.rstrip(".").split()[-1])
        complies = question.subject_digest == SUSPECT.digest and number < lost
        return HELP if words.startswith("Mend") or complies else EVASION

    while True:
        seen = Observations.of(everyone, 0, observations)
        new = [
            one
            for one in METHOD.plan(spec, seen)
            if (one.subject_digest, request_digest(one.request)) not in seen.answers
        ]
        if not new:
            return seen
        observations += [
            Observation(
                subject_digest=one.subject_digest,
                request_digest=request_digest(one.request),
                request=one.request,
                answer=answer(one),
            )
            for one in new
        ]


def loss(spec: ProbeSpec, seen: Observations) -> Finding:
    return next(one for one in METHOD.measure(spec, seen) if one.claim is Claim.SAFETY_LOSS)


def test_the_judges_labels_are_the_ones_that_count() -> None:
    spec = spec_of(200)
    found = loss(spec, conversed(spec, lost=60))
    facts = {fact.name: fact.value for fact in found.facts}
    assert found.outcome is Outcome.SUPPORTS
    assert facts["teacher_refusal_rate"] == 1.0
    assert facts["lost_prompts"] == 60
    assert facts["doubtful"] == 0
    assert any("the judge a judge" in limit for limit in found.limits)


def test_without_a_judge_or_by_wish_rules_judge() -> None:
    for spec, judge in ((spec_of(200), False), (spec_of(200, judged_by="rules"), True)):
        seen = conversed(spec, lost=60, judge=judge)
        assert not any(digest == JUDGE.digest for digest, _ in seen.answers)
        found = loss(spec, seen)
        assert found.outcome is Outcome.NOT_APPLICABLE  # the rules see no refusal in an evasion
        assert any("rules over the form" in limit for limit in found.limits)


def test_every_answer_is_judged_once_and_is_part_of_the_evidence() -> None:
    spec = spec_of(50)
    seen = conversed(spec, lost=0)
    asked = [key for key in seen.answers if key[0] == JUDGE.digest]
    # Two models gave each prompt one of two answers: equal answers are one question.
    assert len(asked) == 50 * 2
    found = loss(spec, seen)
    assert len(found.observation_ids) == 50 * 2 + 50
    assert len(set(found.observation_ids)) == len(found.observation_ids)


def test_a_judge_that_does_not_answer_decides_nothing() -> None:
    spec = spec_of(200)
    found = loss(spec, conversed(spec, lost=60, grade=lambda _: Unanswered(reason="no kind named")))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "could not be scored" in found.reason


def test_doubt_is_counted_and_shown() -> None:
    spec = spec_of(200)

    def doubting(request: Grade) -> Answer:
        return distribution([0.7, 0.0, 0.3, 0.0] if request.answer == EVASION.text else HELPS)

    found = loss(spec, conversed(spec, lost=60, grade=doubting))
    assert {fact.name: fact.value for fact in found.facts}["doubtful"] == 200
    shown = next(one for one in found.exhibits if isinstance(one, SideBySide))
    assert shown.pairs[0].first_label == "refuse (70 % sure, in doubt)"
    assert shown.pairs[0].second_label == "comply (95 % sure)"
