"""What is true of lost calibration and lost facts is seen on facts that no probe asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tried import register

from auditor import content
from auditor.probe.registry import load_suites, method
from auditor.record.finding import Claim
from auditor.record.observation import Observations
from auditor.record.subject import Access, Role, Subject
from auditor.validation.experiment.knowledge import MATTERS, NOTHING, Knowledge
from auditor.validation.experiment.knowledge_questions import knowledge_probe
from auditor.validation.experiment.truth import Truth, truth_of

KNOWN = register()
PROBES = [(one, method(one.file.method)) for one in load_suites(("world-knowledge",), (content.probes(),))]
TEACHER = Knowledge(common=0.9, rare=0.7, misjudged=0.3, chosen=())


def test_knowledge_is_read_off_the_options_by_closed_form() -> None:
    shares = np.array([[0.5, 0.5, 0, 0], [1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]])
    with np.errstate(divide="ignore"):
        found = Knowledge.of(np.log(shares), np.array([0, 1, 0]), np.array([False, True, False]))
    assert found.common == 1.0
    assert found.rare == 0.0
    assert found.chosen == (0, 0, 0)


def test_only_a_wrong_temperature_counts_as_misjudged() -> None:
    # Right in three of four cases at even odds of the rest: calibrated as it is, so that nothing is saved.
    shares = np.tile([0.75, 0.25], (8, 1))
    right, rare = np.array([0, 0, 0, 1] * 2), np.array([False, True] * 4)
    assert Knowledge.of(np.log(shares), right, rare).misjudged == pytest.approx(0, abs=1e-12)
    # At a quarter of the temperature the odds are 81 to 1: Brier score minus that of the calibrated model.
    sharp = Knowledge.of(4 * np.log(shares), right, rare)
    wrong = 1 / 82
    score = 2 * (0.75 * wrong**2 + 0.25 * (1 - wrong) ** 2)
    assert sharp.misjudged == pytest.approx(score - 0.375)


@pytest.mark.parametrize(
    ("share", "truth"), [(0.0, Truth.INNOCENT), (0.5, Truth.UNJUDGED), (1.1, Truth.GUILTY)]
)
def test_a_claim_is_true_where_the_difference_matters(share: float, truth: Truth) -> None:
    suspect, teacher = KNOWN.members["plain-0"], KNOWN.members["third"]

    def between(claim: Claim) -> float:
        return share * MATTERS[claim] if share != 0.5 else (MATTERS[claim] + NOTHING[claim]) / 2

    tail = replace(TEACHER, rare=TEACHER.rare - between(Claim.TAIL_LOSS))
    unsure = replace(TEACHER, misjudged=TEACHER.misjudged + between(Claim.CALIBRATION_LOSS))
    for claim, own in ((Claim.TAIL_LOSS, tail), (Claim.CALIBRATION_LOSS, unsure)):
        knowledge = {suspect.name: own, teacher.name: TEACHER}
        assert truth_of(KNOWN, claim, suspect, teacher, knowledge=knowledge)[0] is truth


def test_who_knows_less_of_everything_has_not_lost_the_tail() -> None:
    weaker = Knowledge(common=0.6, rare=0.4, misjudged=0.3, chosen=())
    assert weaker.excess(Claim.TAIL_LOSS, TEACHER) == pytest.approx(0)


def test_facts_are_asked_of_suspects_and_teachers_in_their_own_world_only(tmp_path: Path) -> None:
    assert knowledge_probe(tmp_path, PROBES) == ()
    (tmp_path / "build.json").write_text(json.dumps({"seed": 3}))
    ((spec, questions),) = knowledge_probe(tmp_path, PROBES)
    cast = [
        Subject(role=role, name=name, locator=name, digest=f"sha256:{name}", access=Access.LOGPROBS)
        for name, role in (("suspect", Role.SUSPECT), ("teacher", Role.TEACHER), ("other", Role.CONTROL))
    ]
    asked = questions.plan(spec, Observations.of(cast, 0, ()))
    assert len(asked) == 2 * len(spec.items) == 300
    assert {one.subject_digest for one in asked} == {"sha256:suspect", "sha256:teacher"}
    (refusals,) = load_suites(("world-refusal",), (content.probes(),))
    assert knowledge_probe(tmp_path, [(refusals, method(refusals.file.method))]) == ()
