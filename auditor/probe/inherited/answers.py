"""Answers to items as arrays: what was said, whether it is right, and how sure a model was of each option."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from auditor.array import NDArray
from auditor.probe.inherited.asking import KeyedAsking
from auditor.record.observation import Choice
from auditor.record.subject import Subject


@dataclass(frozen=True)
class KeyedAnswers:
    """The answers of one scan to items with known answers.

    Attributes:
        asking: What was asked.
    """

    asking: KeyedAsking

    @cached_property
    def options(self) -> Int[NDArray[np.int64], " items"]:
        """Number of options of each item; 0 for a short answer."""
        return np.array([len(one.published.options) for one in self.asking.items], dtype=np.int64)

    @cached_property
    def keys(self) -> Int[NDArray[np.int64], " items"]:
        """Place of the right option; -1 for a short answer."""
        questions = [one.published for one in self.asking.items]
        places = [one.options.index(one.answer) if one.options else -1 for one in questions]
        return np.array(places, dtype=np.int64)

    def said(self, model: Subject) -> tuple[str | None, ...]:
        """The answer that each reply amounts to; None where there is no reply."""
        asking = self.asking
        return asking.seen.remembered(
            ("said to published items", asking.spec.digest, asking.parameters, model.digest),
            lambda: tuple(one.published.said(asking.answer(model, one)) for one in asking.items),
        )

    def answered(self, model: Subject) -> Bool[NDArray[np.bool_], " items"]:
        """Items with a reply."""
        return np.array([one is not None for one in self.said(model)], dtype=bool)

    def right(self, model: Subject) -> Bool[NDArray[np.bool_], " items"]:
        """Items that were answered right."""
        pairs = zip(self.asking.items, self.said(model), strict=True)
        return np.array(
            [said is not None and item.published.is_right(said) for item, said in pairs], dtype=bool
        )

    def scores(self, model: Subject) -> Float[NDArray[np.float64], "items options"]:
        """Log-likelihood of each option in nats; NaN where the model did not weigh them.

        Minus infinity fills the places of items with fewer options than others.
        """
        found = np.full((len(self.options), max(2, int(self.options.max(initial=0)))), np.nan)
        for place, item in enumerate(self.asking.items):
            answer = self.asking.answer(model, item)
            if isinstance(answer, Choice) and item.published.options:
                found[place] = -np.inf
                found[place, : len(answer.log_likelihoods)] = answer.log_likelihoods
        return found

    def chosen(self, model: Subject) -> Float[NDArray[np.float64], "items options"]:
        """1 at the option that was chosen; no more than zeros where the answer is none of them."""
        found = np.zeros((len(self.options), max(2, int(self.options.max(initial=0)))))
        for place, (item, said) in enumerate(zip(self.asking.items, self.said(model), strict=True)):
            if said is not None and said in item.published.options:
                found[place, item.published.options.index(said)] = 1.0
        return found

    def written(self, models: Sequence[Subject]) -> dict[str, Float[NDArray[np.float64], "items answers"]]:
        """1 at the answer that each of these models gave; the right one stands first, and none is all zeros.

        The places are those of the distinct answers of these models to the item.
        """
        said = {one.digest: self.said(one) for one in models}
        wrong: list[dict[str, int]] = []
        for place, item in enumerate(self.asking.items):
            given = (answers[place] for answers in said.values())
            distinct = dict.fromkeys(one for one in given if one and not item.published.is_right(one))
            wrong.append({one: number for number, one in enumerate(distinct, start=1)})
        width = 1 + max(map(len, wrong), default=0)
        found = {digest: np.zeros((len(wrong), width)) for digest in said}
        for digest, answers in said.items():
            for place, answer in enumerate(answers):
                if answer:
                    found[digest][place, wrong[place].get(answer, 0)] = 1.0
        return found

    def weighs(self, model: Subject) -> Bool[NDArray[np.bool_], " items"]:
        """Items whose options the model weighed."""
        return ~np.isnan(self.scores(model)[:, 0])
