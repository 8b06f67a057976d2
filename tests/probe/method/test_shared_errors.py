"""The whole method on models whose errors follow a known law, by answers alone and by choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from test_twin_contrast import draws, model

from auditor.policy.vocabulary import FACTS
from auditor.probe.method.shared_errors import SharedErrors
from auditor.probe.panel.controls import FROM_SHARED_DATA, NO_EVIDENCE, UNDECIDED
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Answer, Choice, Observation, Observations, Text, Unanswered
from auditor.record.request import Choose, Generate, Request, request_digest
from auditor.record.subject import Access, Role, Stratum, Subject

METHOD = SharedErrors()
OPTIONS = ("red", "blue", "green", "white", "yellow", "purple", "brown", "silver")
ITEMS = tuple(
    {
        "id": f"i{n}",
        "category": f"k{n % 3}",
        "prompt": f"prompt {n}",
        "answer": OPTIONS[n % 8],
        "options": list(OPTIONS),
    }
    for n in range(120)
)


def cast_of(access: Access, **more: Any) -> tuple[Subject, ...]:
    return (
        model("suspect", Role.SUSPECT, access=access),
        *(model(f"teacher-{n}", Role.TEACHER, access=Access.TEXT) for n in range(3)),
        *(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED, access=access) for n in range(19)),
    )


WRITERS, SCORERS = cast_of(Access.TEXT), cast_of(Access.LOGPROBS)


@dataclass
class World:
    """Models that know some answers, and guess the others each in a way of its own.

    Attributes:
        copies: Whose answers a model gives in what share of the items.
        right: Share of the answers that each model knows.
        silent: Who says nothing that can be read.
    """

    copies: dict[str, tuple[str, float]] = field(default_factory=dict)
    right: float = 0.3
    silent: tuple[str, ...] = ()

    def says(self, name: str, prompt: str) -> str:
        rng = draws("says", name, prompt)
        whom, share = self.copies.get(name, ("", 0.0))
        if rng.random() < share:
            return self.says(whom, prompt)
        known = OPTIONS[int(prompt.split()[1]) % 8]
        guess = OPTIONS[int(rng.integers(8))]
        return known if rng.random() < self.right else guess

    def answer(self, subject: Subject, request: Request) -> Answer:
        if isinstance(request, Generate):
            said = self.says(subject.name, request.prompt[0].text)
            return Text(text="who knows" if subject.name in self.silent else f"It is {said}, I think.")
        assert isinstance(request, Choose)
        if subject.access < Access.LOGPROBS:
            return Unanswered(reason="no log-probabilities")
        said = self.says(subject.name, request.prompt[0].text)
        noise = draws("noise", subject.name, request_digest(request)).normal(size=len(request.options))
        logs = tuple(
            float(each + 1.5 * option.endswith(said))
            for each, option in zip(noise, request.options, strict=True)
        )
        return Choice(log_likelihoods=logs, bytes=tuple(len(one) for one in request.options))


def probe(**parameters: Any) -> ProbeSpec:
    file = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHOD.name, null_hypothesis="n",
        guarantee="calibrated", description="d", source="s", parameters=parameters,
    )  # fmt: skip
    return ProbeSpec(id="lineage/shared-errors", file=file, items=ITEMS, digest="sha256:0")


def findings(
    world: World, cast: Sequence[Subject] = WRITERS, spec: ProbeSpec | None = None
) -> tuple[dict[str, Finding], set[type[Request]]]:
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
            named = {by_digest[one.teacher or ""].name: one for one in METHOD.measure(spec, seen)}
            of_suspect = {type(one.request) for key, one in found.items() if key[0] == cast[0].digest}
            return named, of_suspect
        for (digest, identity), request in new.items():
            answer = world.answer(by_digest[digest], request)
            found[digest, identity] = Observation(
                subject_digest=digest, request_digest=identity, request=request, answer=answer
            )


@pytest.mark.parametrize(("cast", "asked"), [(WRITERS, Generate), (SCORERS, Choose)])
def test_who_errs_like_a_candidate_is_found(cast: tuple[Subject, ...], asked: type[Request]) -> None:
    found, of_suspect = findings(World(copies={"suspect": ("teacher-1", 0.6)}), cast)
    assert of_suspect == {asked}
    named = found["teacher-1"]
    assert (named.outcome, named.fact("answer")) == (Outcome.SUPPORTS, FROM_SHARED_DATA)
    assert named.result is not None
    assert named.result.p_value == 0.05
    assert named.result.effect > 0.05
    assert named.observation_ids
    table = named.exhibits[1]
    assert isinstance(table, Table)
    assert table.rows
    for one in found.values():
        assert {fact.name for fact in one.facts} <= set(FACTS[Claim.DISTILLED_FROM])
    assert {found[f"teacher-{n}"].fact("answer") for n in (0, 2)} == {NO_EVIDENCE}


@pytest.mark.parametrize("cast", [WRITERS, SCORERS])
@pytest.mark.parametrize("copies", [{}, {"suspect": ("control-2", 0.6)}, {"suspect": ("somebody else", 0.6)}])
def test_innocents_are_not_accused(cast: tuple[Subject, ...], copies: dict[str, tuple[str, float]]) -> None:
    found, _ = findings(World(copies=copies), cast)
    assert all(one.outcome is Outcome.DOES_NOT_SUPPORT for one in found.values())
    assert all("would have been found" in one.reason for one in found.values())


@pytest.mark.parametrize("cast", [WRITERS, SCORERS])
def test_errors_of_the_data_are_no_trace_of_the_teacher(cast: tuple[Subject, ...]) -> None:
    """Peers have the errors of the data that the candidate has, and so does the suspect."""
    peers = tuple(
        model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA, access=cast[0].access) for n in range(19)
    )
    names = ("suspect", "teacher-1", *(one.name for one in peers))
    copies = dict.fromkeys(names, ("the data", 0.6))
    found = findings(World(copies=copies), (*cast, *peers))[0]["teacher-1"]
    assert found.outcome is not Outcome.SUPPORTS


def test_who_always_gives_one_answer_is_not_accused() -> None:
    class Stubborn(World):
        def says(self, name: str, prompt: str) -> str:
            return "red" if name == "suspect" else super().says(name, prompt)

    found, _ = findings(Stubborn())
    assert all(one.outcome is not Outcome.SUPPORTS for one in found.values())


def test_too_few_errors_to_compare_are_inconclusive() -> None:
    for cast in (WRITERS, SCORERS):
        found, _ = findings(World(right=0.95), cast)
        assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
        assert all("20 are needed" in one.reason for one in found.values())


def test_a_suspect_that_cannot_answer_can_still_choose() -> None:
    world = World(copies={"suspect": ("teacher-1", 0.6)}, silent=("suspect",))
    silent = findings(world)[0]["teacher-1"]
    assert silent.outcome is Outcome.INCONCLUSIVE
    assert "0 items" in silent.reason
    assert findings(world, SCORERS)[0]["teacher-1"].outcome is Outcome.SUPPORTS


def test_the_form_can_be_stated() -> None:
    world = World(copies={"suspect": ("teacher-1", 0.6)})
    assert findings(world, SCORERS, probe(ask="answer"))[1] == {Generate}
    found, asked = findings(world, WRITERS, probe(ask="choose"))
    assert asked == set()
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}


def test_without_controls_that_know_no_candidate_nothing_is_said() -> None:
    for cast in (WRITERS, SCORERS):
        found, _ = findings(World(), cast[:6])
        assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
        assert all("2 controls" in one.reason for one in found.values())


def test_the_suspect_itself_is_no_candidate() -> None:
    itself = replace(WRITERS[0], role=Role.TEACHER, name="itself")
    seen = Observations.of((WRITERS[0], itself), 0, ())
    (found,) = METHOD.measure(probe(), seen)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert METHOD.plan(probe(), seen) == ()


def test_chance_is_what_the_shares_of_options_make_it() -> None:
    named = findings(World())[0]["teacher-0"]
    assert named.result is not None
    assert abs(named.result.effect) < 0.15
    both = named.fact("both_wrong")
    assert isinstance(both, int)
    assert np.isclose(both, 120 * (0.7 * 7 / 8) ** 2, atol=25)


@pytest.mark.parametrize("cast", [WRITERS, SCORERS])
def test_who_shares_the_errors_of_all_candidates_is_no_student_of_the_one_it_agrees_with_most(
    cast: tuple[Subject, ...],
) -> None:
    """Able models err alike, and the controls are not as able."""
    able = {f"teacher-{n}": ("whoever knows more", 0.6) for n in range(3)}
    world = World(copies={**able, "suspect": ("teacher-0", 0.7)})
    named, _ = findings(world, cast)
    first = named["teacher-0"]
    assert (first.outcome, first.fact("answer")) == (Outcome.INCONCLUSIVE, UNDECIDED)
    assert "able models err alike" in first.reason
    apart = World(copies={"suspect": ("teacher-0", 0.7)})
    assert findings(apart, cast)[0]["teacher-0"].outcome is Outcome.SUPPORTS
