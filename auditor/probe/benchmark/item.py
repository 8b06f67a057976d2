"""Items of a benchmark and their twins, as questions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from auditor.digest import digest_json
from auditor.error import ContentError
from auditor.probe.errors.items import ErrorItem
from auditor.probe.generator.twins import option_named
from auditor.record.observation import Answer, Choice, Text

LETTERS = "ABCDEFGHIJ"
#: How Inspect has multiple choice answered.
_STATED = re.compile(r"ANSWER\s*:\s*\(?([A-J])(?![A-Za-z'])")
_LETTER = re.compile(r"(?<![A-Za-z])([A-J])(?![A-Za-z'])")


@dataclass(frozen=True, slots=True)
class BenchmarkQuestion:
    """A question in one form.

    Attributes:
        question: What is asked.
        options: Answers to choose among, in the order in which they are listed; none for a short answer.
        answer: The right answer.
        context: The words in which it was put to a model elsewhere; empty where it is ours to put.
        continuations: What stood for each option there; none for a written answer.
    """

    question: str
    options: tuple[str, ...]
    answer: str
    context: str = ""
    continuations: tuple[str, ...] = ()

    @property
    def listed(self) -> str:
        """The options as lines with letters."""
        return "\n".join(f"{letter}. {one}" for letter, one in zip(LETTERS, self.options, strict=False))

    @property
    def answered(self) -> str:
        """What stands behind the question where it is printed with its key: the options, and the answer."""
        return "\n".join([*([self.listed] if self.options else []), f"Answer: {self.answer}"])

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of the options."""
        return tuple(LETTERS[: len(self.options)])

    def said(self, answer: Answer | None) -> str | None:
        """The answer that a reply amounts to, ``""`` where it names none; None where there is no reply."""
        if isinstance(answer, Choice):
            return self.options[int(np.argmax(answer.log_likelihoods))]
        if not isinstance(answer, Text):
            return None
        if not self.options:
            return _short(self.answer).final(answer.text)
        if stated := [one for one in _STATED.findall(answer.text) if one in self.letters]:
            return self.options[LETTERS.index(stated[-1])]
        named = option_named(answer.text, self.options)
        letters = [one for one in _LETTER.findall(answer.text) if one in self.letters]
        return named or (self.options[LETTERS.index(letters[0])] if letters else "")

    def is_right(self, said: str) -> bool:
        """Whether this is the right answer."""
        return said == (self.answer if self.options else _short(self.answer).right)


@dataclass(frozen=True, slots=True)
class BenchmarkItem:
    """An item as it was published, and its twins.

    Attributes:
        benchmark: Name of the benchmark.
        id: Name of the item in it.
        category: Kind of item; may be empty.
        published: As it was published.
        twins: The same item as nobody has published it.
    """

    benchmark: str
    id: str
    category: str
    published: BenchmarkQuestion
    twins: tuple[BenchmarkQuestion, ...]

    @property
    def forms(self) -> tuple[BenchmarkQuestion, ...]:
        """As it was published, then its twins."""
        return (self.published, *self.twins)

    @property
    def asks_the_same(self) -> bool:
        """Whether the twins ask the very same question, with options in another order or with others."""
        return all(one.question == self.published.question for one in self.twins)


def items_of(rows: Sequence[dict[str, Any]], most: int, where: str) -> tuple[BenchmarkItem, ...]:
    """The items of all benchmarks, at most ``most`` of each, without twins that are not the user's own.

    Which are kept depends on the digests of the items, which neither order nor answers can sway.

    Raises:
        ContentError: If a row lacks a field.
    """
    by_benchmark: dict[str, list[BenchmarkItem]] = defaultdict(list)
    for row in rows:
        item = _item(row, where)
        by_benchmark[item.benchmark].append(item)
    return tuple(one for items in by_benchmark.values() for one in _chosen(items, most))


def _chosen(items: list[BenchmarkItem], most: int) -> list[BenchmarkItem]:
    if len(items) <= most:
        return items
    kept = set(
        sorted((digest_json([one.published.question]), place) for place, one in enumerate(items))[:most]
    )
    places = {place for _, place in kept}
    return [one for place, one in enumerate(items) if place in places]


def _item(row: dict[str, Any], where: str) -> BenchmarkItem:
    try:
        twins = [*([row["twin"]] if row.get("twin") else []), *row.get("twins", [])]
        return BenchmarkItem(
            str(row["benchmark"]),
            str(row["id"]),
            str(row["category"]),
            _question(row),
            tuple(map(_question, twins)),
        )
    except KeyError as error:
        raise ContentError(f"an item lacks the field {error}", where=f"{where}/items.jsonl") from error


def _question(row: dict[str, Any]) -> BenchmarkQuestion:
    options, continuations = tuple(row["options"]), tuple(row.get("continuations", ()))
    # Without continuations the answer was written, whether there are options or not.
    as_asked = bool(row.get("context")) and len(continuations) in (0, len(options))
    return BenchmarkQuestion(
        question=str(row["question"]),
        options=options,
        answer=str(row["answer"]),
        context=str(row["context"]) if as_asked else "",
        continuations=continuations if as_asked else (),
    )


def with_reshuffled_options(
    items: Sequence[BenchmarkItem], twins: int, seed: int
) -> tuple[BenchmarkItem, ...]:
    """Items with twins whose options stand in another order; those that have twins of the user's keep them.

    Within a benchmark, the right answers of the twins stand in the same places equally often as those of
    the published items: whoever prefers a place wins as much by it on both.
    """
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, one in enumerate(items):
        if not one.twins and one.published.options and not one.published.context:
            groups[one.benchmark, len(one.published.options)].append(place)
    found = list(items)
    for number, places in enumerate(groups.values()):
        rng = np.random.default_rng([seed, number])
        slots = [items[place].published.options.index(items[place].published.answer) for place in places]
        for _ in range(twins):
            for place, slot in zip(places, rng.permutation(slots), strict=True):
                one = found[place]
                found[place] = replace(one, twins=(*one.twins, _reshuffled(one.published, int(slot), rng)))
    return tuple(found)


def _reshuffled(question: BenchmarkQuestion, slot: int, rng: np.random.Generator) -> BenchmarkQuestion:
    wrong = [one for one in question.options if one != question.answer]
    order = [wrong[place] for place in rng.permutation(len(wrong))]
    order.insert(slot, question.answer)
    return replace(question, options=tuple(order))


def _short(answer: str) -> ErrorItem:
    return ErrorItem(id="", kind="", prompt="", answer=answer, options=())
