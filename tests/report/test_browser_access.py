"""Everybody can use the page: by axe-core's rules, and by keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from report_browser import UNFOLD, Visit

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
#: Levels A and AA of WCAG 2.0, 2.1 and 2.2, and what axe-core calls good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SEEN = """
    [...document.querySelectorAll("a[href], summary, input, [tabindex='0']")].filter(
        one => one.checkVisibility({visibilityProperty: true}) && !one.disabled
    ).length
"""
FOCUSED = """
    (() => {
        const one = document.activeElement, style = getComputedStyle(one);
        window.met = window.met || new Set();
        if (one === document.body || window.met.has(one)) { return null; }
        window.met.add(one);
        const box = one.getBoundingClientRect();
        return [one.tagName, style.outlineStyle, parseFloat(style.outlineWidth), box.width * box.height];
    })()
"""


def complaints(visit: Visit, rules: list[str], without: tuple[str, ...] = ()) -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong with the page, every fold open, and where."""
    visit.page.evaluate(UNFOLD)
    visit.page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": rules, "rules": {one: {"enabled": False} for one in without}}
    found = visit.page.evaluate("options => axe.run(document, options)", options)
    assert len(found["passes"]) > 30
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser: Any, pages: dict[str, Path], scheme: str) -> None:
    with Visit(browser, pages["failing"], "desk", scheme, policy=False) as visit:
        assert complaints(visit, RULES) == []


@pytest.mark.parametrize("name", ["inconclusive", "waived", "unjudged", "hostile"])
def test_axe_finds_no_violation_of_structure(browser: Any, pages: dict[str, Path], name: str) -> None:
    """Colours take axe-core longest: they are measured above, and by a test of the palette."""
    with Visit(browser, pages[name], "desk", policy=False) as visit:
        assert complaints(visit, RULES, without=("color-contrast",)) == []


def test_axe_would_find_a_violation(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    page = pages["inconclusive"].read_text(encoding="utf-8")
    page = page.replace('<html lang="en">', "<html>").replace('aria-label="Sections"', "").replace("h1", "h6")
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(page.replace("--soft: #565e68", "--soft: #c5c5c5"), encoding="utf-8")
    with Visit(browser, spoilt, "desk", policy=False) as visit:
        found = {name for name, _ in complaints(visit, RULES)}
    assert {"html-has-lang", "page-has-heading-one", "color-contrast"} <= found


@pytest.mark.parametrize("name", ["failing", "waived"])
def test_the_keyboard_reaches_everything_that_can_be_used(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    with Visit(browser, pages[name], "desk") as visit:
        visit.page.evaluate(UNFOLD)
        expected = visit.page.evaluate(SEEN)
        reached = []
        while True:
            visit.page.keyboard.press("Tab")
            focused = visit.page.evaluate(FOCUSED)
            if focused is None:
                break
            reached.append(focused)
        assert len(reached) == expected > 50
        for tag, style, width, area in reached:
            assert area > 0, tag
            assert (style, width >= 2) == ("solid", True), f"{tag} does not show that it has the focus"


def test_everything_is_worked_by_keyboard_alone(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["failing"], "desk") as visit:
        page = visit.page
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.url.endswith("#claims")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('#claims') !== null"), "the skip link skips"
        page.locator("#search").focus()
        page.keyboard.type("tides case 11.")
        assert "1 of " in page.locator("#found").inner_text()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.locator("#flagged").is_checked()
        assert "0 of " in page.locator("#found").inner_text()


def test_a_long_answer_scrolls_in_a_window_that_the_keyboard_reaches(
    browser: Any, pages: dict[str, Path]
) -> None:
    with Visit(browser, pages["hostile"], "small") as visit:
        visit.page.evaluate(UNFOLD)
        stuck = visit.page.evaluate(
            "[...document.querySelectorAll('main *:not(svg *)')].filter(one => "
            "(one.scrollHeight > one.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(one).overflowY)"
            " || one.scrollWidth > one.clientWidth + 1 &&"
            " /auto|scroll/.test(getComputedStyle(one).overflowX))"
            " && one.tabIndex < 0).map(one => one.outerHTML.slice(0, 200))"
        )
    assert stuck == []
