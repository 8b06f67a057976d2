"""Every format: complete, byte-stable, light, and printed by templates that compute nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
import report_specimens as specimens
from rich.console import Console

from auditor.content import templates
from auditor.record.scan import Scan
from auditor.report.html import render_html
from auditor.report.machine import SCHEMA, render_json
from auditor.report.markdown import render_markdown
from auditor.report.terminal import SIGNS, render_terminal
from auditor.report.view import build_view
from auditor.report.write import FORMATS, render

MEGABYTE = 1_000_000


def terminal(scan: Scan, width: int = 80, colour: bool = False) -> str:
    stream = StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        _environ={},
    )
    render_terminal(build_view(scan), console)
    return stream.getvalue()


def words(text: str) -> str:
    return re.sub(r"[\s\\│]+", " ", text)


@pytest.mark.parametrize("name", ["failing", "passing", "inconclusive", "waived"])
@pytest.mark.parametrize("format_name", sorted(FORMATS))
def test_every_finding_and_rule_is_in_every_format(name: str, format_name: str) -> None:
    scan = specimens.SCANS[name]()
    shown = words(render(scan, format_name))
    view = build_view(scan)
    if format_name not in {"json", "sarif", "junit", "cyclonedx"}:
        for line in view.claims:
            assert line.outcome in shown
            assert line.title in shown
        for point in view.open_points:
            assert point.title.split(":")[0] in shown
        for rule in view.lede.because:
            assert rule.rule in shown
    if format_name in {"html", "markdown"}:
        for finding in scan.findings:
            assert finding.fingerprint in shown
    if format_name == "json":
        assert [one["fingerprint"] for one in json.loads(render(scan, "json"))["findings"]] == [
            one.fingerprint for one in scan.findings
        ]


def test_the_same_scan_gives_the_same_bytes_in_any_process() -> None:
    code = (
        "import hashlib, report_specimens as s; from auditor.report.write import FORMATS, render; "
        "print([hashlib.sha256(render(s.failing(), name).encode()).hexdigest() for name in FORMATS])"
    )
    digests = set()
    for seed, columns, zone in (("1", "40", "Asia/Tokyo"), ("2", "200", "UTC")):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(__file__).parent),
            "COLUMNS": columns,
            "TZ": zone,
        }
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
        )
        digests.add(done.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize(("answers", "length"), [(5_000, 20_000), (20_000, 500)])
def test_a_page_of_thousands_of_long_answers_stays_light(answers: int, length: int) -> None:
    page = render_html(build_view(specimens.huge(answers, length)))
    assert len(page.encode()) < 2 * MEGABYTE
    assert "more</i>" in page
    if answers > 5_000:
        assert "further answers are in the ledger" in page
        assert "further pairs in the ledger" in page


def test_templates_print_and_do_not_compute() -> None:
    for path in sorted(templates().glob("report*.j2")):
        for expression in re.findall(r"\{[{%](.*?)[%}]\}", path.read_text(encoding="utf-8"), re.DOTALL):
            bare = re.sub(r"\"[^\"]*\"|index0", "", expression).strip(" +-")
            assert not re.search(r"\d", bare), f"{path.name}: {expression}"
            assert not re.search(r"[+*/%<>~]|\s-\s", bare), f"{path.name}: {expression}"
            assert not re.search(r"\|\s*(?!fence)\w", bare), f"{path.name}: {expression}"


def test_html_needs_nothing_from_outside() -> None:
    page = render_html(build_view(specimens.failing()))
    policy = unescape(re.findall(r"Content-Security-Policy\" content=\"([^\"]+)\"", page)[0])
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href)=\"(?!#|data:,)", page)
    assert not re.search(r"url\(|@import|@font-face", page)
    assert not re.search(r" (?:on\w+|style)=", re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL))
    identities = re.findall(r" id=\"([^\"]+)\"", page)
    assert len(identities) == len(set(identities))
    for target in re.findall(r"href=\"#([^\"]+)\"", page):
        assert target in identities


def test_plots_are_named_for_those_who_cannot_see_them() -> None:
    page = render_html(build_view(specimens.failing()))
    for drawing in re.findall(r"<svg[^>]*role=\"img\".*?</svg>", page, re.DOTALL):
        assert "<title>" in drawing
        assert "<desc>" in drawing


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_in_both_schemes() -> None:
    """WCAG 2.2 AA: at least 4.5 to 1 for text, 3 to 1 for marks in plots."""
    style = (templates() / "report.css.j2").read_text(encoding="utf-8")
    light, dark = style.split("@media (prefers-color-scheme: dark)")[:2]
    for scheme in (light, dark):
        colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})\b", scheme))
        for ink in ("ink", "soft", "link"):
            for ground in ("page", "card", "quote", *(one for one in colour if one.endswith("-tint"))):
                assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
        for state in ("pass", "fail", "inconclusive", "waived", "failed", "claim", "none"):
            for ground in ("card", f"{state}-tint"):
                assert contrast(colour[state], colour[ground]) >= 4.5, (state, ground)
        assert contrast(colour["mark"], colour["card"]) >= 3
        assert contrast(colour["dot"], colour["card"]) >= 3


def test_no_two_states_share_sign_and_style() -> None:
    signs = [SIGNS[state] for state in ("pass", "fail", "inconclusive", "waived", "not_applicable", "failed")]
    assert len({sign for sign, _ in signs}) == len(signs)
    assert len({style for _, style in signs}) == len(signs)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_keeps_to_its_width(width: int) -> None:
    for make in specimens.SCANS.values():
        assert max(len(line) for line in terminal(make(), width).splitlines()) <= width


def test_the_terminal_says_the_verdict_first_and_colours_only_on_request() -> None:
    plain = terminal(specimens.inconclusive())
    assert "? INCONCLUSIVE" in plain.splitlines()[0]
    assert "\x1b" not in plain
    assert "\x1b[" in terminal(specimens.inconclusive(), colour=True)


def test_json_is_versioned_and_ascii() -> None:
    text = render_json(specimens.hostile())
    body = json.loads(text)
    assert body["schema"] == SCHEMA
    assert text.isascii()
    assert list(body) == sorted(body)
    assert body["verdict"]["status"] == "fail"
    assert body["summary"]["status"] == "fail"
    assert len(body["answers"]) == len(specimens.hostile().observations.answers)


def test_markdown_begins_with_the_verdict() -> None:
    text = render_markdown(build_view(specimens.failing()))
    assert text.startswith("# ❌ Fail: kestrel-1b-chat fails “Release gate”.")
    assert "Supported at p = 0.024 (calibrated against 40 control models)" in text
