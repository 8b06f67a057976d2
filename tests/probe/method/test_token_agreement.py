"""The whole method on models whose next words follow a known law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from test_twin_contrast import draws, model

from auditor.policy.vocabulary import FACTS
from auditor.probe.method.token_agreement import TokenAgreement
from auditor.probe.panel.controls import FROM_SHARED_DATA, NO_EVIDENCE
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Answer, Observation, Observations, Text, TopTokens, Unanswered
from auditor.record.request import Generate, NextTokens, Request, request_digest
from auditor.record.subject import Access, Role, Stratum, Subject

METHOD = TokenAgreement()
PLAIN = {"access": Access.TOP_LOGPROBS, "tokenizer_digest": "sha256:one"}
SUSPECT = model("suspect", Role.SUSPECT, **PLAIN)
TEACHERS = tuple(model(f"teacher-{n}", Role.TEACHER, **PLAIN) for n in range(3))
CONTROLS = tuple(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED, **PLAIN) for n in range(19))
CAST = (SUSPECT, *TEACHERS, *CONTROLS)
WORDS = ("and", "but", "so", "then", "while", "since", "until", "where")


@dataclass
class World:
    """Models that share what the language says next, and each have a way of their own.

    Attributes:
        follows: Whose way a model has taken over in part, and how far.
        able: Who follows the language more closely than all others.
        chat: Who cannot go on with an answer in its middle.
        apart: Who writes blanks as tokens of their own.
    """

    follows: dict[str, tuple[str, float]] = field(default_factory=dict)
    able: str = ""
    chat: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    def answer(self, subject: Subject, request: Request) -> Answer:
        if isinstance(request, Generate):
            words = draws("text", subject.name, request_digest(request)).integers(99, size=8)
            return Text(text=" ".join(f"w{int(one)}" for one in words))
        assert isinstance(request, NextTokens)
        before = "" if len(request.prompt) == 1 else request.prompt[-1].text
        if before and subject.name in self.chat:
            return Unanswered(reason="an endpoint is not known to go on with an answer in its middle")
        if subject.name in self.apart and not before.endswith(" "):
            return TopTokens(tokens=(" ", "x"), log_probabilities=(-0.01, -5.0))
        masses = self.masses(subject.name, request, before)
        order = np.argsort(-masses)[: request.k]
        blank = "" if before.endswith(" ") else " "
        tokens = tuple(blank + WORDS[place] for place in order)
        return TopTokens(tokens=tokens, log_probabilities=tuple(np.log(masses[order]).tolist()))

    def masses(self, name: str, request: NextTokens, before: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        place = (str(request.prompt[0]), before.strip())
        usual = draws("usual", place).normal(size=len(WORDS))
        logits = (2.0 if name == self.able else 1.0) * usual
        logits = logits + (0.1 if name == self.able else 1.0) * draws("own", name, place).normal(
            size=len(WORDS)
        )
        if name in self.follows:
            whom, strength = self.follows[name]
            logits = logits + strength * draws("own", whom, place).normal(size=len(WORDS))
        weights = np.exp(1.5 * logits)
        return np.asarray(weights / weights.sum())


def probe(**parameters: Any) -> ProbeSpec:
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(40))
    file = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHOD.name, null_hypothesis="n",
        guarantee="calibrated", description="d", source="s", parameters=parameters,
    )  # fmt: skip
    return ProbeSpec(id="lineage/token-agreement", file=file, items=items, digest="sha256:0")


def findings(
    world: World, cast: Sequence[Subject] = CAST, spec: ProbeSpec | None = None
) -> dict[str, Finding]:
    spec = spec or probe()
    by_digest = {one.digest: one for one in cast}
    found: dict[tuple[str, str], Observation] = {}
    while True:
        seen = Observations.of(cast, 0, found.values())
        new = {
            (one.subject_digest, request_digest(one.request)): one.request
            for one in METHOD.plan(spec, seen)
            if (one.subject_digest, request_digest(one.request)) not in found
        }
        if not new:
            return {by_digest[one.teacher or ""].name: one for one in METHOD.measure(spec, seen)}
        for (digest, identity), request in new.items():
            answer = world.answer(by_digest[digest], request)
            found[digest, identity] = Observation(
                subject_digest=digest, request_digest=identity, request=request, answer=answer
            )


def test_the_teacher_is_named_and_the_others_are_not() -> None:
    found = findings(World(follows={"suspect": ("teacher-1", 1.0)}))
    named = found["teacher-1"]
    assert (named.outcome, named.fact("answer")) == (Outcome.SUPPORTS, FROM_SHARED_DATA)
    assert named.result is not None
    assert named.result.p_value == named.result.smallest_attainable_p == 0.05
    assert named.result.effect > 0.05
    assert {one.name for one in named.facts} <= set(FACTS[Claim.DISTILLED_FROM])
    assert len(named.observation_ids) > 200
    for name in ("teacher-0", "teacher-2"):
        assert (found[name].outcome, found[name].fact("answer")) == (Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE)


@pytest.mark.parametrize(
    "world",
    [
        World(follows={"suspect": ("control-3", 1.0)}),
        World(follows={"suspect": ("somebody else", 1.0)}),
        World(able="suspect"),
    ],
)
def test_innocents_are_not_accused(world: World) -> None:
    found = findings(world)
    assert all(one.outcome is Outcome.DOES_NOT_SUPPORT for one in found.values())
    assert all("would have been found" in one.reason for one in found.values())


def test_with_one_candidate_ability_is_not_taken_for_a_trace() -> None:
    cast = (SUSPECT, TEACHERS[0], *CONTROLS)
    spec = probe(cuts=4)
    found = findings(World(able="suspect"), cast, spec)["teacher-0"]
    assert found.outcome is not Outcome.SUPPORTS
    assert "more than any control does" in found.reason
    student = findings(World(follows={"suspect": ("teacher-0", 1.0)}), cast, spec)["teacher-0"]
    assert student.outcome is Outcome.SUPPORTS


def test_controls_with_the_same_data_hold_the_stronger_words_back() -> None:
    peers = tuple(model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA, **PLAIN) for n in range(19))
    follows = {one.name: ("teacher-1", 1.0) for one in peers} | {"suspect": ("teacher-1", 0.9)}
    found = findings(World(follows=follows), (*CAST, *peers))["teacher-1"]
    assert (found.outcome, found.fact("answer")) == (Outcome.INCONCLUSIVE, FROM_SHARED_DATA)


def test_who_writes_blanks_by_themselves_is_asked_once_more() -> None:
    spaced = replace(SUSPECT, tokenizer_digest="sha256:other")
    world = World(follows={"suspect": ("teacher-1", 1.0)}, apart=("suspect",))
    found = findings(world, (spaced, *CAST[1:]))
    assert found["teacher-1"].outcome is Outcome.SUPPORTS
    assert any("tokenizer is not that of" in line for line in found["teacher-1"].limits)


def test_an_endpoint_is_compared_where_answers_begin_if_there_are_enough_beginnings() -> None:
    world = World(follows={"suspect": ("teacher-1", 1.0)}, chat=("suspect",))
    few = findings(world)["teacher-1"]
    assert few.outcome is Outcome.INCONCLUSIVE
    assert "40 positions in common" in few.reason
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(120))
    enough = findings(world, spec=probe().with_items(items))["teacher-1"]
    assert enough.outcome is Outcome.SUPPORTS
    assert enough.fact("positions") == 120
    assert any("beginning of answers alone" in line for line in enough.limits)


def test_without_controls_that_know_no_candidate_nothing_is_said() -> None:
    found = findings(World(), (SUSPECT, *TEACHERS, *CONTROLS[:2]))
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
    assert all("2 controls" in one.reason for one in found.values())


def test_a_candidate_that_only_writes_and_the_suspect_itself_are_not_applicable() -> None:
    shallow = model("teacher-9", Role.TEACHER, access=Access.TEXT)
    itself = replace(SUSPECT, role=Role.TEACHER, name="itself")
    seen = Observations.of((SUSPECT, shallow, itself), 0, ())
    found = METHOD.measure(probe(), seen)
    assert [one.outcome for one in found] == [Outcome.NOT_APPLICABLE] * 2
    assert "likeliest next tokens" in found[0].reason
    assert "same model" in found[1].reason
    assert METHOD.plan(probe(), seen) == ()
