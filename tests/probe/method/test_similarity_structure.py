"""The whole method on embedders whose spaces are turned, and of different widths."""

from __future__ import annotations

import numpy as np
import pytest
from family import ITEMS, Family, asked, model, rotation

from auditor.probe.method.similarity_structure import SimilarityStructure
from auditor.probe.panel.controls import FROM_SIBLING
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Answer, Embedding, PackedArray, Unanswered
from auditor.record.request import Embed, Request
from auditor.record.subject import Kind, Role, Stratum, Subject

METHOD = SimilarityStructure()
SPEC = ProbeSpec(
    id="outputs/similarity-structure",
    file=ProbeFile(
        title="t",
        claim=Claim.DISTILLED_FROM,
        method=METHOD.name,
        null_hypothesis="n",
        guarantee="calibrated",
        description="d",
        source="s",
        kinds=(Kind.EMBEDDER,),
    ),
    items=tuple({"id": str(n), "text": f"text {n}"} for n in range(ITEMS)),
    digest="sha256:0",
)


def reply(family: Family, subject: Subject, request: Request) -> Answer:
    assert isinstance(request, Embed)
    if subject.digest not in family.minds:
        return Unanswered(reason="silent")
    vector = family.minds[subject.digest][int(request.text.split()[1])]
    width = 8 + len(subject.name) % 4
    spread = np.pad(vector, (0, width - len(vector))) @ rotation(
        width, np.random.default_rng(len(subject.name))
    )
    return Embedding(vector=PackedArray.pack("embedding", spread.astype(np.float32)))


def measured(family: Family) -> Finding:
    (finding,) = METHOD.measure(SPEC, asked(SPEC, METHOD, family, reply))
    return finding


def test_a_student_is_found_in_whatever_space() -> None:
    finding = measured(Family(Kind.EMBEDDER, seed=2, learned=1.5))
    assert finding.outcome is Outcome.SUPPORTS
    assert finding.fact("answer") == FROM_SIBLING
    assert finding.result is not None
    assert finding.result.p_value == pytest.approx(1 / 24)
    assert finding.fact("items") == ITEMS


def test_innocents_are_accused_no_oftener_than_the_level() -> None:
    found = [measured(Family(Kind.EMBEDDER, seed=300 + seed)) for seed in range(24)]
    assert sum(one.outcome is Outcome.SUPPORTS for one in found) <= 2
    assert all(one.result is not None and one.result.p_value is not None for one in found)


def test_who_embeds_nothing_is_left_out_and_a_silent_teacher_is_undecided() -> None:
    silent = model("silent", Role.CONTROL, Kind.EMBEDDER, Stratum.UNRELATED)
    finding = measured(Family(Kind.EMBEDDER, seed=2, learned=1.5).with_others(silent))
    assert finding.outcome is Outcome.SUPPORTS
    assert any(line.startswith("silent embedded 0%") for line in finding.limits)
    family = Family(Kind.EMBEDDER, seed=2)
    del family.minds[family.subjects[0].digest]
    finding = measured(family)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "teacher embedded too few" in finding.reason


def test_a_classifier_is_not_served() -> None:
    finding = measured(Family(Kind.CLASSIFIER))
    assert finding.outcome is Outcome.NOT_APPLICABLE
