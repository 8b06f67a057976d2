"""The report on paper: a tagged PDF of the page's own words and drawings, made without any network.

WeasyPrint lays the page out. It draws an SVG without looking at the page's style sheet, and knows no colours
that the reader's screen chooses; so every drawing gets a style sheet and its signs of its own here.

Source: ISO 14289-1 (PDF/UA-1), for what a reader with a screen reader needs.
"""

from __future__ import annotations

import hashlib
import logging
import re
from functools import cache
from typing import Any

from auditor.error import ReportError, UsageError
from auditor.report.html import render_page, source
from auditor.report.view import View

_SVG = re.compile(r"<svg\b[^>]*>")
_SIGN = re.compile(r'<svg class="icon"[^>]*><use href="#i-(\w+)"/></svg>')
_SYMBOL = re.compile(r'<symbol id="i-(\w+)" (viewBox="[^"]+")>(.*?)</symbol>')
_SPRITES = re.compile(r'<svg class="defs".*?</symbol>\n</svg>\n', re.DOTALL)
_VARIABLE = re.compile(r"var\(--([\w-]+)\)")
_DEFINED = re.compile(r"--([\w-]+):\s*([^;]+);")
#: Rules of the page's style sheet that speak about drawings.
_DRAWN = re.compile(
    r"^(?:svg |\.(?:rail|axis|tick|dot|diamond|suspect|highest|reference|whisker|point|gapbar|ink|core"
    r"|hollow)\b).*$",
    re.MULTILINE,
)
_COLOURS = {"supports": "claim", "does_not_support": "soft", "not_applicable": "none", "unjudged": "none"}
_EXTRA = "pip install 'distillation-auditor[pdf]'"


def paper() -> Any:
    """The module that lays out paper.

    Raises:
        UsageError: If it is not installed, or misses a library of the system.
    """
    try:
        import weasyprint
    except ImportError as error:
        raise UsageError("a PDF report needs the package weasyprint", fix=_EXTRA) from error
    except OSError as error:
        raise UsageError(
            f"a PDF report needs the text libraries of Pango, which this system lacks: {error}",
            fix="install them, such as with `apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
            "libharfbuzz-subset0` or `brew install pango`, or choose another format",
        ) from error
    return weasyprint


def render_pdf(view: View) -> bytes:
    """The report as PDF/UA-1: title, language, headings, bookmarks and tags; no link leaves the document.

    The same view gives the same bytes on the same machine; fonts and versions of the libraries differ
    between machines. Questions and answers are left to the page and the ledger, but for the first pairs side
    by side where nothing harmful is to be feared.

    Raises:
        UsageError: If the extra is not installed.
        ReportError: If the page cannot be laid out.
    """
    weasyprint = paper()
    page = paper_page(view)
    identity = hashlib.sha256(page.encode("utf-8")).digest()[:16]
    noise = logging.getLogger("weasyprint")
    before = noise.level
    noise.setLevel(logging.CRITICAL)  # it complains of what only browsers know in the page's style sheet
    try:
        document = weasyprint.HTML(string=page, url_fetcher=_refusing(weasyprint))
        written: bytes = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identity)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, OSError) as error:
        raise ReportError(
            f"the page could not be laid out for paper: {type(error).__name__}: {error}",
            fix="choose another format, and report this",
        ) from error
    finally:
        noise.setLevel(before)
    return written


def paper_page(view: View) -> str:
    """The page that is laid out: the report's own sections, every drawing with its own style sheet."""
    page = render_page("report.pdf.html.j2", ("report.css.j2", "report-paper.css.j2"), view=view)
    signs = {name: (box, body) for name, box, body in _SYMBOL.findall(page)}
    page = _SPRITES.sub("", page)
    style = f"<style>{_drawing_style()}</style>"

    def sign(match: re.Match[str]) -> str:
        box, body = signs[match.group(1)]
        colour = _colours()[_COLOURS.get(match.group(1), match.group(1))]
        own = f"svg {{ fill: {colour}; }} .hollow {{ stroke: {colour}; }}"
        return f'<svg class="icon" aria-hidden="true" {box}>{style[:-8]}{own}</style>{body}</svg>'

    page = _SVG.sub(lambda match: match.group() if "icon" in match.group() else match.group() + style, page)
    return _SIGN.sub(sign, page)


@cache
def _colours() -> dict[str, str]:
    """Names and values of the light colours."""
    head = source("report.css.j2").split("@media")[0]
    return dict(_DEFINED.findall(head))


@cache
def _drawing_style() -> str:
    rules = "\n".join(_DRAWN.findall(source("report.css.j2")))
    plain = _VARIABLE.sub(lambda match: _colours().get(match.group(1), _colours()["none"]), rules)
    return plain.replace("svg text", "text").replace("svg .", ".")


def _refusing(weasyprint: Any) -> Any:
    """A fetcher that fetches nothing: paper is made of the page alone."""

    class Refusing(weasyprint.urls.URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002 - the signature is theirs
            raise ValueError(f"nothing is fetched for a report: {url}")

    return Refusing(allowed_protocols=())
