"""Layouts of the usual benchmarks, and how each becomes one question with one right answer.

A layout is recognised by its columns. ``lm-eval`` sample logs hold the row of the data set under ``doc``, so
that they are read like the data set itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.error import UsageError

Row = Mapping[str, Any]
_LETTERS = "ABCDEFGHIJ"
_GSM8K_ANSWER = re.compile(r"####\s*(-?[\d,.]+)\s*$")
_BBH_OPTION = re.compile(r"^\(([A-J])\)\s*(.+)$", flags=re.MULTILINE)
_LETTERED = re.compile(r"\(([A-J])\)")


@dataclass(frozen=True, slots=True)
class Layout:
    """How one data set lays out its rows.

    Attributes:
        name: What people call it.
        columns: Columns that must be there.
        read: From a row to ``question``, ``options`` (empty for a short answer) and ``answer`` (a text).
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[[Row], dict[str, Any]]


def canonical(row: Row) -> dict[str, Any]:
    """A row of any known layout as an item: ``question``, ``options``, ``answer``, ``category``, ``twin``.

    A row of a sample log has besides ``context`` and ``continuations``, the very words that were put to the
    model; a row that is itself the twin of another one names it in ``twin_of``.

    Raises:
        UsageError: If the layout is unknown, or the row does not fit it; ``where`` is the caller's to add.
    """
    inner = row.get("doc")
    if isinstance(inner, Mapping) and "target" in row:
        return {**canonical(inner), **_as_asked(row)}
    for layout in LAYOUTS:
        if all(row.get(column) is not None for column in layout.columns):
            item = layout.read(row)
            break
    else:
        known = "; ".join(f"{one.name}: {', '.join(one.columns)}" for one in LAYOUTS)
        raise UsageError(
            f"no known layout has just the columns {', '.join(map(str, row)) or '(none)'}", fix=known
        )
    if item["options"] and item["answer"] not in item["options"]:
        raise UsageError(f"the answer {item['answer']!r} is none of the options")
    item["category"] = str(row.get("category") or row.get("subject") or row.get("activity_label") or "")
    for column, sign in (("frequency", 1), ("rarity", -1)):
        if row.get(column) not in (None, ""):
            item.setdefault("frequency", sign * _number(column, row[column]))
    if row.get("twin_of") not in (None, ""):
        item["twin_of"] = str(row["twin_of"])
    twin = _twin(row, item)
    return {**item, "twin": twin} if twin else item


def _number(column: str, stated: Any) -> float:
    """How common or how rare an item is, on any scale that grows with it."""
    try:
        value = float(stated)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(
            f"the {column} {stated!r} is no number", fix="a number that grows with it, or nothing"
        )
    return value


def _as_asked(row: Row) -> dict[str, Any]:
    """Context and continuations of a sample log; nothing where they are no plain text."""
    given = row.get("arguments")
    instances = list(given.values()) if isinstance(given, Mapping) else given
    if not isinstance(instances, list) or not instances:
        return {}
    pairs = [list(one.values()) if isinstance(one, Mapping) else one for one in instances]
    if not all(isinstance(one, list | tuple) and one and isinstance(one[0], str) for one in pairs):
        return {}
    contexts = {one[0] for one in pairs}
    if len(contexts) > 1 or next(iter(contexts)).startswith("[{"):
        return {}
    texts = [one[1] for one in pairs if len(one) > 1 and isinstance(one[1], str)]
    return {"context": contexts.pop(), "continuations": texts}


def _own(row: Row) -> dict[str, Any]:
    question = row.get("question") or row.get("prompt")
    options = _options(row)
    return {
        "question": _text(question, "question"),
        "options": options,
        "answer": _named(row["answer"], options),
    }


def _options(row: Row) -> list[str]:
    """Options in one column (a list, or JSON of one), or in columns ``A`` to ``J``."""
    given = row.get("options", row.get("choices"))
    if isinstance(given, Mapping):
        given = given.get("text")
    if isinstance(given, str) and given.strip().startswith("["):
        try:
            given = json.loads(given)
        except json.JSONDecodeError as error:
            raise UsageError(f"the options are no JSON list: {error.msg}") from error
    if given is None:
        given = [row[letter] for letter in _LETTERS if row.get(letter) not in (None, "")]
    if not isinstance(given, list | tuple) and not hasattr(given, "tolist"):
        raise UsageError("the options are no list")
    found = [str(one) for one in given]
    if len(found) != len(set(found)):
        raise UsageError("two options are the same")
    if len(found) == 1 or len(found) > len(_LETTERS):
        raise UsageError(f"{len(found)} options; there must be 2 to {len(_LETTERS)}, or none")
    return found


def _named(answer: Any, options: list[str]) -> str:
    """The text of an answer that is given as a text, a letter or a place counted from 0."""
    if not options or (isinstance(answer, str) and answer in options):
        return _text(answer, "answer")
    if isinstance(answer, str) and len(answer.strip()) == 1 and answer.strip() in _LETTERS:
        place = _LETTERS.index(answer.strip())
    else:
        try:
            place = int(answer)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the answer {answer!r} is none of the options") from error
    if not 0 <= place < len(options):
        raise UsageError(f"the answer {answer!r} is none of the {len(options)} options")
    return options[place]


def _arc(row: Row) -> dict[str, Any]:
    choices = row["choices"]
    if isinstance(choices, str):
        choices = json.loads(choices)
    texts, labels = [str(one) for one in choices["text"]], [str(one) for one in choices["label"]]
    key = str(row["answerKey"])
    if key not in labels:
        raise UsageError(f"the answer key {key!r} is no label of an option")
    return {
        "question": _text(row["question"], "question"),
        "options": texts,
        "answer": texts[labels.index(key)],
    }


def _hellaswag(row: Row) -> dict[str, Any]:
    endings = [str(one) for one in row["endings"]]
    return {"question": _text(row["ctx"], "ctx"), "options": endings, "answer": _named(row["label"], endings)}


def _truthfulqa(row: Row) -> dict[str, Any]:
    targets = row["mc1_targets"]
    options, labels = [str(one) for one in targets["choices"]], list(targets["labels"])
    if labels.count(1) != 1:
        raise UsageError("not just one target is labelled as true")
    return {
        "question": _text(row["question"], "question"),
        "options": options,
        "answer": options[labels.index(1)],
    }


def _gsm8k(row: Row) -> dict[str, Any]:
    found = _GSM8K_ANSWER.search(str(row["answer"]))
    if found is None:
        return _own(row)
    answer = found.group(1).replace(",", "").rstrip(".")
    return {"question": _text(row["question"], "question"), "options": [], "answer": answer}


def _bbh(row: Row) -> dict[str, Any]:
    text, target = str(row["input"]), str(row["target"])
    lettered = _LETTERED.fullmatch(target.strip())
    if lettered is None:
        return {"question": text, "options": [], "answer": target}
    options = dict(_BBH_OPTION.findall(text))
    if lettered.group(1) not in options:
        raise UsageError(f"the target {target!r} is no option of the input")
    question = text[: text.index(f"({next(iter(options))})")].rstrip()
    question = question.removesuffix("Options:").rstrip()
    return {
        "question": question,
        "options": [one.strip() for one in options.values()],
        "answer": options[lettered.group(1)].strip(),
    }


#: The first layout whose columns a row has is taken; the ones with more peculiar columns come first.
LAYOUTS = (
    Layout("ARC", ("question", "choices", "answerKey"), _arc),
    Layout("HellaSwag", ("ctx", "endings", "label"), _hellaswag),
    Layout("TruthfulQA", ("question", "mc1_targets"), _truthfulqa),
    Layout("BBH", ("input", "target"), _bbh),
    Layout("MMLU", ("question", "choices", "answer"), _own),
    Layout("GSM8K or own", ("question", "answer"), _gsm8k),
    Layout("own", ("prompt", "answer"), _own),
)


def _twin(row: Row, item: dict[str, Any]) -> dict[str, Any] | None:
    """A twin that the user made: ``twin_question``, and its own options and answer where they differ."""
    if row.get("twin_question") in (None, ""):
        return None
    given = {"options": row.get("twin_options", item["options"])}
    options = _options(given) if given["options"] else []
    answer = row.get("twin_answer", item["answer"])
    twin = {"question": str(row["twin_question"]), "options": options, "answer": _named(answer, options)}
    if bool(options) != bool(item["options"]):
        raise UsageError("an item has options and its twin has none, or the other way round")
    return twin


def _text(value: Any, column: str) -> str:
    if value is None or not str(value).strip():
        raise UsageError(f"the column '{column}' is empty")
    return str(value)
