"""Strict YAML for policy packs and waiver files: every value knows its line, and nothing is guessed.

Stricter than plain YAML on purpose: a key may occur only once, anchors and aliases are refused (a few
lines of them can unfold into gigabytes), tags other than the plain ones are refused, and a date stays
the text that was written, so that whoever reads it can say what is wrong with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ValidationError

from auditor.error import PolicyError

Location = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null")}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLAIN_WORDS = {
    "extra_forbidden": "this key is unknown",
    "missing": "this key is missing",
    "string_type": "this must be text, in quotes where it looks like something else",
}


class _Loader(yaml.SafeLoader):
    """SafeLoader without implicit dates and without aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _strict_date(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("a date is written YYYY-MM-DD")
    return date.fromisoformat(value)


#: A calendar date written as YYYY-MM-DD and in no other way.
IsoDate = Annotated[date, BeforeValidator(_strict_date)]


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain values, with the line of every value.

    Attributes:
        path: Where it was read from.
        data: Dicts, lists and scalars.
        lines: Line of every value, counted from 1, by its path of keys and positions.
    """

    path: Path
    data: Any
    lines: dict[Location, int]

    def line(self, path: Location) -> int:
        """The line of the value at ``path``, or of the nearest value around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def where(self, path: Location, note: str = "") -> str:
        """``file:line``, with a note behind it, for an error message."""
        return f"{self.path}:{self.line(path)}{', ' if note else ''}{note}"

    def parse(self, model: type[M], *, kind: str, fix: str) -> M:
        """The file as ``model``.

        Raises:
            PolicyError: At the first value that does not fit, with its line.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            first = problems[0]
            loc = tuple(first["loc"])
            field = ".".join(str(part) for part in loc) or "the file"
            says = _PLAIN_WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise PolicyError(
                f"{kind} is malformed at {field}: {says}{more}",
                where=self.where(loc, self._rule_note(loc)),
                fix=fix,
            ) from error

    def _rule_note(self, loc: Location) -> str:
        if len(loc) < 2 or loc[0] != "rules" or not isinstance(loc[1], int):
            return ""
        try:
            return f"rule {self.data['rules'][loc[1]]['id']}"
        except (KeyError, TypeError, IndexError):
            return f"rule number {loc[1] + 1}"


def read_document(path: Path) -> Document:
    """Read one strict YAML file.

    Raises:
        PolicyError: If it cannot be read, is no YAML, or uses what strict YAML leaves out.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PolicyError("there is no such file", where=str(path), fix="check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the file cannot be read: {error}", where=str(path)) from error
    lines: dict[Location, int] = {}
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            data = None if node is None else _value(loader, node, (), path, lines)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise PolicyError(
            f"the file is not readable YAML: {error.problem or error.context}",
            where=place,
            fix="mend the indentation, quotes or colons there",
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise PolicyError(f"the file is not readable YAML: {error}", where=str(path)) from error
    except RecursionError as error:
        raise PolicyError("the file is nested too deeply", where=str(path)) from error
    return Document(path=path, data=data, lines=lines)


def _value(loader: _Loader, node: yaml.Node, at: Location, path: Path, lines: dict[Location, int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(at, line)
    if node.tag not in _PLAIN_TAGS:
        raise PolicyError(f"the tag '{node.tag}' is not allowed", where=f"{path}:{line}", fix="leave it out")
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise PolicyError("a key must be a word", where=f"{path}:{key_line}")
            key = str(key_node.value)
            if key in mapping:
                raise PolicyError(
                    f"the key '{key}' occurs twice", where=f"{path}:{key_line}", fix="keep one of them"
                )
            lines[(*at, key)] = key_line
            mapping[key] = _value(loader, value_node, (*at, key), path, lines)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, one, (*at, index), path, lines) for index, one in enumerate(node.value)]
    return loader.construct_object(node)
