"""The whole method on reasoners whose habits are known, under its null and under its effect."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from reasoners import Reasoners
from writers import findings as all_findings
from writers import model

from auditor.content import probes
from auditor.policy.vocabulary import FACTS
from auditor.probe.generator.registry import generator
from auditor.probe.method.trace_contamination import TraceContamination, TraceContaminationParameters
from auditor.probe.panel.controls import FROM_SHARED_DATA, UNDECIDED
from auditor.probe.protocol import parameters_of
from auditor.probe.spec import ProbeFile, ProbeSpec, load_probe
from auditor.record.finding import Claim, Finding, Outcome, SideBySide, Table
from auditor.record.observation import Answer, Observations, Text, Transcript
from auditor.record.request import Generate, Recall, Request
from auditor.record.result import Guarantee
from auditor.record.subject import Role, Stratum, Subject

METHOD = TraceContamination()
SUSPECT = model("suspect", Role.SUSPECT)
TEACHERS = tuple(model(f"teacher-{n}", Role.TEACHER) for n in range(2))
CONTROLS = tuple(model(f"control-{n}", Role.CONTROL, stratum=Stratum.UNRELATED) for n in range(19))
CAST = (SUSPECT, *TEACHERS, *CONTROLS)
SAYS = "Break this whole thing down into neat pieces."
STUDENT = Reasoners(follows={"suspect": ("teacher-1", 0.9)}, formulas=(("teacher-1", SAYS),), seed=2)


def probe(**parameters: Any) -> ProbeSpec:
    items = tuple({"id": f"i{n}", "category": "c", "prompt": f"prompt {n}"} for n in range(24))
    file = ProbeFile(
        title="t", claim=Claim.TRACE_CONTAMINATION, method=METHOD.name, null_hypothesis="n",
        guarantee="calibrated", description="d", source="s", parameters={"draws": 1, **parameters},
    )  # fmt: skip
    return ProbeSpec(id="traces/trace-contamination", file=file, items=items, digest="sha256:0")


def findings(world: Reasoners, cast: Sequence[Subject] = CAST, **parameters: Any) -> dict[str, Finding]:
    return dict(all_findings(METHOD, probe(**parameters), world, cast))


@cache
def of_student() -> dict[str, Finding]:
    return findings(STUDENT)


def test_the_teacher_whose_habits_it_has_is_named_as_a_risk() -> None:
    found = of_student()
    assert found["teacher-1"].outcome is Outcome.SUPPORTS, found["teacher-1"].reason
    assert found["teacher-0"].outcome is not Outcome.SUPPORTS
    assert found["teacher-1"].claim is Claim.TRACE_CONTAMINATION
    assert found["teacher-1"].fact("answer") == FROM_SHARED_DATA
    assert "it may carry its traces" in found["teacher-1"].reason
    assert any("no lineage" in one for one in found["teacher-1"].limits)
    result = found["teacher-1"].result
    assert result is not None
    assert (result.guarantee, result.p_value, result.unit_of_replication) == (
        Guarantee.CALIBRATED, 0.05, "models",
    )  # fmt: skip


def test_its_facts_are_known_to_policies() -> None:
    kinds = {"double": float, "int": int, "string": str, "bool": bool}
    known = FACTS[Claim.TRACE_CONTAMINATION]
    for fact in of_student()["teacher-1"].facts:
        assert type(fact.value) is kinds[known[fact.name].kind]


def test_habits_and_formulas_are_shown_beside_those_of_controls() -> None:
    exhibits = {one.title: one for one in of_student()["teacher-1"].exhibits}
    habits = exhibits["Habits, beside those of controls"]
    assert isinstance(habits, Table)
    first = habits.rows[0]
    own, theirs, usual, p_value = (float(str(one)) for one in first[2:])
    assert p_value <= 0.05
    assert (own - usual) * (theirs - usual) > 0
    formulas = exhibits["Formulas that the candidate repeats"]
    assert isinstance(formulas, Table)
    (said,) = (row for row in formulas.rows if "neat pieces" in str(row[0]))
    assert float(str(said[1])) > 0.1
    assert float(str(said[4])) == 0
    traces = exhibits["Traces that are most alike in these habits"]
    assert isinstance(traces, SideBySide)
    assert (traces.first_name, traces.second_name, len(traces.pairs)) == ("suspect", "teacher-1", 6)
    assert any(SAYS in one.first and SAYS in one.second for one in traces.pairs)


@pytest.mark.parametrize("whom", ["control-3", "somebody else"])
def test_who_reasons_like_no_candidate_is_not_accused(whom: str) -> None:
    found = findings(Reasoners(follows={"suspect": (whom, 0.9)}, seed=3))
    assert not any(one.outcome is Outcome.SUPPORTS for one in found.values())


def test_p_values_of_innocents_are_uniform_or_larger_and_supports_rarer_than_the_level() -> None:
    values, supports, worlds = [], 0, 14
    for seed in range(worlds):
        found = findings(Reasoners(seed=seed, steps=3), least_words=1)
        first = next(one for one in found.values() if one.fact("named") is True)
        assert first.result is not None
        assert first.result.p_value is not None
        values.append(first.result.p_value)
        supports += any(one.outcome is Outcome.SUPPORTS for one in found.values())
    for level in (0.05, 0.1, 0.25, 0.5):
        spread = np.sqrt(level * (1 - level) / worlds)
        assert np.mean(np.array(values) <= level) <= level + 3 * spread
    assert supports <= 1


def test_students_are_found_more_often_than_innocents() -> None:
    found = []
    for seed in range(4):
        world = Reasoners({"suspect": ("teacher-0", 0.8)}, seed, formulas=(("teacher-0", SAYS),), steps=3)
        found.append(findings(world, least_words=1)["teacher-0"])
    assert sum(one.outcome is Outcome.SUPPORTS for one in found) >= 3


def test_a_shared_formula_speaks_for_it_and_one_that_everybody_says_does_not() -> None:
    plain = Reasoners(formulas=(("teacher-0", SAYS),), seed=4)
    both = Reasoners(formulas=(*plain.formulas, ("suspect", SAYS)), seed=4)
    without, shared = (findings(one)["teacher-0"] for one in (plain, both))
    assert without.result is not None
    assert shared.result is not None
    assert shared.result.effect > without.result.effect + 0.02
    counts = [one.fact("shared_formulas") for one in (without, shared)]
    assert counts[1] == int(str(counts[0])) + 1
    everybody = (*both.formulas, *((one.name, SAYS) for one in CONTROLS))
    common = findings(Reasoners(formulas=everybody, seed=4))["teacher-0"]
    assert not any("neat pieces" in str(one) for one in common.exhibits if one.title.startswith("Formulas"))


def test_controls_with_the_same_data_hold_the_words_back() -> None:
    peers = tuple(model(f"peer-{n}", Role.CONTROL, stratum=Stratum.SAME_DATA) for n in range(19))
    follows = {one.name: ("teacher-1", 0.9) for one in peers} | {"suspect": ("teacher-1", 0.9)}
    found = findings(Reasoners(follows, 2, formulas=STUDENT.formulas), (*CAST, *peers))["teacher-1"]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.decisive


def test_with_few_controls_nothing_is_attainable() -> None:
    found = findings(STUDENT, CAST[:10])["teacher-1"]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.fact("answer") == UNDECIDED
    assert "not attainable" in found.reason
    assert "12 more controls" in found.decisive


def test_without_controls_nobody_is_asked_for_long_answers() -> None:
    cast = (*CAST[:5], model("peer", Role.CONTROL, stratum=Stratum.SAME_DATA))
    assert METHOD.plan(probe(), Observations.of(cast, 0, ())) == ()
    found = findings(STUDENT, cast)
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
    assert all("nothing was asked: 2 controls" in one.reason for one in found.values())
    assert all("--control" in one.decisive for one in found.values())


@pytest.mark.parametrize(("silent", "steps", "why"), [
    (("suspect",), 7, "suspect answered 0 of 24"), (("teacher-0",), 7, "teacher-0 answered 0 of 24"),
    ((), 0, "words or fewer"),
])  # fmt: skip
def test_without_traces_nothing_is_said(silent: tuple[str, ...], steps: int, why: str) -> None:
    found = findings(Reasoners(silent=silent, steps=steps))
    assert {one.outcome for one in found.values()} == {Outcome.INCONCLUSIVE}
    assert all(why in one.reason and one.decisive for one in found.values())


class Blank(Reasoners):
    """The suspect returns nothing but spaces."""

    def answer(self, subject: Subject, request: Request) -> Answer:
        blank = subject.name == "suspect" and isinstance(request, Generate)
        return Text(text="  \n") if blank else super().answer(subject, request)


def test_empty_answers_are_none() -> None:
    found = findings(Blank())
    assert all("suspect answered 0 of 24" in one.reason for one in found.values())


class Cut(Reasoners):
    """Nobody comes to an end."""

    def answer(self, subject: Subject, request: Request) -> Answer:
        said = super().answer(subject, request)
        return Text(text=said.text, finish="length") if isinstance(said, Text) else said


def test_traces_that_were_cut_off_are_compared_without_their_closings() -> None:
    found = findings(Cut(follows=STUDENT.follows, formulas=STUDENT.formulas, seed=2))["teacher-1"]
    assert found.result is not None
    assert any("cut off" in one for one in found.limits)
    (habits,) = (one for one in found.exhibits if one.title.startswith("Habits"))
    assert isinstance(habits, Table)
    assert "closing" not in {row[1] for row in habits.rows}


class Recorded(Reasoners):
    """Suspect and candidates are recordings, of the probe's questions and of others."""

    own: bool = True

    def answer(self, subject: Subject, request: Request) -> Answer:
        if isinstance(request, Recall) and subject.role in (Role.SUSPECT, Role.TEACHER):
            asked = [f"prompt {n}" for n in range(24)] if self.own else []
            prompts = (*asked, *(f"other {n}" for n in range(30)))
            return Transcript(prompts=prompts, answers=prompts)
        return super().answer(subject, request)


def test_of_recordings_the_probes_own_questions_are_taken_where_they_are_there() -> None:
    found = findings(Recorded(follows=STUDENT.follows, formulas=STUDENT.formulas, seed=2))["teacher-1"]
    assert found.outcome is Outcome.SUPPORTS
    assert found.fact("questions") == 24
    few = findings(Recorded(follows=STUDENT.follows, formulas=STUDENT.formulas, seed=2), questions=20)
    assert few["teacher-1"].fact("questions") == 20
    others = Recorded(follows=STUDENT.follows, formulas=STUDENT.formulas, seed=2)
    others.own = False
    found = findings(others)["teacher-1"]
    assert found.fact("questions") == 30
    assert any("those that were recorded" in one for one in found.limits)


def test_the_suspect_itself_is_no_candidate() -> None:
    found = findings(Reasoners(), (SUSPECT, model("suspect", Role.TEACHER), *CAST[1:]))
    assert found["suspect"].outcome is Outcome.NOT_APPLICABLE


def test_the_questions_are_what_the_generators_make() -> None:
    spec = load_probe(probes() / "traces" / "trace-contamination")
    assert len(spec.items) == parameters_of(spec, TraceContaminationParameters).questions == 64
    assert len({item["prompt"] for item in spec.items}) == 64
    made = [one for one in spec.items if one["prompt"].endswith(" Explain how you get there.")]
    names = list(dict.fromkeys(one["category"].replace(" ", "_") for one in made))
    assert len(made) == 48
    for place, name in enumerate(names):
        rng = np.random.default_rng([1127, place])
        drawn = [generator(name).draw(rng, 1 + n // 2).question for n in range(6)]
        asked = [one["prompt"] for one in made if one["category"].replace(" ", "_") == name]
        assert asked == [f"{question} Explain how you get there." for question in drawn]
