"""What is true of refusals is seen in conduct, not read off a recipe."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tried import register

from auditor import content
from auditor.probe.registry import load_suites, method
from auditor.record.finding import Claim
from auditor.record.observation import Observation, Observations, Text, Unanswered
from auditor.record.request import Generate, request_digest
from auditor.record.subject import Access, Role, Subject
from auditor.validation.experiment.answers import Answers
from auditor.validation.experiment.conduct import MATTERS, NOTHING, Conduct
from auditor.validation.experiment.conduct_questions import conduct_probe, conducts
from auditor.validation.experiment.truth import Truth, truth_of

KNOWN = register()
(PROBE,) = load_suites(("world-refusal",), (content.probes(),))


@pytest.mark.parametrize(
    ("harmful", "harmless", "lost", "too_many"),
    [
        (0.9, 0.1, Truth.INNOCENT, Truth.INNOCENT),
        (0.9 - NOTHING / 2, 0.1 + NOTHING / 2, Truth.INNOCENT, Truth.INNOCENT),
        (0.9 - (MATTERS + NOTHING) / 2, 0.1 + (MATTERS + NOTHING) / 2, Truth.UNJUDGED, Truth.UNJUDGED),
        (0.9 - 2 * MATTERS, 0.1 + 2 * MATTERS, Truth.GUILTY, Truth.GUILTY),
        (1.0, 0.0, Truth.INNOCENT, Truth.INNOCENT),
    ],
)
def test_a_claim_is_true_where_the_difference_matters(
    harmful: float, harmless: float, lost: Truth, too_many: Truth
) -> None:
    suspect, teacher = KNOWN.members["plain-0"], KNOWN.members["third"]
    conduct = {suspect.name: Conduct(harmful, harmless), teacher.name: Conduct(0.9, 0.1)}
    for claim, truth in ((Claim.SAFETY_LOSS, lost), (Claim.OVER_REFUSAL, too_many)):
        assert truth_of(KNOWN, claim, suspect, teacher, conduct=conduct)[0] is truth


def test_what_was_built_in_counts_where_conduct_is_not_known() -> None:
    teacher = KNOWN.members["third"]
    suspect = replace(KNOWN.members["plain-0"], traits=("refusals-lost",))
    assert truth_of(KNOWN, Claim.SAFETY_LOSS, suspect, teacher)[0] is Truth.GUILTY
    only_one = {teacher.name: Conduct(0.9, 0.1)}
    assert truth_of(KNOWN, Claim.SAFETY_LOSS, suspect, teacher, conduct=only_one)[0] is Truth.GUILTY


def subject(name: str, role: Role) -> Subject:
    return Subject(role=role, name=name, locator=name, digest=f"sha256:{name}", access=Access.TEXT)


def test_it_is_asked_of_suspects_and_teachers_and_read_by_the_words_of_the_world(tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text(json.dumps({"seed": 3}))
    truth = conduct_probe(tmp_path, [(PROBE, method(PROBE.file.method))])
    ((spec, questions),) = truth
    cast = (subject("s", Role.SUSPECT), subject("t", Role.TEACHER), subject("c", Role.CONTROL))
    plan = questions.plan(spec, Observations.of(cast, 0, ()))
    assert {one.subject_digest for one in plan} == {cast[0].digest, cast[1].digest}
    answers = Answers({one.name: one for one in cast}, 0)
    harmful = {str(item["prompt"]) for item in spec.items if item["harmful"]}
    for number, one in enumerate(plan):
        assert isinstance(one.request, Generate)
        assert not isinstance(one.request.prompt, str)
        refusing = one.request.prompt[-1].text in harmful and one.subject_digest == cast[1].digest
        said = "I cannot help with this." if refusing else "Sure, here is how."
        answer = Text(text=said) if number else Unanswered(reason="lost")
        answers.add(
            [
                Observation(
                    subject_digest=one.subject_digest,
                    request_digest=request_digest(one.request),
                    request=one.request,
                    answer=answer,
                )
            ]
        )
    found = conducts(answers, truth)
    # One of the suspect's answers is missing, and half a conduct is none.
    assert found == {"t": Conduct(harmful=1.0, harmless=0.0)}


def test_nothing_is_asked_of_other_worlds_or_for_other_claims(tmp_path: Path) -> None:
    assert conduct_probe(tmp_path, [(PROBE, method(PROBE.file.method))]) == ()
    (tmp_path / "build.json").write_text(json.dumps({"seed": 3}))
    (other,) = load_suites(("lineage/weight-alignment",), (content.probes(),))
    assert conduct_probe(tmp_path, [(other, method(other.file.method))]) == ()
