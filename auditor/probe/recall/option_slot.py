"""How well a model guesses a wrong option that is hidden from it, among options that would fit as well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
from pydantic import Field

from auditor.digest import digest_json
from auditor.probe.benchmark.item import LETTERS, BenchmarkItem
from auditor.probe.benchmark.quantity import Quantity
from auditor.probe.recall.plain_words import plain_words
from auditor.probe.recall.way import TwoWayParameters, TwoWayReading
from auditor.record.observation import Choice, Text
from auditor.record.request import Choose, Generate, Prompt, Request
from auditor.record.subject import Subject

METHOD = "option_slot_guess"
#: Standard deviation of an item's gap that is planned for, in points.
_SPREAD = 30.0
#: Fewest fillers that a rank among them says anything with.
_FEWEST_FILLERS = 4


class OptionSlotParameters(TwoWayParameters):
    """Parameters of the guess of a hidden option.

    Attributes:
        mark: What stands in the place of the hidden option.
        asked: Layout; ``{question}``, ``{options}`` and ``{letter}`` are replaced.
        told: What is said before it in a conversation.
        fillers: Options of other items that the hidden one is ranked among.
        max_tokens: Longest written guess.
    """

    mark: str = "[...]"
    asked: str = "Question: {question}\n{options}\nHidden option {letter}:"
    told: str = "An option of this question from a test is hidden. Reply with that option alone.\n\n"
    fillers: int = Field(default=15, ge=_FEWEST_FILLERS, le=50)
    max_tokens: int = Field(default=32, ge=1)
    margin: float = 2.0


class OptionSlotReading(TwoWayReading[OptionSlotParameters]):
    """Share of the fillers that are less likely than the hidden option, or of exact guesses, in points."""

    lacking: ClassVar[tuple[str, str]] = (
        "no item has three or more options, so that one can be hidden that is not told by the others",
        "multiple choice with three or more options",
    )

    @property
    def quantity(self) -> Quantity:
        """What is measured, in words."""
        given = self.parameters
        told = "standing of the hidden option among fillers" if self.by_likelihood else "exact guesses"
        return Quantity(
            method=METHOD,
            unit="points",
            digits=1,
            seen="the suspect guesses a hidden option of items as published {gap} better than of twins, "
            "{beyond} more than references do ({low} to {high})",
            statistic=f"{told}, items as published minus twins",
            table=f"Guesses of a hidden option by benchmark, in points: {told}",
            forest="Better at guessing a hidden option of published items than references are",
            source="Deng et al. (2024), arXiv:2311.09783",
            limits=(
                "Options in another order are a weak twin: who knows the options whatever their order shows "
                "little here. Twins of the user's own (twin_question, twin_options) show more.",
            ),
            margin=given.margin if self.by_likelihood else given.margin_points,
            material=given.material if self.by_likelihood else given.material_points,
            spread=_SPREAD,
        )

    def serves(self, item: BenchmarkItem) -> bool:
        """Whether every form has three options or more, and there are fillers for it."""
        return (
            bool(item.twins)
            and all(len(one.options) > 2 and one.answer in one.options for one in item.forms)
            and len(self._pools[item.benchmark]) >= _FEWEST_FILLERS + len(item.published.options)
        )

    def requests_about(self, model: Subject, item: BenchmarkItem, place: int) -> Sequence[Request]:
        """A choice among hidden option and fillers, or what the model writes in its place."""
        return (self._request(item, place),) if model.access >= self.access else ()

    def value(self, model: Subject, item: BenchmarkItem, place: int) -> float:
        """Points; NaN where the model did not answer."""
        answer = self.seen.answer(model, self._request(item, place))
        if isinstance(answer, Choice):
            hidden, *fillers = np.array(answer.log_likelihoods) / np.maximum(answer.bytes, 1)
            others = np.array(fillers)
            return 100.0 * float(np.mean((hidden > others) + 0.5 * (hidden == others)))
        if not isinstance(answer, Text):
            return math.nan
        slot = self._slot(item, place)
        wanted = plain_words(item.forms[place].options[slot])
        said = plain_words(answer.text.strip().removeprefix(f"{LETTERS[slot]}."))
        return 100.0 * (said[: len(wanted)] == wanted)

    @cached_property
    def _pools(self) -> dict[str, tuple[str, ...]]:
        """Options of every benchmark by length, those of one length in an arbitrary but fixed order."""

        def made() -> dict[str, tuple[str, ...]]:
            found: dict[str, set[str]] = {}
            for row in self.spec.items:
                found.setdefault(str(row["benchmark"]), set()).update(map(str, row["options"]))
            return {
                name: tuple(sorted(options, key=lambda one: (_size(one), digest_json([one]))))
                for name, options in found.items()
            }

        return self.seen.remembered(("options by length", self.spec.digest), made)

    def _slot(self, item: BenchmarkItem, place: int) -> int:
        """Where the hidden option stands: the same wrong option in every order of the same ones."""
        published = [one for one in item.published.options if one != item.published.answer]
        chosen = int(digest_json([item.published.question]).removeprefix("sha256:"), 16) % len(published)
        form = item.forms[place]
        if published[chosen] in form.options and published[chosen] != form.answer:
            return form.options.index(published[chosen])
        wrong = [one for one in form.options if one != form.answer]
        return form.options.index(wrong[chosen % len(wrong)])

    def _request(self, item: BenchmarkItem, place: int) -> Request:
        """The request about one form of an item, which every model is asked alike and so is put once."""
        key = ("option slot", self.spec.digest, self.seen.seed, self.by_likelihood)
        known: dict[tuple[str, str, int], Request] = self.seen.remembered(key, dict)
        name = (item.benchmark, item.id, place)
        if name not in known:
            known[name] = self._put(item, place)
        return known[name]

    def _put(self, item: BenchmarkItem, place: int) -> Request:
        form, slot = item.forms[place], self._slot(item, place)
        shown = [self.parameters.mark if at == slot else one for at, one in enumerate(form.options)]
        listed = "\n".join(f"{letter}. {one}" for letter, one in zip(LETTERS, shown, strict=False))
        text = self.parameters.asked.replace("{letter}", LETTERS[slot])
        text = text.replace("{options}", listed).replace("{question}", form.question)
        if self.by_likelihood:
            candidates = (form.options[slot], *self._fillers(item, form.options[slot]))
            return Choose(prompt=text, options=tuple(f" {one}" for one in candidates))
        told = self.parameters.told if self.parameters.form == "chat" else ""
        prompt: Prompt = self.parameters.laid_out(f"{told}{text}")
        return Generate(prompt=prompt, max_tokens=self.parameters.max_tokens)

    def _fillers(self, item: BenchmarkItem, hidden: str) -> tuple[str, ...]:
        """Options of other items that are as long as the hidden one, or nearly."""
        own = {option for form in item.forms for option in form.options}
        pool = [one for one in self._pools[item.benchmark] if one not in own]
        nearest = np.argsort([abs(_size(one) - _size(hidden)) for one in pool], kind="stable")
        return tuple(pool[int(at)] for at in nearest[: self.parameters.fillers])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
