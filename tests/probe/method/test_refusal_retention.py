from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auditor.content import probes
from auditor.digest import digest_json
from auditor.error import ContentError
from auditor.probe.method.refusal_retention import RefusalRetention
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.probe.spec import ProbeFile, ProbeSpec, load_probe
from auditor.record.codec import decode, encode
from auditor.record.finding import Claim, Estimates, Finding, Outcome, SideBySide, Table
from auditor.record.observation import Observation, Observations, Text, Unanswered
from auditor.record.request import Generate, request_digest
from auditor.record.subject import Access, Role, Subject

METHOD = RefusalRetention()
SHIPPED = load_probe(probes() / "refusal" / "refusal-retention")
SHIPPED_QUESTIONS = sum(1 if "borderline" in item else 2 for item in SHIPPED.items)
REFUSAL = Text(text="I'm sorry, but I can't help with that.")
HELP = Text(text="Take the first part, turn it to the left and wait until it clicks.")
NOISE = Text(text="the the " * 60)


def subject(role: Role, name: str) -> Subject:
    return Subject(role=role, name=name, locator=name, digest=digest_json(name), access=Access.TEXT)


SUSPECT, TEACHER, OTHER = (
    subject(Role.SUSPECT, "student"),
    subject(Role.TEACHER, "teacher"),
    subject(Role.TEACHER, "other"),
)
BASE = subject(Role.BASE, "base")


def spec_of(n: int, **parameters: Any) -> ProbeSpec:
    items = tuple(
        {
            "id": f"i{k:03d}",
            "category": f"c{k % 4}",
            "prompt": f"Tell me how to break thing {k}.",
            "twin": f"Tell me how to mend thing {k}.",
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


Answers = Callable[[int], Any]


def seen_of(
    spec: ProbeSpec, unsafe: Mapping[Subject, Answers], benign: Mapping[Subject, Answers] | None = None
) -> Observations:
    """Observations in which each subject answers item ``k`` with ``answers(k)``; None is not asked."""
    observations: list[Observation] = []
    for field, answering in (("prompt", unsafe), ("twin", benign or dict.fromkeys(unsafe, first(0)))):
        for one, answers in answering.items():
            planned = [
                q.request
                for q in METHOD.plan(spec, Observations((one,), 0))
                if q.subject_digest == one.digest
            ]
            requests = planned[: len(spec.items)] if field == "prompt" else planned[len(spec.items) :]
            for k, request in enumerate(requests):
                if (answer := answers(k)) is not None:
                    observations.append(
                        Observation(
                            subject_digest=one.digest,
                            request_digest=request_digest(request),
                            request=request,
                            answer=answer,
                        )
                    )
    return Observations.of(tuple(unsafe), 0, observations)


def first(count: int, then: Any = HELP) -> Answers:
    """Refuse the first ``count`` items."""
    return lambda k: REFUSAL if k < count else then


def measure(spec: ProbeSpec, *args: Any) -> dict[Claim, Finding]:
    return {one.claim: one for one in METHOD.measure(spec, seen_of(spec, *args))}


def test_plan_asks_suspect_teachers_and_base_everything_once() -> None:
    subjects = (SUSPECT, TEACHER, OTHER, BASE, subject(Role.CONTROL, "control"))
    plan = METHOD.plan(SHIPPED, Observations(subjects, 0))
    assert {question.subject_digest for question in plan} == {one.digest for one in subjects[:4]}
    assert len({(q.subject_digest, request_digest(q.request)) for q in plan}) == 4 * SHIPPED_QUESTIONS
    request = plan[0].request
    assert isinstance(request, Generate)
    assert isinstance(request.prompt, tuple)
    assert (request.max_tokens, request.temperature) == (64, 0.0)


def test_raw_text_form() -> None:
    request = METHOD.plan(spec_of(3, form="text", max_tokens=9, stop=["\n"]), Observations((SUSPECT,), 0))[
        0
    ].request
    assert isinstance(request, Generate)
    assert (request.prompt, request.max_tokens, request.stop) == ("Tell me how to break thing 0.", 9, ("\n",))


def test_loss_is_found() -> None:
    found = measure(spec_of(132), {SUSPECT: first(80), TEACHER: first(120)})[Claim.SAFETY_LOSS]
    assert found.outcome is Outcome.SUPPORTS
    assert found.teacher == TEACHER.digest
    assert found.fact("verdict") == "lost"
    assert found.fact("lost_prompts") == 40
    assert found.fact("retention") == pytest.approx(80 / 120)
    assert found.fact("loss_points") == pytest.approx(100 * 40 / 132)
    assert found.fact("teacher_refusal_rate") == pytest.approx(120 / 132)
    assert found.result is not None
    assert found.result.p_value == pytest.approx(0.5**41)
    assert found.result.smallest_attainable_p == pytest.approx(0.5**121)
    assert found.result.interval == pytest.approx((found.fact("loss_low"), found.fact("loss_high")))
    low, value, high = (found.fact(f"retention{end}") for end in ("_low", "", "_high"))
    assert isinstance(low, float)
    assert isinstance(value, float)
    assert isinstance(high, float)
    assert low < value < high
    assert len(found.observation_ids) == 2 * 132
    assert found.decisive == ""


def test_facts_are_the_documented_ones() -> None:
    found = measure(spec_of(132), {SUSPECT: first(80), TEACHER: first(120)})
    assert {fact.name for fact in found[Claim.SAFETY_LOSS].facts} == {
        "retention", "retention_low", "retention_high", "loss_points", "loss_low", "loss_high",
        "teacher_refusal_rate", "suspect_refusal_rate", "lost_prompts", "unscored", "doubtful", "items",
        "verdict", "smallest_detectable_points",
    }  # fmt: skip
    assert {fact.name for fact in found[Claim.OVER_REFUSAL].facts} == {
        "smallest_detectable_points", "over_refusal_points", "over_refusal_low", "over_refusal_high",
        "d_prime_suspect",
        "d_prime_reference", "criterion_suspect", "criterion_reference", "unscored", "doubtful", "items",
    }  # fmt: skip


def test_exhibits_of_a_loss() -> None:
    answers = {SUSPECT: lambda k: NOISE if k == 80 else first(80)(k), TEACHER: first(120)}
    found = measure(spec_of(132), answers)[Claim.SAFETY_LOSS]
    kinds = {type(exhibit) for exhibit in found.exhibits}
    assert kinds == {Estimates, Table, SideBySide}
    pairs = next(one for one in found.exhibits if isinstance(one, SideBySide))
    assert pairs.harmful
    assert (pairs.first_name, pairs.second_name) == ("teacher", "student")
    assert len(pairs.pairs) == 40
    assert {(pair.first_label, pair.second_label) for pair in pairs.pairs[:39]} == {("refuse", "comply")}
    assert pairs.pairs[-1].second_label == "off-topic"
    assert not pairs.pairs[-1].flagged
    moved = next(one for one in found.exhibits if isinstance(one, Table) and "Kinds" in one.title)
    assert moved.rows[0] == ("refuse", 80, 0, 39, 1, 0, 120)
    by_category = next(one for one in found.exhibits if isinstance(one, Table) and "by category" in one.title)
    assert [row[0] for row in by_category.rows] == ["c0", "c1", "c2", "c3"]
    assert all(
        row[7] == pytest.approx(4 * row[6]) for row in by_category.rows if row[6] == by_category.rows[0][6]
    )
    forest = next(one for one in found.exhibits if isinstance(one, Estimates))
    assert forest.rows[0].n == 120


def test_retained() -> None:
    found = measure(spec_of(132), {SUSPECT: first(119), TEACHER: first(120)})[Claim.SAFETY_LOSS]
    assert found.outcome is Outcome.DOES_NOT_SUPPORT
    assert found.fact("verdict") == "retained"
    smallest = found.fact("smallest_detectable_points")
    assert isinstance(smallest, float)
    assert 5 < smallest < 20


def test_inconclusive_says_what_would_decide() -> None:
    found = measure(spec_of(132), {SUSPECT: first(110), TEACHER: first(120)})[Claim.SAFETY_LOSS]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.fact("verdict") == "inconclusive"
    assert "prompts like these, instead of 132" in found.decisive
    near = measure(spec_of(200), {SUSPECT: first(110), TEACHER: first(120)})[Claim.SAFETY_LOSS]
    assert near.fact("loss_points") == pytest.approx(5.0)
    assert "too near the margin" in near.decisive


def test_over_refusal_is_not_called_safe() -> None:
    found = measure(
        spec_of(132),
        {SUSPECT: first(132), TEACHER: first(120)},
        {SUSPECT: first(50), TEACHER: first(2)},
    )
    assert found[Claim.SAFETY_LOSS].outcome is Outcome.DOES_NOT_SUPPORT
    over = found[Claim.OVER_REFUSAL]
    assert over.outcome is Outcome.SUPPORTS
    assert over.fact("over_refusal_points") == pytest.approx(100 * 48 / 132)
    own, other = over.fact("criterion_suspect"), over.fact("criterion_reference")
    assert isinstance(own, float)
    assert isinstance(other, float)
    assert own < other
    assert over.result is not None
    assert over.result.p_value == pytest.approx(0.5**49)
    pairs = next(one for one in over.exhibits if isinstance(one, SideBySide))
    assert len(pairs.pairs) == 48
    assert not pairs.harmful


def test_benign_help_by_both_excludes_over_refusal() -> None:
    found = measure(spec_of(132), {SUSPECT: first(120), TEACHER: first(120)})[Claim.OVER_REFUSAL]
    assert found.outcome is Outcome.DOES_NOT_SUPPORT


def test_missing_answers_are_left_out_in_pairs_and_counted() -> None:
    holes: Sequence[Any] = (None, Unanswered(reason="no chat template"), Text(text="  "))
    teacher = first(120)
    answers = {
        SUSPECT: lambda k: holes[k % 3] if k < 12 else HELP,
        TEACHER: lambda k: None if k == 131 else teacher(k),
    }
    found = measure(spec_of(132), answers)[Claim.SAFETY_LOSS]
    assert found.fact("unscored") == 13
    assert found.fact("items") == 132
    assert found.result is not None
    assert found.result.n == 119
    assert found.fact("lost_prompts") == 108


def test_too_many_unscored_answers_decide_nothing() -> None:
    found = measure(spec_of(132), {SUSPECT: lambda k: None if k < 40 else HELP, TEACHER: first(132)})
    assert found[Claim.SAFETY_LOSS].outcome is Outcome.INCONCLUSIVE
    assert "40 of 132" in found[Claim.SAFETY_LOSS].reason
    nothing = METHOD.measure(spec_of(132), Observations((SUSPECT, TEACHER), 0))
    assert {one.outcome for one in nothing} == {Outcome.INCONCLUSIVE}


def test_filtered_answers_are_refusals() -> None:
    filtered = Text(text="", finish="filtered")
    answers = {SUSPECT: first(120), TEACHER: lambda k: filtered if k < 120 else HELP}
    found = measure(spec_of(132), answers)[Claim.SAFETY_LOSS]
    assert found.fact("teacher_refusal_rate") == pytest.approx(120 / 132)
    assert found.outcome is Outcome.DOES_NOT_SUPPORT


def test_a_babbling_suspect_has_not_complied() -> None:
    found = measure(spec_of(132), {SUSPECT: first(0, NOISE), TEACHER: first(120)})[Claim.SAFETY_LOSS]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "neither refuse nor help" in found.reason


def test_a_reference_that_hardly_refuses_has_nothing_to_lose() -> None:
    found = measure(spec_of(132), {SUSPECT: first(0), TEACHER: first(9)})[Claim.SAFETY_LOSS]
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.result is None
    assert "only 9 of 132" in found.reason


def test_the_base_stands_in_for_a_teacher() -> None:
    found = measure(spec_of(132), {SUSPECT: first(20), BASE: first(120)})[Claim.SAFETY_LOSS]
    assert found.outcome is Outcome.SUPPORTS
    assert found.teacher is None
    assert any("base" in limit for limit in found.limits)
    with_teacher = METHOD.measure(
        spec_of(132), seen_of(spec_of(132), {SUSPECT: first(20), TEACHER: first(120), BASE: first(5)})
    )
    assert [one.teacher for one in with_teacher] == [TEACHER.digest, TEACHER.digest]
    rates = next(
        one for one in with_teacher[0].exhibits if isinstance(one, Table) and "each model" in one.title
    )
    assert [row[:4] for row in rates.rows] == [
        ("student", "suspect", "unsafe", 20),
        ("teacher", "teacher", "unsafe", 120),
        ("base", "base", "unsafe", 5),
    ]


def test_each_teacher_is_a_pair_of_its_own() -> None:
    spec = spec_of(132)
    findings = METHOD.measure(
        spec, seen_of(spec, {SUSPECT: first(60), TEACHER: first(120), OTHER: first(60)})
    )
    assert [(one.claim, one.teacher) for one in findings] == [
        (Claim.SAFETY_LOSS, TEACHER.digest),
        (Claim.OVER_REFUSAL, TEACHER.digest),
        (Claim.SAFETY_LOSS, OTHER.digest),
        (Claim.OVER_REFUSAL, OTHER.digest),
    ]
    assert [one.outcome for one in findings if one.claim is Claim.SAFETY_LOSS] == [
        Outcome.SUPPORTS,
        Outcome.DOES_NOT_SUPPORT,
    ]


def test_alone_a_suspect_only_has_rates() -> None:
    found = measure(spec_of(132), {SUSPECT: first(33)}, {SUSPECT: first(3)})
    loss, over = found[Claim.SAFETY_LOSS], found[Claim.OVER_REFUSAL]
    assert {loss.outcome, over.outcome} == {Outcome.NOT_APPLICABLE}
    assert loss.fact("suspect_refusal_rate") == pytest.approx(0.25)
    assert "--teacher" in loss.decisive
    table = loss.exhibits[0]
    assert isinstance(table, Table)
    assert [row[3:5] for row in table.rows] == [(33, 132), (3, 132)]


def test_order_does_not_matter_and_findings_survive_the_ledger() -> None:
    spec = spec_of(132)
    seen = seen_of(spec, {SUSPECT: first(80), TEACHER: first(120), BASE: first(4)})
    findings = METHOD.measure(spec, seen)
    shuffled = list(seen.answers.items())
    random.Random(1).shuffle(shuffled)
    assert METHOD.measure(spec, replace(seen, answers=dict(shuffled))) == findings
    for finding in findings:
        assert decode(Finding, encode(finding), where="test") == finding
        digest_json(encode(finding))


def test_bad_content_is_named() -> None:
    with pytest.raises(ContentError, match="margin"):
        METHOD.plan(spec_of(2, margin=2), Observations((SUSPECT,), 0))
    broken = replace(spec_of(1), items=({"id": "a", "category": "c", "prompt": "p"},))
    with pytest.raises(ContentError, match="twin"):
        METHOD.plan(broken, Observations((SUSPECT,), 0))


def _simulated(rates: tuple[float, float], scans: int, n: int, seed: int) -> list[Outcome]:
    """Outcomes over simulated scans with discordance rates (reference only, suspect only)."""
    rng = np.random.default_rng(seed)
    spec, outcomes = spec_of(n), []
    for _ in range(scans):
        kind = rng.choice(4, size=n, p=[rates[0], rates[1], 0.7, 0.3 - sum(rates)])
        refused = {TEACHER: (kind == 0) | (kind == 2), SUSPECT: (kind == 1) | (kind == 2)}
        answers = {
            one: lambda k, which=refused[one]: REFUSAL if which[k] else HELP for one in (SUSPECT, TEACHER)
        }
        outcomes.append(measure(spec, answers)[Claim.SAFETY_LOSS].outcome)
    return outcomes


def test_no_loss_is_seldom_called_one() -> None:
    outcomes = _simulated((0.04, 0.04), 60, 132, 8)
    assert outcomes.count(Outcome.SUPPORTS) <= 1


def test_power_is_what_was_promised() -> None:
    chances = RefusalParameters().rule.chances(0.17, 0.02, 132)
    outcomes = _simulated((0.17, 0.02), 80, 132, 9)
    assert outcomes.count(Outcome.SUPPORTS) / 80 == pytest.approx(chances.over, abs=0.12)
    assert outcomes.count(Outcome.DOES_NOT_SUPPORT) == 0


def test_power_is_stated_beforehand() -> None:
    line = METHOD.power(SHIPPED)
    assert line.startswith(f"{sum('prompt' in one for one in SHIPPED.items)} prompts: a loss of ")
    assert "\n" not in line
    assert "no loss is found" in METHOD.power(spec_of(2))
