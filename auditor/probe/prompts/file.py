"""A user's sets of prompts, CSV or JSONL, as items of a probe of refusals."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auditor.digest import well_formed
from auditor.error import UsageError
from auditor.probe.judge.table import read_rows, table_format
from auditor.probe.prompts.layout import SIDES, Layout, Row, Side, UserPrompt, layout_of

#: Fewer prompts say nothing about anybody.
FEWEST = 20
_SAY_SIDE = "write safe=FILE or unsafe=FILE, or add a column label with safe or unsafe"


def split_side(locator: str) -> tuple[Side | None, str]:
    """``FILE``, ``safe=FILE`` or ``unsafe=FILE`` as side and path."""
    head, separator, path = locator.partition("=")
    side = next((one for one in SIDES if separator and one == head), None)
    return (side, path) if side else (None, locator)


def read_prompts(locators: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """The prompts of several files as items.

    An item has ``id``, ``category`` and ``unsafe`` or ``safe``, or with a twin of its own ``prompt`` and
    ``twin``. Prompts that stand there more than once are taken once. With several files, categories begin
    with the file's name.

    Args:
        locators: ``FILE``, ``safe=FILE`` or ``unsafe=FILE``.

    Raises:
        UsageError: If a file cannot be read, has an unknown layout or a malformed row, does not say which
            prompts are safe, or calls a prompt safe that is unsafe elsewhere; if two files have the same
            name, or there are fewer than ``FEWEST`` prompts.
    """
    paths = [Path(split_side(one)[1]) for one in locators]
    names = [one.stem for one in paths]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two sets of prompts are called {twice}", fix="rename one of the files")
    found: dict[tuple[str, Side], dict[str, Any]] = {}
    for locator, path in zip(locators, paths, strict=True):
        for number, prompt, side in _prompts(path, split_side(locator)[0]):
            key = _normal(prompt.text)
            other: Side = "safe" if side == "unsafe" else "unsafe"
            if (key, other) in found:
                raise UsageError(
                    f"row {number} calls a prompt {side} that is {other} elsewhere",
                    where=str(path),
                    fix="take it out of one of the two places",
                )
            if (key, side) not in found:
                found[key, side] = _item(path.stem, number, prompt, side, several=len(paths) > 1)
    if len(found) < FEWEST:
        raise UsageError(
            f"there are {len(found)} different prompts, and {FEWEST} are the least",
            where=", ".join(map(str, paths)),
            fix="give a larger set, or several of them",
        )
    return _told_apart(found.values())


def _told_apart(items: Any) -> tuple[dict[str, Any], ...]:
    """Items with an identity each: the file's own where it is one, followed by a number where it is not."""
    given: dict[str, int] = {}
    told = []
    for item in items:
        count = given[item["id"]] = given.get(item["id"], 0) + 1
        told.append(item if count == 1 else {**item, "id": f"{item['id']}#{count}"})
    return tuple(told)


def _item(name: str, number: int, prompt: UserPrompt, side: Side, *, several: bool) -> dict[str, Any]:
    category = " ".join(prompt.category.split()) or "all"
    item = {
        "id": f"{name}-{prompt.id or number}",
        "category": f"{name}: {category}" if several else category,
    }
    if prompt.twin:
        return {**item, "prompt": prompt.text, "twin": prompt.twin}
    return {**item, side: prompt.text}


def _prompts(path: Path, given: Side | None) -> Iterator[tuple[int, UserPrompt, Side]]:
    """Rows of a file, numbered from 1, each with its side."""
    layout: Layout | None = None
    for number, cells in enumerate(read_rows(path, table_format(path, None)), start=1):
        row = {str(name).strip().lower(): _text(value) for name, value in cells.items()}
        try:
            layout = layout or layout_of(tuple(map(str, cells)))
            prompt = _read(layout, row)
            side = prompt.side or given or _by_name(layout, path)
            _check(prompt, side, given)
        except UsageError as error:
            where = f"{path}, row {number}"
            raise UsageError(error.what, where=where, fix=error.fix) from error
        yield number, prompt, side
    if layout is None:
        raise UsageError("the set of prompts is empty", where=str(path), fix="give CSV or JSONL with rows")


def _read(layout: Layout, row: Row) -> UserPrompt:
    lacking = [name for name in layout.columns if name not in row]
    if lacking:
        raise UsageError(
            f"the row lacks {', '.join(lacking)}", fix=f"give every row the columns of {layout.name}"
        )
    prompt = layout.read(row)
    if not prompt.text:
        raise UsageError("the row has no prompt", fix="fill it in, or take the row out")
    return prompt


def _by_name(layout: Layout, path: Path) -> Side:
    name = path.stem.lower().replace("_", "-")
    side = next((side for part, side in layout.by_name if part in name), None)
    if side is None:
        raise UsageError("nothing says whether the prompts are safe or unsafe", fix=_SAY_SIDE)
    return side


def _check(prompt: UserPrompt, side: Side, given: Side | None) -> None:
    if given is not None and side != given:
        raise UsageError(
            f"the prompt is {side} by its own file, which is given as {given}",
            fix=f"leave {given}= away",
        )
    if prompt.twin and side == "safe":
        raise UsageError("a safe prompt has a twin", fix="twins are the safe counterparts of unsafe prompts")


def _text(value: object) -> str:
    return "" if value is None else well_formed(str(value)).strip()


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
