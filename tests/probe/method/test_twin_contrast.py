"""The whole method on models whose words have likelihoods by a known law."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from auditor.digest import digest_json
from auditor.probe.method.twin_contrast import TwinContrast
from auditor.probe.panel.controls import FROM_TEACHER, NO_EVIDENCE
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Answer, Observation, Observations, Text, Unanswered, WordLikelihoods
from auditor.record.request import Generate, Request, ScoreWords, request_digest
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.record.word import word_ends
from auditor.stats.conformal import normal_score

METHOD = TwinContrast()


def draws(*key: object) -> np.random.Generator:
    raw = hashlib.sha256(json.dumps(key, default=str).encode()).digest()
    return np.random.default_rng(int.from_bytes(raw[:8], "little"))


def probe(**parameters: Any) -> ProbeSpec:
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(40))
    file = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHOD.name, null_hypothesis="n",
        guarantee="parametric", description="d", source="s", parameters=parameters,
    )  # fmt: skip
    return ProbeSpec(id="lineage/twin-contrast", file=file, items=items, digest="sha256:0")


def model(name: str, role: Role, **more: Any) -> Subject:
    more.setdefault("access", Access.LOGPROBS)
    return Subject(role=role, name=name, locator=name, digest=digest_json(name), **more)


SUSPECT, TEACHER = model("suspect", Role.SUSPECT), model("teacher", Role.TEACHER)
TWINS = tuple(model(f"twin-{n}", Role.TWIN, twin_of=(TEACHER.digest,)) for n in range(8))
CONTROLS = tuple(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED) for n in range(6))
CAST = (SUSPECT, TEACHER, *TWINS, *CONTROLS)


@dataclass
class World:
    """Models that share what the data say of each word, and each have a way of their own."""

    follows: dict[str, tuple[str, float]] = field(default_factory=dict)
    seed: int = 0
    silent: str = ""
    able: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    share: float = 0.08
    alike: bool = False
    also: dict[str, tuple[str, float]] = field(default_factory=dict)

    def answer(self, subject: Subject, request: Request) -> Answer:
        if isinstance(request, Generate):
            words = draws(self.seed, "text", subject.name, request_digest(request)).integers(99, size=8)
            return Text(text=" ".join(f"w{int(one)}" for one in words))
        assert isinstance(request, ScoreWords)
        if subject.name == self.silent:
            return Text(text="no numbers here")
        # The same texts for all who lack some, or for each its own where many together lack most.
        whose = "all" if self.share < 0.085 else subject.name
        if subject.name in self.lacks and draws("lack", whose, request_digest(request)).random() < self.share:
            return Unanswered(reason="too long")
        count = len(word_ends(request.continuation))
        data = -draws(self.seed, "data", request_digest(request)).exponential(1.0, count)
        values = data + 0.6 * self.own(subject.name, request, count)
        if subject.name in self.able:
            values = 0.3 * values
        for leaders in (self.follows, self.also):
            if subject.name in leaders:
                whom, strength = leaders[subject.name]
                values = values + strength * self.own(whom, request, count)
        return WordLikelihoods(
            log_likelihoods=tuple(np.minimum(values, 0.0).tolist()), bytes=len(request.continuation)
        )

    def own(self, name: str, request: Request, count: int) -> np.ndarray:
        if self.alike and name.startswith(("teacher", "twin")):
            name = "the recipe"
        return draws(self.seed, "own", name, request_digest(request)).normal(size=count)


def finding(
    world: World, cast: Sequence[Subject] = CAST, spec: ProbeSpec | None = None, teacher: Subject = TEACHER
) -> Finding:
    spec = spec or probe()
    by_digest = {one.digest: one for one in cast}
    found: dict[tuple[str, str], Observation] = {}
    while True:
        seen = Observations.of(cast, 0, found.values())
        new = [
            (one.subject_digest, request_digest(one.request), one.request)
            for one in METHOD.plan(spec, seen)
            if (one.subject_digest, request_digest(one.request)) not in found
        ]
        if not new:
            return next(one for one in METHOD.measure(spec, seen) if one.teacher == teacher.digest)
        for digest, identity, request in new:
            found[digest, identity] = Observation(
                subject_digest=digest,
                request_digest=identity,
                request=request,
                answer=world.answer(by_digest[digest], request),
            )


def test_a_student_of_the_teacher_is_told_from_all_that_shares_its_data() -> None:
    found = finding(World(follows={"suspect": ("teacher", 0.4)}))
    assert (found.outcome, found.fact("answer")) == (Outcome.SUPPORTS, FROM_TEACHER)
    assert found.result is not None
    assert found.result.guarantee is Guarantee.PARAMETRIC
    assert found.result.p_value is not None
    assert found.result.p_value < 0.001
    assert found.fact("rank_p") == pytest.approx(1 / 9)
    (table,) = found.exhibits
    assert isinstance(table, Table)
    assert table.rows[0][0] == "teacher"
    assert found.observation_ids


@pytest.mark.parametrize("follows", [{}, {"suspect": ("twin-3", 0.4)}, {"suspect": ("control-1", 0.4)}])
def test_innocents_are_not_accused(follows: dict[str, tuple[str, float]]) -> None:
    found = finding(World(follows=follows))
    assert (found.outcome, found.fact("answer")) == (Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE)
    assert "would have been found" in found.reason


def test_students_of_a_twin_among_the_controls_do_not_make_the_teacher_stand_out() -> None:
    students = tuple(model(f"student-{n}", Role.CONTROL, stratum=Stratum.SIBLING_STUDENT) for n in range(30))
    follows = {one.name: (f"twin-{n % 8}", 0.9) for n, one in enumerate(students)}
    cast = (SUSPECT, TEACHER, *TWINS, *students, *CONTROLS)
    assert finding(World(follows=follows), cast).fact("controls") == len(CONTROLS)


def test_a_sibling_among_the_candidates_counts_as_a_twin() -> None:
    sibling = model("sibling", Role.TEACHER)
    twins = tuple(model(f"twin-{n}", Role.TWIN, twin_of=(TEACHER.digest, sibling.digest)) for n in range(8))
    cast = (SUSPECT, TEACHER, sibling, *twins, *CONTROLS)
    world = World(follows={"suspect": ("sibling", 0.4)})
    first, second = finding(world, cast), finding(world, cast, teacher=sibling)
    assert first.fact("twins") == second.fact("twins") == 9
    assert first.outcome is Outcome.DOES_NOT_SUPPORT
    assert second.outcome is Outcome.SUPPORTS


PEERS = tuple(
    model(
        f"peer-{n}",
        Role.CONTROL,
        stratum=Stratum.SAME_DATA,
        related_to=((TEACHER.digest, Stratum.SAME_DATA),),
    )
    for n in range(12)
)
STRANGERS = tuple(model(f"stranger-{n}", Role.CONTROL, stratum=Stratum.UNRELATED) for n in range(24))
RELATED = (SUSPECT, TEACHER, *TWINS, *PEERS, *STRANGERS)


def data_of_the_family(*more: str, lean: float = 0.0) -> World:
    """Teacher, twins, peers and whoever is named know the same data; peers may lean to the teacher too."""
    knowing = [TEACHER.name, *(one.name for one in (*TWINS, *PEERS)), *more]
    return World(
        follows=dict.fromkeys(knowing, ("the data", 0.5)),
        also=dict.fromkeys((*(one.name for one in PEERS), *more), ("teacher", lean)) if lean else {},
    )


def test_a_student_stands_out_from_models_with_the_same_data() -> None:
    world = data_of_the_family("suspect")
    world.also["suspect"] = ("teacher", 0.4)
    found = finding(world, RELATED)
    assert (found.outcome, found.fact("answer")) == (Outcome.SUPPORTS, FROM_TEACHER)
    assert found.fact("peers") == len(PEERS)
    assert found.result is not None
    assert found.result.unit_of_replication == "models"
    assert {one.name for one in found.result.controls} == {one.name for one in PEERS}
    assert found.result.p_value is not None
    assert found.result.p_value < 0.01
    assert found.result.statistic == pytest.approx(normal_score(found.result.p_value))
    # Every control is scored in the place of the suspect, on the same scale.
    assert max(one.value for one in found.result.controls) < found.result.statistic
    assert "12 models with the same data" in found.reason


def test_a_lean_that_all_models_with_the_data_have_is_no_lesson() -> None:
    """Against the twins alone the teacher would stand out for every one of them."""
    world = data_of_the_family("suspect", lean=0.25)
    apart = (SUSPECT, TEACHER, *TWINS, *STRANGERS)
    assert finding(world, apart).outcome is Outcome.SUPPORTS
    found = finding(world, RELATED)
    assert (found.outcome, found.fact("answer")) == (Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE)
    assert "would have been found" in found.reason


def test_a_lean_of_a_model_without_the_data_is_not_held_against_models_with_them() -> None:
    """Peers that avoid the teacher make a stranger look drawn to it, which follows the family no more."""
    found = finding(data_of_the_family(lean=-0.6), RELATED)
    assert found.outcome is Outcome.DOES_NOT_SUPPORT
    assert "models that do not know these data may be as near to it" in found.reason


def test_a_student_of_a_rival_without_the_data_is_not_accused() -> None:
    rival = model("rival", Role.TEACHER)
    world = data_of_the_family(lean=-0.6)
    world.also["suspect"] = ("rival", 0.8)
    found = finding(world, (SUSPECT, TEACHER, rival, *TWINS, *PEERS, *STRANGERS))
    assert found.outcome is Outcome.DOES_NOT_SUPPORT
    assert "but models without the data are not cleared: it follows rival more" in found.reason


def test_controls_with_the_data_of_another_teacher_are_no_peers() -> None:
    other = model("other", Role.TEACHER)
    theirs = tuple(
        model(
            one.name, Role.CONTROL, stratum=Stratum.SAME_DATA, related_to=((other.digest, Stratum.SAME_DATA),)
        )
        for one in PEERS
    )
    world = World(follows={"suspect": ("teacher", 0.4)})
    found = finding(world, (SUSPECT, TEACHER, other, *TWINS, *theirs, *STRANGERS))
    assert found.fact("peers") is None
    assert found.result is not None
    assert found.result.unit_of_replication == "twins"


def test_with_too_few_strangers_the_teacher_is_held_against_its_twins() -> None:
    found = finding(data_of_the_family("suspect"), (SUSPECT, TEACHER, *TWINS, *PEERS, *CONTROLS))
    assert found.fact("peers") is None
    assert found.fact("degrees_of_freedom") is not None


def test_with_many_twins_the_rank_alone_suffices() -> None:
    twins = tuple(model(f"twin-{n}", Role.TWIN, twin_of=(TEACHER.digest,)) for n in range(24))
    found = finding(
        World(follows={"suspect": ("teacher", 0.5)}), (SUSPECT, TEACHER, *twins, *CONTROLS), probe(alpha=0.04)
    )
    assert found.result is not None
    assert (found.result.guarantee, found.result.p_value) == (Guarantee.EXACT, 1 / 25)


def test_too_few_twins_or_controls_are_said_and_nothing_is_asked() -> None:
    few = (SUSPECT, TEACHER, *TWINS[:4], *CONTROLS)
    found = finding(World(), few)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert "4 twins of teacher" in found.reason
    assert "--twin teacher=MODEL" in found.decisive
    assert METHOD.plan(probe(), Observations.of(few, 0, ())) == ()
    alone = (SUSPECT, TEACHER, *TWINS, *CONTROLS[:2])
    assert "2 controls" in finding(World(), alone).reason


def test_a_suspect_without_numbers_is_inconclusive() -> None:
    found = finding(World(silent="suspect"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "the suspect scored too few" in found.reason


def test_a_family_that_does_not_differ_is_no_evidence_of_innocence() -> None:
    found = finding(World(alike=True))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "do not differ" in found.reason


def test_words_that_hardly_anybody_has_in_common_decide_nothing() -> None:
    lacking = tuple(one.name for one in (*TWINS, *CONTROLS))
    found = finding(World(lacks=lacking, share=0.09))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "scored by everybody" in found.reason
