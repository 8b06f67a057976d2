"""The whole method on families whose distributions are drawn from a known law."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from family import ITEMS, WIDTH, Family, asked, model, softmax

from auditor.error import ContentError
from auditor.probe.method.output_agreement import OutputAgreement
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, UNDECIDED
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Answer, Choice, Distribution, Inputs, Unanswered
from auditor.record.request import Catalogue, Fill, Predict, Request
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Kind, Role, Stratum, Subject

METHOD = OutputAgreement()
LABELS = tuple("abcde")


def probe(content: tuple[dict[str, Any], ...], kind: Kind = Kind.CLASSIFIER, **parameters: Any) -> ProbeSpec:
    file = ProbeFile(
        title="t",
        claim=Claim.DISTILLED_FROM,
        method=METHOD.name,
        null_hypothesis="n",
        guarantee="calibrated",
        description="d",
        source="s",
        kinds=(kind,),
        parameters={"companion_alpha": 0.01, **parameters},
    )
    return ProbeSpec(id="outputs/agreement", file=file, items=content, digest="sha256:0")


QUESTIONS = probe(tuple({"id": str(n), "input": f"item {n}"} for n in range(ITEMS)))
GAPS = probe(
    tuple(
        {"id": str(n), "before": f"item {n} ", "options": [f"{n}{x}" for x in LABELS]} for n in range(ITEMS)
    ),
    Kind.MASKED_LM,
)
STATES = probe((), Kind.POLICY)


def mind(family: Family, subject: Subject, item: int) -> np.ndarray:
    return family.minds[subject.digest][item]


def reply(family: Family, subject: Subject, request: Request) -> Answer:
    if isinstance(request, Catalogue):
        return Unanswered(reason="not recorded")
    if subject.digest not in family.minds:
        return Unanswered(reason="silent")
    if isinstance(request, Fill):
        logs = mind(family, subject, int(request.before.split()[1]))
        return Choice(log_likelihoods=tuple(map(float, logs)), bytes=(2,) * WIDTH)
    assert isinstance(request, Predict)
    chances = softmax(mind(family, subject, int(request.input.split()[1])))
    return Distribution(labels=LABELS, probabilities=tuple(map(float, chances)))


def recorded(family: Family, subject: Subject, request: Request) -> Answer:
    """As ``reply``, from recordings: the suspect's lacks the last item, and everybody's order differs."""
    if isinstance(request, Catalogue):
        count = ITEMS - 1 if subject.role is Role.SUSPECT else ITEMS
        return Inputs(inputs=tuple(f"item {n}" for n in reversed(range(count))))
    found = reply(family, subject, request)
    assert isinstance(found, Distribution)
    turn = len(subject.name) % WIDTH
    return Distribution(
        labels=(*found.labels[turn:], *found.labels[:turn]),
        probabilities=(*found.probabilities[turn:], *found.probabilities[:turn]),
    )


def measured(family: Family, spec: ProbeSpec = QUESTIONS, said: Any = reply) -> Finding:
    (finding,) = METHOD.measure(spec, asked(spec, METHOD, family, said))
    return finding


@pytest.mark.parametrize(
    ("kind", "spec", "said"),
    [
        (Kind.CLASSIFIER, QUESTIONS, reply),
        (Kind.MASKED_LM, GAPS, reply),
        (Kind.POLICY, STATES, recorded),
        (Kind.CLASSIFIER, QUESTIONS, recorded),
    ],
)
def test_a_student_is_told_from_those_with_the_same_data(kind: Kind, spec: ProbeSpec, said: Any) -> None:
    finding = measured(Family(kind, seed=1, learned=1.0), spec, said)
    assert finding.outcome is Outcome.SUPPORTS
    assert finding.fact("answer") == FROM_SIBLING
    assert finding.fact("items") == (ITEMS - 1 if said is recorded else ITEMS)
    assert finding.result is not None
    assert finding.result.p_value == finding.result.smallest_attainable_p == pytest.approx(1 / 24)
    assert finding.result.guarantee is Guarantee.CALIBRATED
    assert finding.result.effect > 0.3
    strata = {one.stratum for one in finding.result.controls}
    assert strata == {"same-data", "unrelated", "twin of the teacher"}
    (table,) = finding.exhibits
    assert isinstance(table, Table)
    assert table.rows[0][:2] == ("suspect", "suspect")
    assert len(finding.observation_ids) == 2 * int(finding.fact("items") or 0)


@pytest.mark.parametrize("data", ["same", "other"])
def test_innocents_are_accused_no_oftener_than_the_level(data: str) -> None:
    families = [Family(Kind.CLASSIFIER, seed=100 + seed, data=data) for seed in range(60)]
    found = [measured(one) for one in families]
    accused = sum(one.outcome is Outcome.SUPPORTS for one in found)
    assert accused <= 60 * 0.05
    p_values = [one.result.p_value for one in found if one.result and one.result.p_value is not None]
    assert len(p_values) == 60
    # The largest of two uniform ones: at most the level of them lie below it.
    assert np.mean(np.array(p_values) <= 0.25) <= 0.25 + 3 * np.sqrt(0.25 * 0.75 / 60)


def test_a_student_of_labels_alone_is_found_by_its_choices() -> None:
    family = Family(Kind.CLASSIFIER, seed=3, same=7, strangers=7)
    teacher, suspect = family.subjects[:2]
    chosen = np.eye(WIDTH)[family.minds[teacher.digest].argmax(axis=1)]
    family.minds[suspect.digest] = 6 * chosen + np.random.default_rng(0).normal(size=chosen.shape)
    assert measured(family).outcome is Outcome.SUPPORTS


def test_without_controls_of_the_same_data_the_answer_is_capped() -> None:
    finding = measured(Family(Kind.CLASSIFIER, seed=1, learned=1.0, same=0))
    assert (finding.outcome, finding.fact("answer")) == (Outcome.SUPPORTS, FROM_SHARED_DATA)


def test_without_controls_and_twins_nothing_is_decided() -> None:
    finding = measured(Family(Kind.CLASSIFIER, learned=1.0, same=0, strangers=0, twins=0))
    assert (finding.outcome, finding.fact("answer")) == (Outcome.INCONCLUSIVE, UNDECIDED)
    assert finding.result is not None
    assert finding.result.p_value is None
    assert finding.result.guarantee is Guarantee.INDICATIVE


def test_of_two_candidates_the_teacher_is_named_and_each_keeps_its_twins() -> None:
    family = Family(Kind.CLASSIFIER, seed=5, learned=1.0, same=0, strangers=9, twins=4)
    other = model("other", Role.TEACHER, Kind.CLASSIFIER)
    rng = np.random.default_rng(8)
    data = 2 * rng.normal(size=(ITEMS, WIDTH))
    family.minds[other.digest] = data + rng.normal(size=(ITEMS, WIDTH))
    theirs = [model(f"its-twin-{n}", Role.TWIN, Kind.CLASSIFIER) for n in range(4)]
    family.minds |= {one.digest: data + rng.normal(size=(ITEMS, WIDTH)) for one in theirs}
    both = family.with_others(other, *theirs)
    first, second = METHOD.measure(QUESTIONS, asked(QUESTIONS, METHOD, both, reply))
    assert (first.outcome, second.outcome) == (Outcome.SUPPORTS, Outcome.DOES_NOT_SUPPORT)
    assert [one.fact("named") for one in (first, second)] == [True, False]
    assert [one.fact("twins") for one in (first, second)] == [4, 4]
    assert first.fact("selection_inside_null") is False


def test_models_that_cannot_be_compared_are_left_out_with_a_reason() -> None:
    silent = model("silent", Role.CONTROL, Kind.CLASSIFIER, Stratum.UNRELATED)
    strange = model("strange", Role.CONTROL, Kind.EMBEDDER, Stratum.UNRELATED)
    finding = measured(Family(Kind.CLASSIFIER, seed=1, learned=1.0).with_others(silent, strange))
    assert finding.outcome is Outcome.SUPPORTS
    assert any(line.startswith("silent gave distributions for 0%") for line in finding.limits)
    assert any("strange is of kind embedder" in line for line in finding.limits)


def test_a_kind_that_is_not_served_and_a_teacher_of_another_are_not_applicable() -> None:
    embedder = measured(Family(Kind.EMBEDDER, learned=1.0))
    assert embedder.outcome is Outcome.NOT_APPLICABLE
    assert "embedder" in embedder.reason
    family = Family(Kind.CLASSIFIER)
    family.subjects = (replace(family.subjects[0], kind=Kind.POLICY), *family.subjects[1:])
    assert measured(family).outcome is Outcome.NOT_APPLICABLE
    shallow = Family(Kind.CLASSIFIER)
    shallow.subjects = (replace(shallow.subjects[0], access=Access.TEXT), *shallow.subjects[1:])
    assert "text" in measured(shallow).reason


def test_too_few_items_and_foreign_classes_are_inconclusive() -> None:
    few = probe(QUESTIONS.items[:12])
    assert "12 items" in measured(Family(Kind.CLASSIFIER, learned=1.0), few).reason

    def foreign(family: Family, subject: Subject, request: Request) -> Answer:
        found = reply(family, subject, request)
        if isinstance(found, Distribution) and subject.role is Role.TEACHER:
            return replace(found, labels=tuple("vwxyz"))
        return found

    finding = measured(Family(Kind.CLASSIFIER, learned=1.0), said=foreign)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "classes in common" in finding.reason


def test_shared_classes_are_compared_where_one_side_has_more() -> None:
    def more(family: Family, subject: Subject, request: Request) -> Answer:
        found = reply(family, subject, request)
        if isinstance(found, Distribution) and subject.role is Role.SUSPECT:
            halved = tuple(one / 2 for one in found.probabilities)
            return Distribution(labels=("extra", *LABELS), probabilities=(0.5, *halved))
        return found

    plain = measured(Family(Kind.CLASSIFIER, seed=1, learned=1.0))
    assert plain.result is not None
    found = measured(Family(Kind.CLASSIFIER, seed=1, learned=1.0), said=more)
    assert found.result is not None
    assert found.result.effect == pytest.approx(plain.result.effect)


def test_items_are_drawn_by_a_seed() -> None:
    def drawn(seed: int) -> set[str]:
        spec = probe(QUESTIONS.items, items=20, seed=seed, fewest=10)
        seen = asked(spec, METHOD, Family(Kind.CLASSIFIER), reply)
        return {request for _, request in seen.answers}

    assert len(drawn(1)) == 21
    assert drawn(1) == drawn(1) != drawn(2)


def test_a_gap_needs_options() -> None:
    spec = probe(({"id": "1", "before": "x", "options": ["one"]},), Kind.MASKED_LM)
    with pytest.raises(ContentError, match="options"):
        METHOD.plan(spec, asked(GAPS, METHOD, Family(Kind.MASKED_LM), reply))
