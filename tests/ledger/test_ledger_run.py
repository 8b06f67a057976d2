"""A run from its plan to its end seal: what is written is what is read, interrupted or not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_records import (
    CONTROL,
    HERE,
    SUSPECT,
    TEACHER,
    finding,
    finish,
    observation,
    observations,
    plan,
    subject,
    verdict,
)

from auditor.digest import digest_bytes, well_formed
from auditor.error import AuditorError, LedgerError, UsageError
from auditor.ledger import Ledger
from auditor.ledger.commitment import is_salt
from auditor.record.codec import encode
from auditor.record.observation import Arrays, Choice, Likelihood, Observation, PackedArray, Text, TopTokens
from auditor.record.request import Generate, request_digest, user
from auditor.record.scan import Environment
from auditor.record.subject import Access, Role
from auditor.record.verdict import Status


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "ledger.db"
    answers = observations(0, 6) + observations(0, 2, TEACHER)
    with Ledger.open(path) as ledger:
        handle = ledger.begin(plan(), HERE)
        ledger.observe(handle.run, answers)
        finish(ledger, handle.run, asked=8)
    with Ledger.open(path, readonly=True) as ledger:
        scan = ledger.scan()
        assert list(ledger.observations([SUSPECT.digest, TEACHER.digest])) == answers
        verified = ledger.verify()
    assert not handle.resumed
    assert scan.run == handle.run
    assert len(handle.run) == 12
    assert scan.plan == plan()
    assert scan.plan_digest == plan().digest
    assert scan.findings == (finding(),)
    assert scan.verdict == verdict()
    assert scan.environment == HERE
    assert scan.advice == ("add a base",)
    assert (scan.asked, scan.reused) == (8, 0)
    assert scan.observations.seed == 7
    assert scan.observations.answers == {
        (one.subject_digest, one.request_digest): one.answer for one in answers
    }
    assert scan.finished_at is not None
    assert scan.started_at <= scan.finished_at
    assert scan.root == verified.sealed_root
    assert verified.sealed == verified.records - 1
    assert verified.counts == {"plan": 1, "seal": 2, "observation": 8, "finding": 1, "verdict": 1}


def test_a_run_in_pieces_reports_the_same_as_a_run_in_one(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "one.db") as ledger:
        whole = ledger.begin(plan(), HERE).run
        ledger.observe(whole, observations(0, 9))
        finish(ledger, whole, asked=9)
        first = ledger.scan(whole)
    path = tmp_path / "pieces.db"
    with Ledger.open(path) as ledger:
        begun = ledger.begin(plan(), HERE)
        ledger.observe(begun.run, observations(0, 4))
    with Ledger.open(path) as ledger:
        again = ledger.begin(plan(seed=99), HERE)  # the same command draws another seed
        assert again.resumed
        assert again.run == begun.run
        assert again.plan.seed == 7
        assert ledger.holds(SUSPECT.digest) == {one.request_digest for one in observations(0, 4)}
        ledger.observe(again.run, observations(4, 9))
        finish(ledger, again.run, asked=5, reused=4)
        second = ledger.scan()
        ledger.verify()
    # Times and salts are under the root, so it is another one for the same answers.
    bare = {"started_at": "", "finished_at": "", "root": ""}
    assert dataclasses.replace(second, **bare) == dataclasses.replace(first, **bare)
    assert second.root != first.root


def test_answers_from_before_the_run_count_as_reused(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        first = ledger.begin(plan(seed=1, seed_origin="given"), HERE).run
        ledger.observe(first, observations(0, 4))
        finish(ledger, first, asked=4)
        before = ledger.scan(first)
        second = ledger.begin(plan(seed=2, seed_origin="given"), HERE)
        assert not second.resumed
        ledger.observe(second.run, observations(4, 7))
        finish(ledger, second.run, asked=3, reused=4)
        assert (ledger.scan().asked, ledger.scan().reused) == (3, 4)
        assert len(ledger.scan().observations.answers) == 7
        assert ledger.scan(first) == before, "a later run must not change an earlier report"


def test_a_run_that_goes_on_elsewhere_says_so(tmp_path: Path) -> None:
    there = Environment(python="3.12.1", platform="linux", device="cuda")
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        assert ledger.begin(plan(), HERE).resumed
        assert ledger.verify().counts["seal"] == 1
        assert ledger.begin(plan(), there).resumed
        finish(ledger, run)
        assert ledger.verify().counts["seal"] == 3
        assert ledger.scan().environment == there


def test_a_finished_run_takes_nothing_more(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        finish(ledger, run)
        with pytest.raises(LedgerError, match="finished"):
            ledger.observe(run, observations(0, 1))
        with pytest.raises(LedgerError, match="finished"):
            finish(ledger, run)
        with pytest.raises(LedgerError, match="unknown"):
            ledger.observe("0" * 12, observations(0, 1))
        assert not ledger.begin(plan(), HERE).resumed


def test_an_answer_is_held_once(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, observations(0, 2))
        with pytest.raises(LedgerError, match="in the ledger already"):
            ledger.observe(run, [observation(5), observation(1)])
        with pytest.raises(LedgerError, match="in the ledger already"):
            ledger.observe(run, [observation(5), observation(5)])
        assert len(ledger.holds(SUSPECT.digest)) == 2, "a refused batch leaves nothing behind"
        ledger.observe(run, [observation(5)])
        ledger.verify()


def test_an_answer_must_be_what_it_says(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        misfiled = dataclasses.replace(observation(1), request_digest=observation(2).request_digest)
        with pytest.raises(LedgerError, match="another question"):
            ledger.observe(run, [misfiled])
        with pytest.raises(LedgerError, match="not announced"):
            ledger.observe(run, [observation(1, subject("stranger"))])
        endless = dataclasses.replace(
            observation(1), answer=Likelihood(log_likelihood=float("-inf"), bytes=1, tokens=1)
        )
        with pytest.raises(AuditorError, match="canonical JSON"):
            ledger.observe(run, [observation(2), endless])
        assert not ledger.holds(SUSPECT.digest)


def test_runs_are_found_by_their_beginning(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        with pytest.raises(UsageError, match="scan a model first"):
            ledger.scan()
        done = ledger.begin(plan(seed=1, seed_origin="given"), HERE).run
        finish(ledger, done)
        begun = ledger.begin(plan(seed=2, seed_origin="given"), HERE).run
        assert ledger.scan().run == done
        assert ledger.scan(begun[:5]).finished_at is None
        with pytest.raises(UsageError, match=f"(?s)no run begins with 'zz'.*{done}.*{begun}.*unfinished"):
            ledger.scan("zz")
        with pytest.raises(UsageError, match="several runs"):
            ledger.scan("")
        first, second = ledger.runs()
        assert (first.run, first.suspect, first.status) == (done, "suspect", Status.FAIL)
        assert (second.run, second.finished_at, second.status) == (begun, None, None)


def test_import_brings_subjects_and_answers_once(tmp_path: Path) -> None:
    panel = [observation(number, one) for one in (CONTROL, TEACHER) for number in range(5)]
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        assert ledger.import_observations("panel", "sha256:9", [CONTROL, TEACHER], panel[:7]) == 7
        assert ledger.import_observations("panel", "sha256:9", [CONTROL, TEACHER], iter(panel)) == 3
        records = ledger.verify().records
        assert ledger.import_observations("panel", "sha256:9", [CONTROL, TEACHER], panel) == 0
        assert ledger.verify().records == records
        assert list(ledger.observations([CONTROL.digest])) == panel[:5]
        assert ledger.known_subjects() == (CONTROL, TEACHER)
        assert ledger.runs() == ()
        with pytest.raises(LedgerError, match="not announced"):
            ledger.import_observations("other", "sha256:8", [CONTROL], [observation(1, SUSPECT)])
        assert ledger.verify().records == records
        run = ledger.begin(plan(), HERE).run
        finish(ledger, run, asked=0, reused=10)
        assert len(ledger.scan().observations.answers) == 10
        assert (ledger.scan().asked, ledger.scan().reused) == (0, 10)
        ledger.verify()


def test_of_a_known_subject_the_latest_description_wins(tmp_path: Path) -> None:
    moved = subject("control", Role.CONTROL, locator="elsewhere")
    as_teacher = dataclasses.replace(CONTROL, role=Role.TEACHER, access=Access.TEXT)
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        ledger.begin(plan(), HERE)
        ledger.import_observations("panel", "sha256:9", [moved, as_teacher], [])
        known = {(one.digest, one.role): one for one in ledger.known_subjects()}
    assert known[CONTROL.digest, Role.CONTROL].locator == "elsewhere"
    assert known[CONTROL.digest, Role.TEACHER] == as_teacher
    assert len(known) == 4


def test_a_batch_is_one_transaction(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        statements: list[str] = []
        ledger._connection.set_trace_callback(statements.append)
        ledger.observe(run, observations(0, 200))
        ledger.import_observations("panel", "sha256:9", [CONTROL], observations(0, 200, CONTROL))
        ledger._connection.set_trace_callback(None)
        assert len(ledger.holds(SUSPECT.digest)) == len(ledger.holds(CONTROL.digest)) == 200
    assert statements.count("BEGIN IMMEDIATE") == statements.count("COMMIT") == 2


def test_readers_cannot_write(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
    with Ledger.open(tmp_path / "ledger.db", readonly=True) as ledger:
        with pytest.raises(LedgerError, match="reading only"):
            ledger.observe(run, observations(0, 1))
        with pytest.raises(LedgerError, match="reading only"):
            ledger.begin(plan(), HERE)
    with pytest.raises(LedgerError, match="closed"):
        ledger.runs()


def test_bodies_are_the_records_and_hold_no_times_but_salts(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, [observation(3)])
        rows = dict(ledger._connection.execute("SELECT kind, body FROM evidence").fetchall())
        times = ledger._connection.execute("SELECT recorded_at FROM evidence").fetchall()
    assert digest_bytes(rows["plan"].encode()) == plan().digest
    answer = json.loads(rows["observation"])
    assert is_salt(answer.pop("salt"))
    assert answer == encode(observation(3))
    assert all(len(time) == 24 and time.endswith("Z") for (time,) in times)


TEXTS = st.text(alphabet=st.characters(), max_size=60).map(well_formed)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ANSWERS = st.one_of(
    st.builds(Text, text=TEXTS, tokens=st.none() | st.integers(0, 10**6)),
    st.builds(Likelihood, log_likelihood=NUMBERS, bytes=st.integers(0, 99), tokens=st.integers(0, 99)),
    st.lists(NUMBERS, max_size=4).map(
        lambda found: Choice(log_likelihoods=tuple(found), bytes=tuple(range(len(found))))
    ),
    st.lists(TEXTS, max_size=4).map(
        lambda found: TopTokens(tokens=tuple(found), log_probabilities=tuple(-1.5 for _ in found))
    ),
    st.binary(max_size=40).map(
        lambda raw: Arrays(arrays=(PackedArray(name="w", dtype="uint8", shape=(len(raw),), data=raw.hex()),))
    ),
)


@settings(max_examples=25, deadline=None)
@given(pairs=st.lists(st.tuples(TEXTS, ANSWERS), max_size=12, unique_by=lambda pair: pair[0]))
def test_whatever_a_model_says_comes_back(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, Text]]
) -> None:
    said: list[Observation] = []
    for prompt, words in pairs:
        request = Generate(prompt=user(prompt), max_tokens=4, temperature=0.7)
        said.append(
            Observation(
                subject_digest=SUSPECT.digest,
                request_digest=request_digest(request),
                request=request,
                answer=words,
            )
        )
    with Ledger.open(tmp_path_factory.mktemp("said") / "ledger.db") as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, said)
        assert list(ledger.observations([SUSPECT.digest])) == said
        ledger.verify()
