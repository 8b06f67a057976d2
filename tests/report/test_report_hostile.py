"""Text of models and files is hostile: in every format it stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import report_specimens as specimens
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from auditor.record.scan import Scan
from auditor.report.html import render_html
from auditor.report.inert import inert
from auditor.report.markdown import escape, render_markdown
from auditor.report.view import build_view
from auditor.report.write import render

ALLOWED = frozenset(
    re.findall(
        r"\w+",
        """
        html head meta link title style script body a svg symbol circle path rect line text use desc header
        div p nav main section h1 h2 h3 h4 h5 ul ol li span dl dt dd aside details summary strong em b i code
        label input article figure figcaption blockquote table caption thead tbody tr th td footer
        """,
    )
)
ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
#: What Markdown gives a meaning to, mixed with anything at all.
MARKED = st.one_of(st.sampled_from("`*_[]()<>&|~#+-=.!\\:/@1a \n\tw"), st.characters())


READER = MarkdownIt("commonmark").enable("table").enable("strikethrough")


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "input"}:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_holds_hostile_text_as_text() -> None:
    parsed = Page(render_html(build_view(specimens.hostile())))
    assert not parsed.stack
    assert {tag for tag, _ in parsed.tags} <= ALLOWED
    assert sum(tag == "script" for tag, _ in parsed.tags) == 1
    assert sum(tag == "style" for tag, _ in parsed.tags) == 1
    for _, attributes in parsed.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name != "style"
            if name in {"href", "src"}:
                assert value is not None
                assert value.startswith("#") or value == "data:,"
    text = "".join(parsed.text)
    for original in specimens.HOSTILE:
        assert inert(original).strip() in text


def test_no_format_lets_an_active_character_through() -> None:
    for name in ("html", "markdown", "text"):
        found = ACTIVE.search(render(specimens.hostile(), name))
        assert found is None, (name, found)


def test_the_terminal_drops_control_sequences() -> None:
    shown = render(specimens.hostile(), "text")
    assert "[31m" not in shown
    assert "]8;;" not in shown
    assert "red" in shown


def live_in(markdown: str) -> list[str]:
    """Every link, image and tag that a Markdown renderer would make, save for our own folds."""
    found = []
    for token in READER.parse(markdown):
        for each in [token, *(token.children or [])]:
            if each.type in {"link_open", "image", "html_inline", "s_open"}:
                found.append(f"{each.type}: {each.content}")
            if each.type == "html_block":
                ours = re.fullmatch(r"<details><summary>[^<>]*</summary>\s*|</details>\s*", each.content)
                if ours is None:
                    found.append(each.content)
    return found


def outline(scan: Scan) -> list[tuple[str, str]]:
    tokens = READER.parse(render_markdown(build_view(scan)))
    kinds = {"heading_open", "tr_open", "hr", "blockquote_open"}
    return [(token.type, token.tag) for token in tokens if token.type in kinds]


def test_markdown_has_no_live_link_image_or_tag() -> None:
    text = render_markdown(build_view(specimens.hostile()))
    assert live_in(text) == []
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "://" not in outside
    assert "www." not in outside
    assert not re.search(r"(?<!&)[@#]\w", outside)


def test_hostile_words_change_nothing_in_the_structure_of_markdown() -> None:
    hostile = specimens.hostile()
    findings = tuple(
        replace(one, reason="tame", decisive="tame", limits=("tame",)) for one in hostile.findings
    )
    place = replace(hostile.environment, python="tame", platform="tame", device="tame")
    tame = replace(hostile, findings=findings, advice=("tame",), environment=place)
    assert outline(hostile) == outline(tame)
    assert not [kind for kind, _ in outline(hostile) if kind in {"hr", "blockquote_open"}]


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("`*_[]()<>&|~#+-=.!\\:/@1a \n\tw"), st.characters()), max_size=60
    )
)
def test_any_text_is_one_plain_paragraph_in_markdown(text: str) -> None:
    tokens = READER.parse(f"{escape(inert(text))}\n")
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    for token in tokens:
        kinds = {child.type for child in token.children or []}
        assert kinds <= {"text", "text_special"}


@settings(max_examples=8, deadline=None)
@given(st.text(max_size=200))
def test_any_reason_survives_every_format(text: str) -> None:
    scan = specimens.inconclusive()
    changed = replace(scan, findings=(replace(scan.findings[0], reason=text, decisive=text),), advice=(text,))
    page = Page(render_html(build_view(changed)))
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert live_in(render_markdown(build_view(changed))) == []
    assert ACTIVE.search(render(changed, "text")) is None
    render(changed, "json")
