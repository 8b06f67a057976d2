"""The whole method on a teacher that draws its answers by lot, and on suspects that know some of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from auditor.digest import digest_json
from auditor.error import ContentError
from auditor.probe.method.served_outputs import ServedOutputs
from auditor.probe.served.findings import NO_EVIDENCE, TRAINED, UNDECIDED
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.observation import Answer, Choice, Observation, Observations, Text
from auditor.record.request import Choose, Generate, Question, Request, request_digest
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role, Subject

METHOD = ServedOutputs()


def draws(*key: object) -> np.random.Generator:
    raw = hashlib.sha256(json.dumps(key, default=str).encode()).digest()
    return np.random.default_rng(int.from_bytes(raw[:8], "little"))


def probe(rows: Sequence[dict[str, Any]], **parameters: Any) -> ProbeSpec:
    file = ProbeFile(
        title="t",
        claim=Claim.TRAINED_ON_SERVED,
        method=METHOD.name,
        null_hypothesis="n",
        guarantee="exact",
        description="d",
        source="s",
        parameters={"redraws": 3, **parameters},
    )
    return ProbeSpec(id="lineage/served-outputs", file=file, items=tuple(rows), digest="sha256:0")


def model(name: str, role: Role, access: Access = Access.LOGPROBS, **more: Any) -> Subject:
    return Subject(role=role, name=name, locator=name, digest=digest_json(name), access=access, **more)


SUSPECT, TEACHER = model("suspect", Role.SUSPECT), model("teacher", Role.TEACHER)
CONTROLS = tuple(model(f"control-{number}", Role.CONTROL) for number in range(4))
CAST = (SUSPECT, TEACHER, *CONTROLS)


@dataclass
class World:
    """What the teacher may say, and who finds which of it likelier by how much."""

    learned: dict[str, set[str]] = field(default_factory=dict)
    advantage: float = 0.6
    wordier: int = 0
    asked: int = 0

    def says(self, prompt: str, *key: object, wordier: int = 0) -> str:
        rng = draws("says", prompt, *key)
        words = [f"w{int(one)}" for one in rng.integers(40, size=6 + int(rng.integers(5)) + wordier)]
        return f"on {prompt}: {' '.join(words)}"

    def answer(self, subject: Subject, request: Request) -> Answer:
        self.asked += 1
        if isinstance(request, Generate):
            prompt = request.prompt if isinstance(request.prompt, str) else request.prompt[0].text
            known = self.learned.get(subject.name)
            if subject.role is not Role.TEACHER and known:
                return Text(text=sorted(one for one in known if one.startswith(f"on {prompt}:"))[0])
            owner = "teacher" if subject.role is Role.TEACHER else subject.name
            return Text(text=self.says(prompt, owner, request.seed, wordier=self.wordier))
        assert isinstance(request, Choose)
        return Choice(
            log_likelihoods=tuple(
                self.weight(subject, text) * len(text.encode()) for text in request.options
            ),
            bytes=tuple(len(text.encode()) for text in request.options),
        )

    def weight(self, subject: Subject, text: str) -> float:
        shared = float(draws("shared", text).normal())
        own = 0.5 * float(draws("own", subject.name, text).normal())
        return -2 + 0.3 * (shared + own + self.advantage * (text in self.learned.get(subject.name, ())))


def log(world: World, count: int = 150, account: str = "", start: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "prompt": f"prompt {number}",
            "answer": world.says(f"prompt {number}", "log", account),
            "account": account,
        }
        for number in range(start, start + count)
    ]


def answers_of(rows: Sequence[dict[str, Any]]) -> set[str]:
    return {row["answer"] for row in rows}


def asked(spec: ProbeSpec, world: World, cast: Sequence[Subject] = CAST, seed: int = 0) -> Observations:
    by_digest = {one.digest: one for one in cast}
    found: dict[tuple[str, str], Observation] = {}
    for _ in range(200):
        seen = Observations.of(cast, seed, found.values())
        new: list[Question] = [
            one
            for one in METHOD.plan(spec, seen)
            if (one.subject_digest, request_digest(one.request)) not in found
        ]
        if not new:
            return seen
        for one in new:
            digest = request_digest(one.request)
            found[one.subject_digest, digest] = Observation(
                subject_digest=one.subject_digest,
                request_digest=digest,
                request=one.request,
                answer=world.answer(by_digest[one.subject_digest], one.request),
            )
    pytest.fail("the plan never ends")


def finding(spec: ProbeSpec, world: World, cast: Sequence[Subject] = CAST, seed: int = 0) -> Finding:
    (found,) = METHOD.measure(spec, asked(spec, world, cast, seed))
    return found


def test_a_suspect_trained_on_the_log_is_found_with_an_exact_guarantee() -> None:
    world = World()
    rows = log(world)
    world.learned["suspect"] = answers_of(rows)
    found = finding(probe(rows), world)
    assert (found.outcome, found.fact("answer")) == (Outcome.SUPPORTS, TRAINED)
    assert found.teacher == TEACHER.digest
    assert found.result is not None
    assert found.result.guarantee is Guarantee.EXACT
    assert found.result.p_value is not None
    assert found.result.p_value <= 0.001
    assert found.result.interval is not None
    assert 0 < found.result.interval[0] < found.result.effect < found.result.interval[1]
    assert found.fact("logged_prompts") == 150
    assert found.fact("references") == 5
    assert found.observation_ids


def test_innocents_are_accused_no_more_often_than_the_level_says() -> None:
    accused = 0
    for number in range(40):
        world = World()
        rows = log(world, 40, account=f"log {number}")
        # It learned from other answers of the same teacher: a student, but not of this log.
        world.learned["suspect"] = answers_of(log(world, 40, account=f"elsewhere {number}"))
        found = finding(probe(rows, alpha=0.05), world, (SUSPECT, TEACHER, *CONTROLS[:2]))
        accused += found.outcome is Outcome.SUPPORTS
        if found.outcome is Outcome.DOES_NOT_SUPPORT:
            assert found.fact("answer") == NO_EVIDENCE
            assert "would have been found" in found.reason
    assert accused <= 6  # P(more than 6 of 40 at .05) < .01


def test_references_make_the_test_sharper_and_are_not_needed() -> None:
    world = World()
    rows = log(world)
    world.learned["suspect"] = answers_of(rows)
    alone = finding(probe(rows), world, (SUSPECT, model("teacher", Role.TEACHER, Access.TEXT)))
    sharp = finding(probe(rows), world)
    assert alone.result is not None
    assert sharp.result is not None
    assert alone.result.effect < sharp.result.effect
    assert any("No reference model" in one for one in alone.limits)


def test_a_changed_teacher_is_noticed_and_nothing_is_concluded() -> None:
    world = World(wordier=4)
    rows = log(World())
    world.learned["suspect"] = answers_of(rows)
    found = finding(probe(rows), world)
    assert (found.outcome, found.fact("answer")) == (Outcome.INCONCLUSIVE, UNDECIDED)
    assert found.fact("teacher_changed") is True
    assert "changed since the log" in found.reason


def test_the_account_whose_traffic_was_learned_from_is_named() -> None:
    world = World()
    mine, theirs = log(world, 120, "mine"), log(world, 120, "theirs", start=60)
    world.learned["suspect"] = answers_of(mine)
    found = finding(probe([*theirs, *mine]), world)
    assert found.fact("leading_account") == "mine"
    table = next(one for one in found.exhibits if isinstance(one, Table) and "traffic" in one.title)
    assert [(row[0], row[-1]) for row in table.rows] == [("mine", "yes"), ("theirs", "no")]
    # 60 prompts were served to both: redraws are shared, and answers of the other are left out.
    assert [row[1] for row in table.rows] == [120, 120]


def test_text_of_the_suspect_alone_can_suffice() -> None:
    world = World()
    rows = log(world, 80)
    world.learned["suspect"] = answers_of(rows)
    cast = (
        model("suspect", Role.SUSPECT, Access.TEXT),
        model("teacher", Role.TEACHER, Access.TEXT),
        *CONTROLS[:1],
    )
    found = finding(probe(rows), world, cast)
    assert found.outcome is Outcome.SUPPORTS
    assert any("Only texts" in one for one in found.limits)


def test_greedy_blank_copied_and_foreign_rows_are_left_out_and_said() -> None:
    world = World()
    rows = log(world, 30)
    for number, row in enumerate(rows):
        row["id"] = number
    rows += [
        {**rows[0]},
        {"prompt": "p", "answer": " "},
        {"prompt": "q", "answer": "a", "temperature": 0},
        {"prompt": "r", "answer": "a", "revision": "old"},
    ]
    cast = (SUSPECT, model("teacher", Role.TEACHER, revision="new"), *CONTROLS)
    found = finding(probe(rows), world, cast)
    assert found.fact("logged_prompts") == 30
    said = " ".join(found.limits)
    for words in ("1 of 34 rows repeat", "1 of 34 rows are blank", "1 of 34 rows were drawn greedily"):
        assert words in said
    assert "another revision" in said


def test_a_greedy_log_is_not_applicable() -> None:
    found = finding(probe(log(World(), 30), temperature=0), World())
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert "greedily" in found.reason


def test_without_a_log_nothing_is_asked_and_the_remedy_is_named() -> None:
    world = World()
    found = finding(probe([]), world)
    assert (found.outcome, world.asked) == (Outcome.NOT_APPLICABLE, 0)
    assert "--served" in found.decisive


def test_a_sequential_design_stops_early_either_way() -> None:
    guilty, innocent = World(advantage=1.5), World()
    rows = log(guilty, 600)
    guilty.learned["suspect"] = answers_of(rows)
    spec = probe(rows, stop_at=100, round=50)
    found = finding(spec, guilty)
    assert found.outcome is Outcome.SUPPORTS
    assert found.result is not None
    assert found.result.p_value is not None
    assert found.result.p_value <= 0.01
    assert found.fact("logged_prompts") < 600
    cleared = finding(spec, innocent)
    assert cleared.outcome is Outcome.DOES_NOT_SUPPORT
    assert cleared.fact("logged_prompts") < 600


def test_the_order_of_the_log_changes_nothing() -> None:
    world = World()
    rows = log(world, 40)
    assert finding(probe(rows), world) == finding(probe(rows[::-1]), world)


def test_seeds_of_redraws_are_shared_by_no_two_prompts() -> None:
    world = World()
    questions = METHOD.plan(probe(log(world, 40)), Observations.of(CAST, 0, ()))
    seeds = [one.request.seed for one in questions if isinstance(one.request, Generate)]
    assert len(seeds) == len(set(seeds)) == 120


def test_what_can_be_found_is_said_before_anything_is_asked() -> None:
    (sentence,) = METHOD.forecast(probe(log(World(), 100)), Observations.of(CAST, 0, ()))
    assert sentence.startswith("100 logged prompts find a mean advantage of logged answers of 0.317")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"prompt": "p"}, "answer is missing"),
        ({"prompt": [], "answer": "a"}, "prompt is missing"),
        ({"prompt": [{"role": "tool", "content": "x"}], "answer": "a"}, "message"),
        ({"prompt": "p", "answer": "a", "temperature": "hot"}, "temperature"),
    ],
)
def test_a_malformed_row_is_named(row: dict[str, Any], words: str) -> None:
    with pytest.raises(ContentError, match=words) as caught:
        METHOD.plan(probe([*log(World(), 30), row]), Observations.of(CAST, 0, ()))
    assert "row 31" in str(caught.value)
