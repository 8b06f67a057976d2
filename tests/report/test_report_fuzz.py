"""Any text at all, wherever a model, a file or a person can put it, through every renderer and the ledger."""

from __future__ import annotations

import json
import re
import time
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import report_specimens as specimens
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_browser import UNFOLD, Visit
from report_parts import HERON, SUSPECT
from report_reading import ACTIVE, ALLOWED, Page, live_in
from rich.console import Console
from sarif_pydantic import Sarif

from auditor.digest import well_formed
from auditor.error import AuditorError
from auditor.ledger import Ledger
from auditor.record.observation import Observation, Text
from auditor.record.request import Generate, request_digest, user
from auditor.record.scan import Scan
from auditor.report.inert import inert
from auditor.report.markdown import render_markdown
from auditor.report.pdf import paper_page
from auditor.report.terminal import render_terminal
from auditor.report.view import build_view
from auditor.report.write import FORMATS, render, write_report

FRAGMENTS = (
    *specimens.HOSTILE,
    "<svg/onload=alert(1)>", "</script><script>", "<!--", "-->", "]]>", "<![CDATA[", "<?xml ?>", "</style>",
    "&#x22;><b onmouseover=x>", "'\"`", "\" onfocus=\"x", "data:text/html,x", "![](javascript:x)",
    "[x]: http://e", "<http://e>", "http://e", "\n# h", "\n===", "\n```", "~~~",
    "    code", "|", "\\", "\n- ", "\n> ", "---",
    "\x1b[2J", "\x1b]0;t\x07", "\x9b1m", "\x1bP0;0|x\x1b\\", "\r", "\x08" * 4, "\x00", "\ufffe", "\uffff",
    "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\udfff", "\U000e0041", "\u2028", "\x85", "\x7f",
    "'; DROP TABLE evidence; --", "\" OR 1=1", "%s%n", "${jndi:ldap://e}", "#{7*7}", "{{ view }}",
    "{% raw %}", "{{ ''.__class__ }}", "{%", "}}", "{#",
    "[red]", "[/]", "[link=http://e]x[/link]", ":skull:", "@all", "#1",
    "A" * 5_000, "é" * 3, "\u0301" * 50, "ﷺ", "\U0001f468\u200d\U0001f469", "=cmd()", "\t",
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(FRAGMENTS), st.text(max_size=12), st.characters(categories=["Cc", "Cf", "Cs", "Zl"])
    ),
    min_size=1,
    max_size=6,
).map("".join)
FUZZ = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PAINT = re.compile("\x1b\\[[0-9;]*m")


def filled(*texts: str) -> Scan:
    """A scan of a few models with one finding: ``texts`` stand in every place that somebody can fill."""
    whole = specimens.hostile(texts)
    (finding, *_) = whole.findings
    result = replace(finding.result, controls=finding.result.controls[:3]) if finding.result else None
    rules = whole.verdict.rules[:3] if whole.verdict else ()
    return replace(
        whole,
        findings=(replace(finding, result=result),),
        verdict=replace(whole.verdict, rules=rules) if whole.verdict else None,
    )


@cache
def skeleton() -> Counter[str]:
    """How often each tag that matters stands in a page about tame text."""
    return counted(Page(render(filled("tame"), "html")))


def counted(page: Page) -> Counter[str]:
    return Counter(
        tag for tag, _ in page.tags if tag in {"script", "style", "meta", "link", "title", "a", "input"}
    )


def quiet(page: str, allowed: frozenset[str] = ALLOWED) -> Page:
    """The page, read; it must hold known tags only, well nested, and nothing that acts or leads outside."""
    parsed = Page(page)
    assert not parsed.stack
    assert {tag for tag, _ in parsed.tags} <= allowed
    for _, attributes in parsed.tags:
        assert not [
            name for name in attributes if name.startswith("on") or name in {"style", "srcdoc", "action"}
        ]
        for name in ("href", "src"):
            value = attributes.get(name)
            assert value is None or value.startswith("#") or value == "data:,"
    assert ACTIVE.search(page) is None
    return parsed


@FUZZ
@given(TEXTS)
def test_pages_hold_it_as_text(text: str) -> None:
    view = build_view(filled(f"x {text} x"))
    page = quiet(render(filled(f"x {text} x"), "html"))
    assert counted(page) == skeleton()
    shown = " ".join("".join(page.text).split())
    if len(text) < 150:
        assert " ".join(inert(text).split()) in shown
    quiet(paper_page(view), ALLOWED | {"style"})


@FUZZ
@given(TEXTS)
def test_markdown_makes_nothing_live_of_it(text: str) -> None:
    written = render_markdown(build_view(filled(text)))
    assert live_in(written) == []
    assert ACTIVE.search(written) is None


@FUZZ
@given(TEXTS, st.sampled_from([60, 100]))
def test_a_terminal_is_told_nothing_but_colours(text: str, width: int) -> None:
    stream = StringIO()
    console = Console(
        file=stream,
        width=width,
        color_system="truecolor",
        force_terminal=True,
        legacy_windows=False,
        _environ={},
    )
    render_terminal(build_view(filled(text)), console)
    assert ACTIVE.search(PAINT.sub("", stream.getvalue())) is None
    assert "\x1b]8" not in stream.getvalue()


@cache
def bill_of_materials() -> JsonStrictValidator:
    return JsonStrictValidator(SchemaVersion.V1_7)


@FUZZ
@given(TEXTS)
def test_formats_for_machines_stay_what_they_are(text: str) -> None:
    scan = filled(text)
    assert json.loads(render(scan, "json"))["verdict"]["rules"][0]["message"] == well_formed(text)
    log = render(scan, "sarif")
    Sarif.model_validate_json(log)
    (run,) = json.loads(log)["runs"]
    for result in run["results"]:
        said = result["message"]["text"]
        assert ACTIVE.search(said) is None
        assert not re.search(r"(?<!\\)(?:\\\\)*\[", said), "a bracket that would begin a link"
    suite = ET.fromstring(render(scan, "junit"))
    assert {one.tag for one in suite.iter()} <= {
        *("testsuites", "testsuite", "testcase", "properties", "property"),
        *("failure", "error", "skipped", "system-out"),
    }
    assert ACTIVE.search("".join(suite.itertext())) is None
    error = bill_of_materials().validate_str(render(scan, "cyclonedx"))
    assert error is None, error


def asked(number: int, text: str, answer: str) -> Observation:
    request = Generate(prompt=user(f"{number} {text}"), max_tokens=16)
    return Observation(
        subject_digest=SUSPECT.digest,
        request_digest=request_digest(request),
        request=request,
        answer=Text(text=answer),
    )


@FUZZ
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_the_ledger_keeps_it_to_the_letter_or_refuses_it_whole(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("fuzzed") / "audit.db"
    scan = specimens.failing()
    with Ledger.open(path) as ledger:
        run = ledger.begin(scan.plan, scan.environment).run
        kept = []
        for number, text in enumerate(texts):
            if well_formed(text) != text:
                with pytest.raises(AuditorError, match="canonical JSON"):
                    ledger.observe(run, [asked(number, "", text)])
            kept.append(asked(number, well_formed(text), well_formed(text)))
            ledger.observe(run, kept[-1:])
        ledger.conclude(run, scan.findings, scan.verdict, (), asked=len(kept), reused=0)
    with Ledger.open(path, create=False, readonly=True) as ledger:
        assert list(ledger.observations([SUSPECT.digest])) == kept
        ledger.verify()
        assert ledger.scan().verdict == scan.verdict


LONG = {
    "tags": "<img src=x onerror=x>",
    "escapes": "\x1b]8;;http://e\x07\x1b[31m",
    "ticks": "`",
    "emphasis": "*_[",
    "overrides": "\u202e\u2066",
    "templates": "{{{%",
    "lines": "\n| - #",
}


@pytest.mark.parametrize("kind", sorted(LONG))
def test_ten_megabytes_of_it_are_kept_and_cut_to_size(tmp_path: Path, kind: str) -> None:
    text = (LONG[kind] * (10_000_000 // len(LONG[kind].encode()) + 1))[:10_000_000]
    scan = specimens.failing()
    one = asked(0, "what?", text)
    findings = (replace(scan.findings[0], observation_ids=(f"{one.subject_digest}/{one.request_digest}",)),)
    before = time.monotonic()
    with Ledger.open(tmp_path / "audit.db") as ledger:
        run = ledger.begin(scan.plan, scan.environment).run
        ledger.observe(run, [one])
        ledger.conclude(run, findings, scan.verdict, (), asked=1, reused=0)
        recorded = ledger.scan()
    ((_, answer),) = recorded.observations.answers.items()
    assert answer == Text(text=text)
    worst = replace(recorded, findings=(replace(findings[0], reason=text, limits=(text,)),), advice=(text,))
    for scanned in (recorded, worst):
        page = render(scanned, "html")
        assert len(page.encode()) < 2_000_000
        quiet(page)
    for name in sorted(set(FORMATS) - {"html"}):
        written = render(recorded, name)
        assert name == "json" or len(written.encode()) < 2_000_000
    assert time.monotonic() - before < 60


def test_a_browser_runs_and_asks_for_nothing_of_it(browser: Any, tmp_path: Path) -> None:
    """All fragments, together in every sentence and each alone in an answer; paper's page as well."""
    scan = filled(*(one for one in FRAGMENTS if len(one) < 200))
    page = write_report(scan, tmp_path / "all.html", "html")
    paper = tmp_path / "paper.html"
    paper.write_text(paper_page(build_view(scan)), encoding="utf-8")
    for path in (page, paper):
        with Visit(browser, path, "desk") as visit:
            visit.page.evaluate(UNFOLD)
            visit.page.locator("main").hover()
            visit.page.wait_for_timeout(200)
            assert visit.page.title().startswith("Fail: ")
            assert (
                visit.page.locator("iframe, img, object, embed, form, audio, video, main script").count() == 0
            )
            assert visit.complaints == []
            assert [url for url in visit.requests if not url.startswith("data:")] == [path.as_uri()]
    assert HERON.name in page.read_text(encoding="utf-8")
