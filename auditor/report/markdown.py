"""The report as Markdown: quoted text cannot link, embed, mention anyone or break a table."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from auditor.content import templates
from auditor.error import ReportError
from auditor.report.inert import Passage
from auditor.report.view import View

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_PUNCTUATION = re.compile(r"([\\`*_\[\]|~$])")
#: What begins a list, a heading or an underline when it stands first.
_OPENING = re.compile(r"^(\d+(?=[.)])|)([-+#=.)])")
#: Addresses, emoji codes and mentions, which some hosts make live in any text.
_SCHEME = re.compile(r":(?=//|[\w+-]+:)")
_WWW = re.compile(r"(?<=www)\.", re.IGNORECASE)
_MENTION = re.compile(r"([@#])(?=\w)")


class Ready(str):
    """Markdown that is already safe to print as it is."""

    __slots__ = ()


def escape(text: str) -> Ready:
    """``text`` on one line, meaning nothing but itself to any Markdown renderer."""
    flat = " ".join(text.split()).translate(_ENTITIES)
    flat = _OPENING.sub(r"\1\\\2", _PUNCTUATION.sub(r"\\\1", flat))
    flat = _MENTION.sub(r"\1&#8203;", flat)
    return Ready(_WWW.sub("&#46;", _SCHEME.sub("&#58;", flat)))


def _fence(passage: Passage) -> Ready:
    """A passage as a code block whose fence no run of backticks in it can close."""
    runs = re.findall(r"`+", passage.text)
    fence = "`" * max(3, 1 + max((len(run) for run in runs), default=0))
    body = "\n".join(passage.text.split("\n"))
    more = f"\n\n{escape(f'[{passage.more}]')}" if passage.more else ""
    return Ready(f"{fence}text\n{body}\n{fence}{more}")


def _finalize(value: object) -> object:
    return value if isinstance(value, Ready) else escape(str(value))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates(), encoding="utf-8"),
        autoescape=False,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["fence"] = _fence
    return environment


def render_markdown(view: View) -> str:
    """The report in GitHub-flavoured Markdown.

    Raises:
        ReportError: If the template is missing or does not fit the view.
    """
    try:
        text = _environment().get_template("report.md.j2").render(view=view, signs=_SIGNS)
    except TemplateError as error:
        raise ReportError(
            f"the report could not be rendered: {error}",
            where=str(templates()),
            fix="install the package again",
        ) from error
    return re.sub(r"\n{3,}", "\n\n", text)


_SIGNS = {
    "pass": Ready("✅"),
    "fail": Ready("❌"),
    "inconclusive": Ready("❓"),
    "waived": Ready("📝"),
    "not_applicable": Ready("➖"),
    "unjudged": Ready("➖"),
    "supports": Ready("🔵"),
    "does_not_support": Ready("⚪"),
    "failed": Ready("⚠️"),
}
