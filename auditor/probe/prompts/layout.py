"""Layouts of published sets of prompts, and how a row of each becomes one prompt on one side.

A layout is recognised by its columns, in any case. Where a layout says nothing of safe or unsafe, because
the set is published in one file for each, the file's name says it, or whoever gives the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from auditor.error import UsageError

#: Columns in lower case -> text; empty where a cell is.
Row = Mapping[str, str]
Side = Literal["safe", "unsafe"]
SIDES: tuple[Side, ...] = ("safe", "unsafe")

_LABELS: dict[str, Side] = {
    "safe": "safe",
    "benign": "safe",
    "harmless": "safe",
    "unsafe": "unsafe",
    "harmful": "unsafe",
    "toxic": "unsafe",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPrompt:
    """One prompt of a user's file.

    Attributes:
        text: Its words.
        side: Whether it is safe to answer; None where the row does not say.
        category: Hazard or type, as the file names it; may be empty.
        id: As the file names it; may be empty.
        twin: A safe prompt in like words; may be empty.
    """

    text: str
    side: Side | None
    category: str = ""
    id: str = ""
    twin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one set lays out its rows.

    Attributes:
        name: What people call it.
        columns: Columns that must be there, in lower case.
        read: From a row to a prompt.
        by_name: Part of a file's name -> the side of all its prompts, where rows do not say.
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[[Row], UserPrompt]
    by_name: tuple[tuple[str, Side], ...] = ()


def layout_of(columns: tuple[str, ...]) -> Layout:
    """The layout that has these columns.

    Raises:
        UsageError: If none has.
    """
    found = {one.lower() for one in columns}
    for layout in LAYOUTS:
        if found.issuperset(layout.columns):
            return layout
    known = "; ".join(f"{one.name}: {', '.join(one.columns)}" for one in LAYOUTS)
    raise UsageError(
        f"no known set of prompts has just the columns {', '.join(columns) or '(none)'}",
        fix=f"give one of these layouts ({known})",
    )


def _own(row: Row) -> UserPrompt:
    return UserPrompt(
        text=row["prompt"],
        side=_labelled(row["label"]) if "label" in row else None,
        category=row.get("category", ""),
        id=row.get("id", ""),
        twin=row.get("twin", ""),
    )


def _labelled(label: str) -> Side:
    side = _LABELS.get(label.strip().lower())
    if side is None:
        raise UsageError(f"the label {label!r} is neither safe nor unsafe", fix="write safe or unsafe")
    return side


def _xstest(row: Row) -> UserPrompt:
    return UserPrompt(
        text=row["prompt"], side=_labelled(row["label"]), category=row["type"], id=row.get("id", "")
    )


def _harmbench(row: Row) -> UserPrompt:
    if row.get("imagefilename"):
        raise UsageError(
            "the behavior is about an image, and models are asked in text only",
            fix="give the file of text behaviors",
        )
    context = row.get("contextstring", "").strip()
    behaviour = row["behavior"]
    return UserPrompt(
        # As its own direct requests join the two.
        text=f"{context}\n\n---\n\n{behaviour}" if context and behaviour else behaviour,
        side="unsafe",
        category=row.get("semanticcategory", "") or row["functionalcategory"],
        id=row.get("behaviorid", ""),
    )


def _strongreject(row: Row) -> UserPrompt:
    return UserPrompt(text=row["forbidden_prompt"], side="unsafe", category=row.get("category", ""))


def _jailbreakbench(row: Row) -> UserPrompt:
    return UserPrompt(text=row["goal"], side=None, category=row.get("category", ""), id=row.get("index", ""))


def _ailuminate(row: Row) -> UserPrompt:
    return UserPrompt(
        text=row["prompt_text"],
        side="unsafe",
        category=row["hazard"],
        id=row.get("release_prompt_id", ""),
    )


#: The first layout whose columns a file has is taken; the ones with more peculiar columns come first.
#:
#: Source: the files as published by Roettger et al. 2024, Mazeika et al. 2024, Souly et al. 2024, Chao et al.
#: 2024, Ghosh et al. 2025 (AILuminate 1.0) and Cui et al. 2024.
LAYOUTS = (
    Layout(name="XSTest", columns=("prompt", "type", "label"), read=_xstest),
    Layout(name="HarmBench", columns=("behavior", "functionalcategory"), read=_harmbench),
    Layout(name="StrongREJECT", columns=("forbidden_prompt",), read=_strongreject),
    Layout(
        name="JailbreakBench",
        columns=("goal", "behavior"),
        read=_jailbreakbench,
        by_name=(("benign", "safe"), ("harmful", "unsafe")),
    ),
    Layout(name="AILuminate", columns=("prompt_text", "hazard"), read=_ailuminate),
    Layout(name="own", columns=("prompt", "label"), read=_own),
    Layout(
        name="OR-Bench",
        columns=("prompt", "category"),
        read=_own,
        by_name=(("or-bench-toxic", "unsafe"), ("or-bench", "safe")),
    ),
    Layout(name="own, of one side", columns=("prompt",), read=_own),
)
