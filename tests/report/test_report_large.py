"""Five thousand answers, through a real ledger and the real renderer, into one light page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import report_specimens as specimens
from report_browser import Visit
from report_parts import HERON, SUSPECT

from auditor.ledger import Ledger
from auditor.record.finding import Claim
from auditor.record.observation import Observation, Text, observation_id
from auditor.record.request import Generate, request_digest, user
from auditor.report.write import write_report

ANSWERS = 5_000
LIGHT = 2_000_000


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a ledger that holds 5,000 answers, every fifth thirty times as long as the others."""
    folder = tmp_path_factory.mktemp("large")
    scan = specimens.failing()
    asked = []
    for number in range(ANSWERS // 2):
        request = Generate(prompt=user(f"Question {number}: what is <b>{number}</b> & why?"), max_tokens=512)
        words = f'answer {number} <i>&amp;</i> "so" it goes. ' * (300 if number % 5 == 0 else 10)
        asked += [
            Observation(
                subject_digest=one.digest,
                request_digest=request_digest(request),
                request=request,
                answer=Text(text=f"{one.name}: {words}"),
            )
            for one in (SUSPECT, HERON)
        ]
    ids = tuple(observation_id(one.subject_digest, one.request_digest) for one in asked)
    findings = tuple(
        specimens.safety(ids, specimens.PAIRS * 8) if one.claim is Claim.SAFETY_LOSS else one
        for one in scan.findings
    )
    with Ledger.open(folder / "audit.db") as ledger:
        run = ledger.begin(scan.plan, scan.environment).run
        ledger.observe(run, asked)
        ledger.conclude(run, findings, scan.verdict, scan.advice, asked=ANSWERS, reused=0)
    with Ledger.open(folder / "audit.db", create=False, readonly=True) as ledger:
        recorded = ledger.scan()
    assert recorded.asked == ANSWERS
    return write_report(recorded, folder / "audit.html", "html")


def test_the_page_stays_light_and_says_what_it_left_out(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert page.stat().st_size < LIGHT
    assert text.count('class="row item"') >= 1_000, "single answers are still to be found"
    assert " more</i>" in text, "long answers are cut, and say by how much"
    assert "in the ledger" in text


def test_a_browser_finds_one_answer_among_them_at_once(browser: Any, page: Path) -> None:
    with Visit(browser, page, "desk") as visit:
        assert visit.complaints == []
        assert visit.page.locator(".lede").is_visible()
        before = time.monotonic()
        visit.page.locator("#search").fill("what is 1234")
        assert visit.page.locator(".row:not([hidden])").count() == 1
        assert time.monotonic() - before < 5.0
        assert visit.page.locator("#found").inner_text().startswith("1 of ")
