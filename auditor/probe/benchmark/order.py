"""Shards of a benchmark in the published order and in others, and how likely a model finds each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from jaxtyping import Float
from pydantic import Field

from auditor.array import NDArray
from auditor.probe.benchmark.item import BenchmarkItem, items_of
from auditor.probe.protocol import Parameters
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Likelihood, Observations
from auditor.record.request import Score
from auditor.record.subject import Access, Role, Subject
from auditor.stats.order_test import order_p_value


class OrderTestParameters(Parameters):
    """Parameters of the test of order.

    Attributes:
        shard: Items in a row that are permuted together.
        shards: Most shards of all benchmarks together, spread over the files.
        orders: Other orders of a shard that are scored beside the published one.
        heading: Text before a shard.
        alpha: Level of the test.
        reference_alpha: Level at which references find the published order likelier by itself.
    """

    shard: int = Field(default=6, ge=2, le=100)
    shards: int = Field(default=40, ge=5)
    orders: int = Field(default=9, ge=1, le=99)
    heading: str = "Questions and answers:\n\n"
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    reference_alpha: float = Field(default=0.05, gt=0, lt=0.5)


@dataclass(frozen=True)
class OrderReading:
    """How likely models find the published order of a benchmark's items.

    Attributes:
        spec: The probe; its items are the user's, in the order of the file.
        parameters: Its parameters.
        seen: What was answered so far.
    """

    spec: ProbeSpec
    parameters: OrderTestParameters
    seen: Observations

    @cached_property
    def shards(self) -> tuple[tuple[Score, ...], ...]:
        """Requests of every shard, the published order first."""

        def made() -> tuple[tuple[Score, ...], ...]:
            everything = items_of(self.spec.items, len(self.spec.items) or 1, self.spec.id)
            whole: list[list[BenchmarkItem]] = []
            for _, group in groupby(everything, key=lambda one: one.benchmark):
                items = list(group)
                size = self.parameters.shard
                whole += [items[at : at + size] for at in range(0, len(items) - size + 1, size)]
            # Evenly spread, so that a long file is not judged by its beginning.
            count = min(self.parameters.shards, len(whole))
            places = np.unique(np.linspace(0, len(whole) - 1, count).astype(int)).tolist()
            return tuple(self._orders(whole[place], place) for place in places)

        return self.seen.remembered(("order shards", self.spec.digest, self.seen.seed), made)

    def _orders(self, items: list[BenchmarkItem], place: int) -> tuple[Score, ...]:
        rng = np.random.default_rng([self.seen.seed, place])
        orders = [
            np.arange(len(items)),
            *(rng.permutation(len(items)) for _ in range(self.parameters.orders)),
        ]
        return tuple(
            Score(
                prompt=self.parameters.heading,
                continuation="\n\n".join(_text(items[number]) for number in order),
            )
            for order in orders
        )

    @property
    def references(self) -> tuple[Subject, ...]:
        """Models that show whether the published order is likelier by itself: controls, and the base."""
        roles = (Role.CONTROL, Role.BASE)
        return tuple(one for role in roles for one in self.seen.of_role(role, Access.LOGPROBS))

    def likelihoods(self, model: Subject) -> Float[NDArray[np.float64], "shards orders"]:
        """Log-likelihood of every order of the shards that the model scored entirely, in nats."""
        rows = []
        for shard in self.shards:
            answers = [self.seen.answer(model, one) for one in shard]
            if all(isinstance(one, Likelihood) for one in answers):
                rows.append([one.log_likelihood for one in answers if isinstance(one, Likelihood)])
        return np.array(rows, dtype=float).reshape(len(rows), self.parameters.orders + 1)

    def p_value(self, model: Subject) -> float:
        """Exact p-value that the published order is one among equals to a model."""
        return order_p_value(self.likelihoods(model), np.random.default_rng([self.seen.seed, 0]))

    @cached_property
    def favoured_anyway(self) -> float:
        """The same p-value with all references together: each shard of each is one more shard."""
        tables = [self.likelihoods(one) for one in self.references]
        together = np.concatenate(tables) if tables else np.zeros((0, self.parameters.orders + 1))
        if not len(together):
            return 1.0
        return order_p_value(together, np.random.default_rng([self.seen.seed, 1]))


def _text(item: BenchmarkItem) -> str:
    return f"{item.published.question}\n{item.published.answered}"
