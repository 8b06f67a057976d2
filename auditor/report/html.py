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


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def render_html(view: View) -> str:
    """The page. Only the one style sheet and the one script that ship with the templates may apply.

    Raises:
        ReportError: If a template is missing or does not fit the view.
    """
    try:
        environment = _environment()
        style = environment.get_template("report.css.j2").render()
        script = environment.get_template("report.js.j2").render()
        policy = (
            f"default-src 'none'; style-src {_source_hash(style)}; script-src {_source_hash(script)}; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        )
        return environment.get_template("report.html.j2").render(
            view=view, policy=policy, style=Markup(style), script=Markup(script)
        )
    except TemplateError as error:
        raise ReportError(
            f"the page could not be rendered: {error}",
            where=str(templates()),
            fix="install the package again",
        ) from error
