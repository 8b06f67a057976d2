"""How surprised a model is by the least likely tokens of an item, by Min-K%++."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from auditor.probe.benchmark.contrast import ContrastParameters, ContrastReading
from auditor.probe.benchmark.item import BenchmarkItem
from auditor.probe.benchmark.quantity import Quantity
from auditor.record.observation import TokenLikelihoods
from auditor.record.request import Request, ScoreTokens
from auditor.record.subject import Access, Subject
from auditor.stats.min_k import min_k_plus_plus

METHOD = "min_k_plus_plus"
#: Standard deviation of an item's gap that is planned for.
_SPREAD = 0.5


class MinKParameters(ContrastParameters):
    """Parameters of the standing of unlikely tokens.

    Attributes:
        k: Percentage of an item's tokens that are averaged over, the least likely ones.
        floor: Standing that no token goes below, in standard deviations.
        heading: Text before an item.
        margin: Difference that the interval's lower end must exceed, in standard deviations.
        material: Difference that a clean bill must have been able to find.
    """

    k: float = Field(default=20.0, gt=0, le=100)
    floor: float = Field(default=-20.0, lt=0)
    heading: str = "Questions and answers:\n\n"
    margin: float = Field(default=0.0, ge=0)
    material: float = Field(default=0.1, gt=0)


class MinKReading(ContrastReading[MinKParameters]):
    """Mean standing of the least likely tokens, in standard deviations of what could stand in their place.

    Where twins ask the very same question, only what stands behind it is scored: the question tells nothing.
    """

    @property
    def quantity(self) -> Quantity:
        """What is measured, in words."""
        return Quantity(
            method=METHOD,
            unit="standard deviations",
            digits=3,
            seen="to the suspect the least likely tokens of items as published stand {gap} above twins', "
            "{beyond} more than to references ({low} to {high})",
            statistic=f"Min-K%++ ({self.parameters.k:g} %) of items as published minus twins",
            table="Standing of the least likely tokens by benchmark, in standard deviations",
            forest="Less surprised by items as published than references are",
            source="Zhang et al. (2024), arXiv:2404.02936",
            limits=(
                "It sees who has read the very words of the items, with their options in this order. Who "
                "learned from paraphrases or translations shows nothing here.",
                "An endpoint does not show its probabilities of all tokens, and cannot be asked this.",
            ),
            margin=self.parameters.margin,
            material=self.parameters.material,
            spread=_SPREAD,
        )

    @property
    def access(self) -> Access:
        """Log-probabilities, of all tokens."""
        return Access.LOGPROBS

    def requests_about(self, model: Subject, item: BenchmarkItem, place: int) -> Sequence[Request]:
        """The item, or what stands behind its question, token by token."""
        return (self._request(item, place),) if model.access >= self.access else ()

    def value(self, model: Subject, item: BenchmarkItem, place: int) -> float:
        """The mean standing; NaN where the model did not answer."""
        answer = self.seen.answer(model, self._request(item, place))
        if not isinstance(answer, TokenLikelihoods):
            return math.nan
        return min_k_plus_plus(
            np.array(answer.log_likelihoods),
            np.array(answer.means),
            np.array(answer.deviations),
            share=self.parameters.k / 100,
            floor=self.parameters.floor,
        )

    def _request(self, item: BenchmarkItem, place: int) -> ScoreTokens:
        heading, form = self.parameters.heading, item.forms[place]
        if item.asks_the_same:
            return ScoreTokens(prompt=f"{heading}{form.question}\n", continuation=form.answered)
        return ScoreTokens(prompt=heading, continuation=f"{form.question}\n{form.answered}")
