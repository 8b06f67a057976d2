"""Messages of rules: text with ``{placeholders}``, checked when a pack is loaded.

A value is put in once and never read again, so that a model whose name is ``{finding.p_value}`` is
shown under that name.
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.policy.vocabulary import Field, Kind, Value, admit

#: What is shown for a value that is not known.
UNKNOWN = "unknown"
_LONGEST = 400
_FORMATS: Mapping[Kind, re.Pattern[str]] = {
    "double": re.compile(r"(\+)?(\.\d)?[efg%]"),
    "int": re.compile(r"(\+)?,?d?"),
}


class MessageError(ValueError):
    """A message cannot be rendered: a placeholder is malformed or unknown."""


@dataclass(frozen=True, slots=True)
class Message:
    """A checked message: literal text and placeholders in turn."""

    text: str
    parts: tuple[tuple[str, str | None, str], ...] = field(repr=False)
    fields: Mapping[str, Field] = field(repr=False, compare=False)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names that the message shows."""
        return tuple(dict.fromkeys(name for _, name, _ in self.parts if name))

    def render(self, values: Mapping[str, object]) -> str:
        """The message with ``values`` put in."""
        pieces: list[str] = []
        for literal, name, form in self.parts:
            pieces.append(literal)
            if name:
                kind = self.fields[name].kind
                pieces.append(shown(admit(values.get(name), kind), form))
        return "".join(pieces)


def compile_message(text: str, fields: Mapping[str, Field]) -> Message:
    """Check every placeholder of ``text`` against the names in ``fields``.

    Raises:
        MessageError: If a brace is open, a name unknown, or a format does not suit the name's type.
    """
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise MessageError(f"the message is malformed: {error} (write {{{{ for a brace)") from error
    parts: list[tuple[str, str | None, str]] = []
    for literal, name, form, conversion in parsed:
        if name is not None:
            _check(name, form or "", conversion, fields)
        parts.append((literal, name, form or ""))
    return Message(text=text, parts=tuple(parts), fields=fields)


def _check(name: str, form: str, conversion: str | None, fields: Mapping[str, Field]) -> None:
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1, cutoff=0.6)
        hint = f" (did you mean {{{near[0]}}}?)" if near else ""
        raise MessageError(f"the message names '{{{name}}}', which is not known to this rule{hint}")
    if conversion:
        raise MessageError(f"the message converts '{{{name}!{conversion}}}'; leave the conversion out")
    pattern = _FORMATS.get(fields[name].kind)
    if form and not (pattern and pattern.fullmatch(form)):
        raise MessageError(
            f"the message formats '{{{name}:{form}}}', which a {fields[name].kind} has no use for"
        )


def shown(value: Value | None, form: str = "") -> str:
    """A value as a reader sees it, on one line, at most 400 characters."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format(value, form or ".3g")
    if isinstance(value, int):
        return format(value, form or "d")
    text = ", ".join(value) or "none" if isinstance(value, list) else value
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
