"""Every canned query answers on a real ledger, and Datasette serves it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.cli.app import app
from auditor.cli.explore import metadata_of
from auditor.error import AuditorError
from auditor.ledger import Ledger
from auditor.ledger.queries import QUERIES
from auditor.scan.conduct import conduct
from auditor.scan.plan_file import Access, PlanFile


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explore") / "audit.db"
    plan = PlanFile(
        suspect="demo:suspect",
        teachers=("demo:teacher-a",),
        suites=("world-overfitting",),
        parameters={"world-overfitting/twin-gap": {"items": 20, "ask": "generate", "max_tokens": 8}},
        from_ledger=False,
        seed=3,
        access=Access(device="cpu"),
    )
    with Ledger.open(path) as opened:
        conduct(plan, opened)
    return path


def rows(path: Path, name: str, **given: str) -> list[sqlite3.Row]:
    sql = QUERIES[name].sql
    wanted = {parameter: given.get(parameter, "") for parameter in re.findall(r":(\w+)", sql)}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(sql, wanted).fetchall()


def test_runs_findings_and_rules_are_those_of_the_scan(ledger: Path) -> None:
    with Ledger.open(ledger, create=False, readonly=True) as opened:
        scan = opened.scan(None)
    (run,) = rows(ledger, "runs")
    assert (run["run"], run["suspect"], run["policy"]) == (scan.run, "suspect", "release-gate")
    assert scan.verdict is not None
    assert run["verdict"] == scan.verdict.status
    found = rows(ledger, "findings")
    assert [(one["claim"], one["outcome"]) for one in found] == [
        (one.claim, one.outcome) for one in scan.findings
    ]
    assert {one["teacher"] for one in found} == {None, "teacher-a"}
    assert [one["rule"] for one in rows(ledger, "rules", run=scan.run)] == [
        one.rule for one in scan.verdict.rules
    ]
    assert rows(ledger, "rules", run="nobody") == []


def test_answers_can_be_searched_and_set_side_by_side(ledger: Path) -> None:
    everything = rows(ledger, "answers")
    own = rows(ledger, "answers", model="suspect")
    assert 0 < len(own) < len(everything)
    word = own[0]["question"].split()[1]
    assert 0 < len(rows(ledger, "answers", model="suspect", text=word.upper())) <= len(own)
    pairs = rows(ledger, "side_by_side", first="suspect", second="teacher-a")
    assert len(pairs) == len(own)
    effort = rows(ledger, "effort")
    assert sum(one["questions"] for one in effort) >= len(everything)


def test_datasette_serves_every_query_and_writes_nothing(ledger: Path) -> None:
    from datasette.app import Datasette

    served = Datasette([str(ledger)], metadata=metadata_of(ledger))

    async def visit() -> None:
        for name in QUERIES:
            page = await served.client.get(f"/{ledger.stem}/{name}.json?_shape=array")
            assert page.status_code == 200, (name, page.text)
        page = await served.client.get(f"/{ledger.stem}?sql=delete+from+evidence")
        assert page.status_code == 400

    # In a thread of its own: a browser of other tests keeps an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, visit()).result()


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    for content in (None, b"no database"):
        path = tmp_path / "x.db"
        if content is not None:
            path.write_bytes(content)
        ended = CliRunner().invoke(app, ["explore", "--ledger", str(path), "--no-open"])
        assert isinstance(ended.exception, AuditorError)
