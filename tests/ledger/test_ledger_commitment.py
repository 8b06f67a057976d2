"""Salted commitments, times under the hash, and ledgers from before either."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ledger_records import CONTROL, HERE, SUSPECT, finish, observation, observations, plan

from auditor.digest import canonical_json, digest_bytes
from auditor.error import EvidenceIntegrityError
from auditor.ledger import Ledger, append
from auditor.ledger.commitment import QUOTING, reduced
from auditor.record.codec import encode

#: Written by the last version before answers were salted: a plan, six answers and a finding, finished.
OLD = Path(__file__).parent / "written" / "ledger-0001.db"
OLD_RECORDS = 11


def rows(path: Path, columns: str, where: str = "1") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {columns} FROM evidence WHERE {where} ORDER BY seq").fetchall()


def test_the_same_answer_is_committed_to_differently(tmp_path: Path) -> None:
    """Nothing that stays where an answer is withheld can be worked out from a guess of it."""
    digests = set()
    for name in ("one.db", "two.db"):
        with Ledger.open(tmp_path / name) as ledger:
            run = ledger.begin(plan(), HERE).run
            ledger.observe(run, [observation(0, SUSPECT), observation(0, CONTROL)])
        found = rows(tmp_path / name, "body_sha256, body", "kind = 'observation'")
        digests |= {digest for digest, _ in found}
        salts = {json.loads(body)["salt"] for _, body in found}
        assert len(salts) == 2
    assert len(digests) == 4
    guess = encode(observation(0, SUSPECT))
    text = canonical_json(guess["answer"]["text"])
    plain = {digest_bytes(canonical_json(guess)), digest_bytes(canonical_json(guess["answer"]))}
    assert digests.isdisjoint(plain | {digest_bytes(text), digest_bytes(text[1:-1])})


def test_what_may_quote_answers_is_all_that_a_reduced_finding_lacks(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        finish(ledger, ledger.begin(plan(), HERE).run)
    ((body, digest),) = rows(tmp_path / "ledger.db", "body, body_sha256", "kind = 'finding'")
    value = json.loads(body)
    short = reduced("finding", body.encode(), value)
    assert digest_bytes(short) == digest
    assert set(value) - set(json.loads(short)) == {*QUOTING, "salt"}
    for member in (*QUOTING, "salt"):
        other = {**value, member: value[member] + value[member]}
        assert reduced("finding", b"", other) != short
    for member in set(value) - {*QUOTING, "salt"}:
        assert reduced("finding", b"", {**value, member: "another"}) != short


def test_a_clock_that_is_set_back_breaks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(tz) - timedelta(days=400)

    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        run = ledger.begin(plan(), HERE).run
        ledger.observe(run, observations(0, 2))
        monkeypatch.setattr(append, "datetime", Wrong)
        ledger.observe(run, observations(2, 4))
        finish(ledger, run, asked=4)
        assert ledger.verify().undated == 0
        scan = ledger.scan()
    assert scan.finished_at < scan.started_at
    times = [time for (time,) in rows(path, "recorded_at")]
    assert times != sorted(times)
    with Ledger.open(path) as ledger:
        assert ledger.begin(plan(seed=1), HERE).run != run


def test_a_ledger_from_before_salts_still_verifies(tmp_path: Path) -> None:
    with Ledger.open(OLD, create=False, readonly=True) as ledger:
        found = ledger.verify()
        before = ledger.scan()
    assert (found.records, found.undated, found.withheld) == (OLD_RECORDS, OLD_RECORDS, {})
    assert found.sealed_root == before.root
    path = tmp_path / "ledger.db"
    shutil.copy(OLD, path)
    with Ledger.open(path) as ledger:  # brought up to date, and gone on with
        assert ledger.verify(root=before.root).undated == OLD_RECORDS
        assert ledger.scan() == before
        run = ledger.begin(plan(seed=5), HERE).run
        ledger.observe(run, observations(6, 9))
        finish(ledger, run, asked=3, reused=6)
        found = ledger.verify(root=before.root)
        assert (found.records - found.undated, found.unfinished) == (2 + 3 + 3, ())
        assert len(ledger.holds(SUSPECT.digest)) == 9
    plain = rows(path, "body", f"kind = 'observation' AND seq <= {OLD_RECORDS}")
    assert not any("salt" in json.loads(body) for (body,) in plain)


@pytest.mark.parametrize("old", [True, False])
def test_a_time_is_vouched_for_by_records_of_the_newer_form_only(tmp_path: Path, old: bool) -> None:
    path = tmp_path / "ledger.db"
    if old:
        shutil.copy(OLD, path)
    else:
        with Ledger.open(path) as ledger:
            finish(ledger, ledger.begin(plan(), HERE).run)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        guard = "SELECT sql FROM sqlite_master WHERE name = 'evidence_update'"
        ((sql,),) = connection.execute(guard).fetchall()
        connection.execute("DROP TRIGGER evidence_update")
        connection.execute("UPDATE evidence SET recorded_at = '2020-01-01T00:00:00.000Z' WHERE seq = 2")
        connection.execute(sql)
    with Ledger.open(path, readonly=True) as ledger:
        if old:
            assert ledger.verify().undated == OLD_RECORDS
        else:
            with pytest.raises(EvidenceIntegrityError, match="record 2 has been changed: its leaf"):
                ledger.verify()
