"""The report as one self-contained page: no request leaves it, and nothing in an answer can run."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from auditor.content import templates
from auditor.error import ReportError
from auditor.report.view import View


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(templates(), encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def source(name: str) -> str:
    """A template that prints no values, such as a style sheet, as it lies there.

    Raises:
        ReportError: If there is none of this name.
    """
    try:
        return _environment().get_template(name).render()
    except TemplateError as error:
        raise _unrendered(error) from error


def _unrendered(error: TemplateError) -> ReportError:
    return ReportError(
        f"the page could not be rendered: {error}", where=str(templates()), fix="install the package again"
    )


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def render_page(page: str, styles: tuple[str, ...], scripts: tuple[str, ...] = (), **values: object) -> str:
    """A page from the templates of these names. Only its own style sheet and script may apply.

    Args:
        page: Template of the page; it prints ``policy``, ``style`` and ``script``.
        styles: Templates of its style sheet, one after the other.
        scripts: Templates of its script.
        **values: What else the page prints.

    Raises:
        ReportError: If a template is missing or does not fit the values.
    """
    try:
        style, script = ("".join(map(source, names)) for names in (styles, scripts))
        allowed = f"script-src {_source_hash(script)}; " if script else ""
        policy = (
            f"default-src 'none'; style-src {_source_hash(style)}; {allowed}"
            "img-src data:; base-uri 'none'; form-action 'none'"
        )
        return (
            _environment()
            .get_template(page)
            .render(policy=policy, style=Markup(style), script=Markup(script), **values)
        )
    except TemplateError as error:
        raise _unrendered(error) from error


def render_html(view: View) -> str:
    """The report as a page.

    Raises:
        ReportError: If a template is missing or does not fit the view.
    """
    return render_page("report.html.j2", ("report.css.j2",), ("report.js.j2",), view=view)
