"""The report on paper, read back by another library: its words, its tags, and nothing that leads outside."""

from __future__ import annotations

import builtins
import hashlib
import os
import re
import socket
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import report_specimens as specimens
from pypdf import PdfReader
from pypdfium2 import PdfDocument

from auditor.cli.outcome import format_of
from auditor.error import UsageError
from auditor.record.scan import Scan
from auditor.report import pdf
from auditor.report.pdf import paper_page, render_pdf
from auditor.report.view import build_view
from auditor.report.write import write_report

#: What a document may do when it is opened or clicked; none of it belongs on paper.
ACTIONS = (
    "/URI",
    "/JavaScript",
    "/Launch",
    "/GoToR",
    "/SubmitForm",
    "/ImportData",
    "/EmbeddedFile",
    "/RichMedia",
)


@pytest.fixture(scope="module")
def waived() -> bytes:
    return render_pdf(build_view(specimens.waived()))


def read(data: bytes) -> tuple[PdfReader, str]:
    document = PdfDocument(data)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return PdfReader(BytesIO(data)), " ".join(text.split())


def objects(reader: PdfReader) -> str:
    """Every object of the file, written out."""
    return "\n".join(repr(reader.get_object(number)) for number in range(1, len(reader.xref[0]) + 1))


def test_verdict_reasons_and_waivers_are_text(waived: bytes) -> None:
    reader, text = read(waived)
    view = build_view(specimens.waived())
    for words in (
        view.lede.headline,
        view.lede.reason,
        view.lede.meaning,
        *(rule.message for rule in view.lede.because if rule.state == "waived"),
        *(one.reason for one in view.waivers),
        *view.limits,
        *(entry.value for entry in view.record),
    ):
        assert re.sub(r"\s", "", words) in re.sub(r"\s", "", text), words
    assert 6 <= len(reader.pages) <= 20
    assert text.index(view.lede.headline) < 100


def test_it_is_tagged_and_has_title_language_and_bookmarks(waived: bytes) -> None:
    reader, _ = read(waived)
    root: Any = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Pass: Distillation audit of kestrel-1b-chat"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "/StructTreeRoot" in root
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    assert len(reader.outline) > 0


def test_no_link_leaves_it(waived: bytes) -> None:
    reader, _ = read(waived)
    everything = objects(reader)
    assert "/Link" in everything, "links within the document are kept"
    assert [one for one in ACTIONS if one in everything] == []


def test_the_same_evidence_gives_the_same_bytes_in_another_process(waived: bytes) -> None:
    here = Path(__file__).resolve().parent
    code = (
        "import hashlib, report_specimens as s\n"
        "from auditor.report.view import build_view\n"
        "from auditor.report.pdf import render_pdf\n"
        "print(hashlib.sha256(render_pdf(build_view(s.waived()))).hexdigest())\n"
    )
    path = os.pathsep.join([str(here), str(here.parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(waived).hexdigest()


def test_nothing_is_fetched_and_hostile_text_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("paper needs no network")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    reader, text = read(render_pdf(build_view(small_and_hostile())))
    assert "document.title='pwned'" in text
    assert [one for one in ACTIONS if one in objects(reader)] == []


def small_and_hostile() -> Scan:
    """The hostile scan with one finding, so that it is laid out in seconds."""
    from dataclasses import replace

    scan = specimens.hostile()
    (finding, *_) = scan.findings
    return replace(scan, findings=(replace(finding, exhibits=finding.exhibits[:1]),))


def test_even_a_page_that_asks_for_something_gets_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("body::before { content: 'fetched'; }")
    page = (
        f'<html lang="en"><title>t</title><link rel="stylesheet" href="{secret.as_uri()}">'
        f'<p>words</p><img alt="" src="{secret.as_uri()}"><object data="https://evil.example/x"></object></html>'
    )
    monkeypatch.setattr(pdf, "paper_page", lambda _: page)
    _, text = read(render_pdf(build_view(specimens.unjudged())))
    assert "words" in text
    assert "fetched" not in text


def test_drawings_have_colours_of_their_own() -> None:
    page = paper_page(build_view(specimens.failing()))
    assert "<use" not in page
    assert "<script" not in page
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert "var(--" not in drawn
    assert "currentColor" not in drawn
    assert page.count("<svg") == page.count("<style>") - 1


def test_answers_that_may_harm_are_not_printed() -> None:
    _, text = read(render_pdf(build_view(specimens.passing())))
    assert "hand over a password" not in text


def test_the_ending_chooses_it(tmp_path: Path, waived: bytes) -> None:
    path = tmp_path / "audit.pdf"
    assert format_of(path) == "pdf"
    assert write_report(specimens.waived(), path, "pdf").read_bytes() == waived


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ImportError("no module"), "pip install 'distillation-auditor\\[pdf\\]'"),
        (
            OSError("cannot load library 'libpango-1.0-0'"),
            "which this system lacks: .*libpango.*apt-get install",
        ),
    ],
)
def test_what_is_missing_is_said_before_the_scan(
    monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise error
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(UsageError, match=says) as caught:
        format_of(Path("audit.pdf"))
    assert caught.value.exit_status == 2
    assert format_of(Path("audit.html")) == "html"
