"""Conditions of rules: CEL, type-checked when a pack is loaded, three-valued when it is evaluated.

Every name of the vocabulary is declared to CEL as a qualified variable, so its checker refuses a
misspelt or mistyped one before anything is judged. A value that a scan does not have is left out of the
evaluation, and CEL's own error rules then amount to Kleene's strong three-valued logic: ``false && ?``
is false and ``true || ?`` is true whatever the missing value would have been, and everything else that
depends on it is undecided. So a decided condition could not have come out otherwise, and an absent
p-value never passes for a small or a large one.

Source: Common Expression Language specification, "Logical operators"; Kleene 1952, section 64.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from auditor.digest import well_formed
from auditor.policy.vocabulary import Field, Kind, Value, admit

_TYPES: Mapping[Kind, Any] = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "list": cel.Type.List(cel.Type.STRING),
}
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_NO_VALUE = re.compile(r'No value with name "([^"]+)"')
# Over a qualified variable, has() would quietly give the variable's own value.
_HAS = re.compile(r"\bhas\s*\(")
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")


class ConditionError(ValueError):
    """A condition does not compile; the message is one line and marks the place with ``^``."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a condition came to: true, false, or None with the reason why it is undecided."""

    value: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition.

    Attributes:
        text: As it is written in the pack.
        fields: The names that it was checked against.
    """

    text: str
    fields: Mapping[str, Field] = field(repr=False, compare=False)
    program: Any = field(repr=False, compare=False)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names that occur in the text, in order of the vocabulary."""
        return tuple(
            name for name in self.fields if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", self.text)
        )

    def decide(self, values: Mapping[str, object]) -> Decision:
        """Evaluate over ``values`` by qualified name; a value that is absent or mistyped is unknown."""
        data: dict[str, Value] = {}
        for name, one in self.fields.items():
            admitted = admit(values.get(name), one.kind)
            if admitted is not None:
                data[name] = _encodable(admitted)
        outcome = self.program.eval(data=data)
        if outcome.type() == cel.Type.BOOL:
            return Decision(bool(outcome.plain_value()))
        says = str(outcome.plain_value())
        missing = _NO_VALUE.search(says)
        if missing:
            return Decision(None, f"it depends on {missing.group(1)}, which is not known here")
        return Decision(None, f"its condition cannot be evaluated: {' '.join(says.split())}")


def compile_condition(text: str, fields: Mapping[str, Field]) -> Condition:
    """Compile and type-check ``text`` against the names in ``fields``.

    Raises:
        ConditionError: If it is no CEL, uses an unknown name, mixes types, or is not true or false.
    """
    if _HAS.search(text):
        raise ConditionError(
            "has() is not available: an unknown value leaves the condition undecided by itself"
        )
    environment = _environment(tuple((name, one.kind) for name, one in fields.items()))
    try:
        program = environment.compile(text)
    except RuntimeError as error:
        raise ConditionError(_explain(str(error), text, fields)) from error
    kind = program.return_type()
    if kind != cel.Type.BOOL:
        raise ConditionError(f"the condition gives {kind.name().lower()}, and a rule needs true or false")
    return Condition(text=text, fields=fields, program=program)


@lru_cache(maxsize=64)
def _environment(variables: tuple[tuple[str, Kind], ...]) -> Any:
    return cel.NewEnv(variables={name: _TYPES[kind] for name, kind in variables})


def _encodable(value: Value) -> Value:
    # The binding refuses lone surrogates, which a hostile model name or endpoint may hold.
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [well_formed(one) for one in value]
    return value


def _explain(message: str, text: str, fields: Mapping[str, Field]) -> str:
    found = _ERROR.search(message)
    if not found:
        return " ".join(message.split())
    row, column, says = int(found.group(1)), int(found.group(2)), found.group(3)
    says = says.removesuffix(" [INVALID_ARGUMENT]").replace(" (in container '')", "")
    if says.startswith("Syntax error"):
        says = re.sub(r",? expecting .*", "", says)
    source = text.split("\n")
    line = source[row - 1] if row <= len(source) else ""
    marked = f"{line[: column - 1]}^{line[column - 1 :]}".strip()
    place = f"line {row} column {column}" if len(source) > 1 else f"column {column}"
    return f"{says}, at {place}: {marked}{_hint(says, fields)}"


def _hint(says: str, fields: Mapping[str, Field]) -> str:
    undeclared = _UNDECLARED.search(says)
    if undeclared:
        near = difflib.get_close_matches(undeclared.group(1), fields, n=1, cutoff=0.6)
        return f" (did you mean {near[0]}?)" if near else ""
    if "(double, int)" in says or "(int, double)" in says:
        return " (a double is compared with 1.0, an int with 1)"
    return ""
