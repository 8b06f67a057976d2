"""What models say they are: counted, set beside the base rate, and never a support."""

from __future__ import annotations

from houses import model

from auditor.policy.vocabulary import FACTS
from auditor.probe.method.identity_claims import IdentityClaims
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Answer, Observations, Text, Transcript, Unanswered
from auditor.record.request import Generate, Recall, request_digest
from auditor.record.result import Guarantee
from auditor.record.subject import Role, Subject

METHOD = IdentityClaims()
SUSPECT = model("suspect", Role.SUSPECT, organisation="Nobody")
SPEC = ProbeSpec(
    id="text-lineage/identity-claims",
    file=ProbeFile(
        title="t",
        claim=Claim.DISTILLED_FROM,
        method=METHOD.name,
        null_hypothesis="none",
        guarantee="indicative",
        description="d",
        source="s",
        parameters={"makers": {"OpenAI": ["ChatGPT"], "Meta": ["Llama"]}},
    ),
    items=({"id": "a", "prompt": "Who are you?"}, {"id": "b", "prompt": "Who made you?"}),
    digest="sha256:0",
)
RECALL = request_digest(Recall())


def transcript(*answers: str) -> Transcript:
    return Transcript(prompts=tuple(f"p{n}" for n in range(len(answers))), answers=answers)


def measured(own: Answer, **others: tuple[Subject, Answer]) -> Finding:
    everyone = [(SUSPECT, own), *others.values()]
    answers = {(subject.digest, RECALL): answer for subject, answer in everyone}
    seen = Observations(tuple(subject for subject, _ in everyone), 0, answers)
    assert METHOD.plan(SPEC, seen) == []
    (found,) = METHOD.measure(SPEC, seen)
    assert {one.name for one in found.facts} <= set(FACTS[Claim.DISTILLED_FROM])
    return found


def independent(name: str, organisation: str) -> Subject:
    return model(name, organisation=organisation, independent="yes")


def test_a_claim_is_shown_beside_how_often_innocent_models_make_one() -> None:
    found = measured(
        transcript("I am ChatGPT.", "I am ChatGPT.", "Fine."),
        its_own=(independent("gpt", "OpenAI"), transcript("I am ChatGPT.")),
        confused=(independent("other", "Other"), transcript("I am Llama.")),
        quiet=(independent("quiet", "Third"), transcript("Hello.")),
        derived=(model("derived", organisation="Fourth", independent="no"), transcript("I am ChatGPT.")),
    )
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.teacher is None
    assert found.result is not None
    assert (found.result.guarantee, found.result.p_value) == (Guarantee.INDICATIVE, None)
    assert (found.fact("claimed_maker"), found.fact("claims")) == ("OpenAI", 2)
    assert found.fact("base_rate") == 1 / 3
    assert "2 of 3 answers" in found.reason


def test_claiming_no_name_clears_of_nothing() -> None:
    found = measured(transcript("Hello."), quiet=(independent("quiet", "Third"), transcript("Hello.")))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "clears it of nothing" in found.reason
    assert found.fact("claimed_maker") == "none"


def test_without_independent_models_there_is_no_base_rate() -> None:
    found = measured(transcript("I am ChatGPT."))
    assert found.fact("base_rate") is None
    assert "no base rate" in found.reason


def test_a_live_model_is_asked_and_one_that_says_nothing_is_not_measured() -> None:
    live = Unanswered(reason="live")
    seen = Observations((SUSPECT,), 0, {(SUSPECT.digest, RECALL): live})
    asked = METHOD.plan(SPEC, seen)
    assert [type(one.request) for one in asked] == [Generate, Generate]
    assert METHOD.measure(SPEC, seen)[0].outcome is Outcome.NOT_APPLICABLE
    answers: dict[tuple[str, str], Answer] = {(SUSPECT.digest, RECALL): live}
    for one in asked:
        answers[SUSPECT.digest, request_digest(one.request)] = Text(text="I'm Llama.")
    (found,) = METHOD.measure(SPEC, Observations((SUSPECT,), 0, answers))
    assert (found.fact("claimed_maker"), found.fact("claims")) == ("Meta", 2)
    assert len(found.observation_ids) == 2
