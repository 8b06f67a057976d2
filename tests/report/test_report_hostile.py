"""Text of models and files is hostile: in every format it stays text."""

from __future__ import annotations

import re
from dataclasses import replace

import report_specimens as specimens
from hypothesis import given, settings
from hypothesis import strategies as st
from report_reading import ACTIVE, ALLOWED, READER, Page, live_in

from auditor.record.scan import Scan
from auditor.report.html import render_html
from auditor.report.inert import inert
from auditor.report.markdown import escape, render_markdown
from auditor.report.view import build_view
from auditor.report.write import render

#: What Markdown gives a meaning to, mixed with anything at all.
MARKED = st.one_of(st.sampled_from("`*_[]()<>&|~#+-=.!\\:/@1a \n\tw"), st.characters())


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
