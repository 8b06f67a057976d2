"""The page in a real browser: quiet, contained, within the screen, and deaf to what answers say."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import report_specimens as specimens
from report_browser import SIZES, UNFOLD, Visit

UNNAMED = """
    [...document.querySelectorAll("svg[role=img], nav, aside, input")].filter(
        one => !one.getAttribute("aria-label") && !one.querySelector("title") && !one.labels?.length
    ).length
"""


@pytest.mark.parametrize("name", sorted(specimens.SCANS))
def test_a_page_is_quiet_contained_and_fits(browser: Any, pages: dict[str, Path], name: str) -> None:
    with Visit(browser, pages[name], "desk") as visit:
        visit.page.evaluate(UNFOLD)
        for width, height in SIZES.values():
            visit.page.set_viewport_size({"width": width, "height": height})
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == []
        assert [url for url in visit.requests if not url.startswith("data:")] == [pages[name].as_uri()]


def test_nothing_in_an_answer_runs(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["hostile"], "desk") as visit:
        assert visit.page.title().startswith("Fail: ")
        assert visit.page.locator("iframe, img, main script, main style").count() == 0
        assert visit.page.evaluate("getComputedStyle(document.body).display") == "block"
        visit.page.evaluate(UNFOLD)
        assert visit.complaints == []


@pytest.mark.parametrize("name", ["failing", "passing", "inconclusive", "waived"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_verdict_reason_strength_and_limits_need_no_scrolling(
    browser: Any, pages: dict[str, Path], name: str, scheme: str
) -> None:
    with Visit(browser, pages[name], "desk", scheme) as visit:
        box = visit.page.locator(".lede").bounding_box()
        assert box["y"] + box["height"] <= SIZES["desk"][1]
        for part in (".stamp", "h1", ".reason", ".because", ".lede .bullets"):
            assert visit.page.locator(part).first.is_visible()
    with Visit(browser, pages[name], "phone", scheme) as visit:
        for part in (".stamp", "h1", ".reason", ".because li"):
            box = visit.page.locator(part).first.bounding_box()
            assert box["y"] + box["height"] <= SIZES["phone"][1]


def test_dark_and_light_differ_and_both_set_their_own_ground(browser: Any, pages: dict[str, Path]) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        with Visit(browser, pages["failing"], "desk", scheme) as visit:
            grounds.add(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_the_page_reads_without_script(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["failing"], "desk", script=False) as visit:
        assert visit.page.locator("h1").is_visible()
        assert not visit.page.locator(".search").is_visible()
        visit.page.locator("details.sheet > summary").first.click()
        assert visit.page.locator("details.sheet .row").first.is_visible()


def test_from_a_number_to_the_answers_in_two_clicks(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["failing"], "desk") as visit:
        visit.page.locator(".because .how a").first.click()
        assert "#finding-1" in visit.page.url
        visit.page.locator("#finding-1 a", has_text="Rests on").click()
        visit.page.wait_for_timeout(100)
        row = visit.page.locator("#answers-1 .row").first
        assert row.is_visible()
        assert "nats per byte" in row.inner_text()


def test_search_and_filter_narrow_the_items(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["failing"], "desk") as visit:
        visit.page.get_by_label("Find in questions and answers").fill("tides case 11.")
        assert "1 of " in visit.page.locator("#found").inner_text()
        assert visit.page.locator(".row:not([hidden])").count() == 1
        assert visit.page.locator("#answers-1").evaluate("one => one.open")
        visit.page.get_by_label("Find in questions and answers").fill("")
        visit.page.get_by_label("only flagged pairs").check()
        assert visit.page.locator(".item:not([hidden])").count() == 22
        assert not visit.page.locator("details.sides").first.evaluate("one => one.open")


def test_the_keyboard_reaches_skip_link_folds_and_tables(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["failing"], "desk") as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        visit.page.locator("details.sheet > summary").first.focus()
        visit.page.keyboard.press("Enter")
        assert visit.page.locator("details.sheet").first.evaluate("one => one.open")
        assert visit.page.locator(".scroll[tabindex='0'][role='region'][aria-label]").count() > 0


def test_landmarks_and_headings_are_in_order(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["failing"], "desk") as visit:
        assert visit.page.locator("main").count() == 1
        assert visit.page.locator("h1").count() == 1
        levels = visit.page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(one => Number(one.tagName[1]))"
        )
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert visit.page.evaluate(UNNAMED) == 0


def test_print_unfolds_nothing_harmful_and_keeps_the_verdict(browser: Any, pages: dict[str, Path]) -> None:
    with Visit(browser, pages["failing"], "desk") as visit:
        visit.page.emulate_media(media="print")
        assert visit.page.locator(".stamp").is_visible()
        assert not visit.page.locator(".bar nav").is_visible()
        visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert not visit.page.locator("details.sides").first.evaluate("one => one.open")
