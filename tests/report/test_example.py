"""The example in the repository is what the renderer of today makes of a scan."""

from __future__ import annotations

import re
from pathlib import Path

from report_specimens import failing

from auditor.report.html import render_html
from auditor.report.view import build_view

EXAMPLE = Path(__file__).resolve().parents[2] / "reports" / "example.html"


def pinned(page: str) -> list[str]:
    """Digests of stylesheet and script, as the page's own security policy states them."""
    return re.findall(r"sha256-[A-Za-z0-9+/]+=*", page.split("</head>")[0])


def test_the_example_wears_the_stylesheet_and_script_of_today() -> None:
    page = EXAMPLE.read_text(encoding="utf-8")
    assert pinned(page) == pinned(render_html(build_view(failing())))
    assert len(pinned(page)) == 2


def test_the_example_is_the_demos_suspect() -> None:
    page = EXAMPLE.read_text(encoding="utf-8")
    assert "suspect fails" in page
    for rule in ("DR-101", "DR-201", "DR-301"):
        assert rule in page
    assert EXAMPLE.with_suffix(".png").stat().st_size > 10_000
