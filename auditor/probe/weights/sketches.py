"""Sketches of weights: which are asked for, how they are read, and how two models compare by them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy import optimize

from auditor.array import NDArray
from auditor.record.observation import Arrays, Observations, Unanswered
from auditor.record.request import Inspect, Question, ask_all
from auditor.record.subject import Subject
from auditor.stats.combination import bonferroni_log10_p, fisher_log10_p
from auditor.stats.matching import (
    LayerMatch,
    LayerSketch,
    compare_layers,
    compare_order,
    pair_layers,
)

LAYOUT = Inspect(quantity="mlp-layout")


@dataclass(frozen=True, slots=True)
class Alignment:
    """How far the weights of two models correspond.

    Attributes:
        layers: Blocks compared; empty where residual widths differ or no blocks were recognised.
        order_log10_p: Over blocks, that matched neurons stand in the same order; None without blocks.
        agreement_log10_p: Over blocks, that two matrices match neurons alike; None without blocks.
        residual_order: Spearman correlation of matched residual dimensions; None without embeddings.
        residual_log10_p: log10 of its p-value.
        residual_dimensions: Residual dimensions matched.
    """

    layers: tuple[LayerMatch, ...]
    order_log10_p: float | None
    agreement_log10_p: float | None
    residual_order: float | None
    residual_log10_p: float | None
    residual_dimensions: int

    @property
    def log10_p(self) -> float:
        """The smallest of the tests' p-values times their number."""
        parts = (self.order_log10_p, self.agreement_log10_p, self.residual_log10_p)
        return bonferroni_log10_p([one for one in parts if one is not None])

    @property
    def agreement(self) -> float | None:
        """Share of matched neurons on which the two matrices of a block agree."""
        neurons = sum(one.neurons for one in self.layers)
        return sum(one.agreeing for one in self.layers) / neurons if neurons else None

    def smallest_detectable(self, log10_alpha: float) -> float | None:
        """Least share of agreeing neurons, the same in every block, that the agreement test would find.

        None where blocks were not compared or are too small for the level ``10**log10_alpha``.
        """
        if not self.layers:
            return None
        parts = (self.order_log10_p, self.agreement_log10_p, self.residual_log10_p)
        wanted = log10_alpha - np.log10(sum(one is not None for one in parts))
        each = optimize.brentq(
            lambda log10_p: fisher_log10_p([log10_p] * len(self.layers)) - wanted, 2 * wanted, 0.0
        )
        counts = [one.least_agreeing(each) for one in self.layers]
        if any(count is None for count in counts):
            return None
        return max((count or 0) / one.neurons for count, one in zip(counts, self.layers, strict=True))

    @property
    def mean_cosine(self) -> float | None:
        """Mean cosine of matched rows, averaged over blocks."""
        return float(np.mean([one.mean_cosine for one in self.layers])) if self.layers else None


@dataclass(frozen=True)
class WeightSketches:
    """The sketches of one scan.

    Attributes:
        seen: The answers so far.
        size: Projections per row.
        seed: Seed of the projections, the same for every model.
        most_layers: Blocks of the suspect that are looked at, evenly spaced.
        most_searched: Blocks of a model of other depth among which partners are searched.
    """

    seen: Observations
    size: int
    seed: int
    most_layers: int
    most_searched: int

    @cached_property
    def residual(self) -> Inspect:
        """The request for embedding columns."""
        return Inspect(quantity="residual-sketch", size=self.size, seed=self.seed)

    def sketch(self, layer: int) -> Inspect:
        """The request for one block."""
        return Inspect(quantity="mlp-sketch", layer=layer, size=self.size, seed=self.seed)

    def layout(self, model: Subject) -> tuple[int, int] | None:
        """Number of blocks and residual width, or None where they are not known."""
        arrays = self._arrays(model, LAYOUT)
        return (int(arrays["layers"][0]), int(arrays["hidden"][0])) if arrays else None

    def overview(self, models: tuple[Subject, ...]) -> tuple[Question, ...]:
        """Layouts and embedding columns of ``models``, as far as they are not known yet."""
        return self._open(
            tuple(one for model in models for one in ask_all(model.digest, (LAYOUT, self.residual)))
        )

    def details(
        self, suspect: Subject, others: tuple[Subject, ...], controls: tuple[Subject, ...]
    ) -> tuple[Question, ...]:
        """Blocks that are needed to compare ``suspect`` with ``others``, and ``controls`` in its place."""
        questions: list[Question] = []
        comparable = [one for one in others if self.same_width(suspect, one)]
        if comparable:
            questions += ask_all(suspect.digest, [self.sketch(layer) for layer in self._own(suspect)])
        for one in comparable:
            questions += ask_all(one.digest, [self.sketch(layer) for layer in self._searched(suspect, one)])
        for one in controls:
            if any(self.same_width(one, other) for other in comparable):
                questions += ask_all(one.digest, [self.sketch(layer) for layer in self._own(one)])
        return self._open(tuple(dict.fromkeys(questions)))

    def same_width(self, one: Subject, other: Subject) -> bool:
        """Whether both layouts are known and have residual streams of the same width."""
        first, second = self.layout(one), self.layout(other)
        return first is not None and second is not None and first[1] == second[1]

    def align(self, suspect: Subject, other: Subject) -> Alignment | None:
        """Compare two models by everything that was seen of both; None where nothing compares."""
        layers = tuple(
            _compared_blocks(
                self._answered(suspect, self.sketch(own.layer)),
                self._answered(other, self.sketch(theirs.layer)),
                (own.layer, theirs.layer),
                self.seed * 1009 + own.layer,
            )
            for own, theirs in self._pairs(suspect, other)
        )
        columns = [self.seen.answer(one, self.residual) for one in (suspect, other)]
        residual_order, residual_log10_p, dimensions = None, None, 0
        if isinstance(columns[0], Arrays) and isinstance(columns[1], Arrays):
            residual_order, residual_log10_p, dimensions = _compared_columns(columns[0], columns[1])
        if not layers and residual_log10_p is None:
            return None
        return Alignment(
            layers=layers,
            order_log10_p=fisher_log10_p([one.order_log10_p for one in layers]) if layers else None,
            agreement_log10_p=fisher_log10_p([one.agreement_log10_p for one in layers]) if layers else None,
            residual_order=residual_order,
            residual_log10_p=residual_log10_p,
            residual_dimensions=dimensions,
        )

    def inspected(self, model: Subject) -> tuple[Inspect, ...]:
        """The requests that ``model`` answered."""
        layout = self.layout(model)
        layers = range(layout[0]) if layout else ()
        requests = (LAYOUT, self.residual, *(self.sketch(layer) for layer in layers))
        return tuple(one for one in requests if isinstance(self.seen.answer(model, one), Arrays))

    def refusals(self, model: Subject) -> tuple[str, ...]:
        """Why summaries of ``model`` are missing."""
        answers = (self.seen.answer(model, one) for one in (LAYOUT, self.residual))
        return tuple(one.reason for one in answers if isinstance(one, Unanswered))

    def _pairs(self, suspect: Subject, other: Subject) -> tuple[tuple[LayerSketch, LayerSketch], ...]:
        if not self.same_width(suspect, other):
            return ()
        looked_at = set(self._own(suspect))
        own = [one for one in self._seen(suspect) if one.layer in looked_at]
        theirs = self._seen(other)
        if self._depth(suspect) == self._depth(other):
            partners = {one.layer: one for one in theirs}
            return tuple((one, partners[one.layer]) for one in own if one.layer in partners)
        return pair_layers(own, theirs)

    def _depth(self, model: Subject) -> int:
        layout = self.layout(model)
        return layout[0] if layout else 0

    def _own(self, model: Subject) -> tuple[int, ...]:
        return spaced(self._depth(model), self.most_layers)

    def _searched(self, suspect: Subject, other: Subject) -> tuple[int, ...]:
        """The same blocks where depths are equal, else all of them within reason."""
        depth = self._depth(other)
        return self._own(suspect) if depth == self._depth(suspect) else spaced(depth, self.most_searched)

    def _seen(self, model: Subject) -> tuple[LayerSketch, ...]:
        found = []
        for layer in range(self._depth(model)):
            answer = self.seen.answer(model, self.sketch(layer))
            if isinstance(answer, Arrays):
                found.append(_block(answer, layer))
        return tuple(found)

    def _answered(self, model: Subject, request: Inspect) -> Arrays:
        answer = self.seen.answer(model, request)
        assert isinstance(answer, Arrays)  # it was paired, so it was seen
        return answer

    def _arrays(self, model: Subject, request: Inspect) -> dict[str, NDArray[Any]] | None:
        answer = self.seen.answer(model, request)
        return answer.unpack() if isinstance(answer, Arrays) else None

    def _open(self, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        by_digest = {one.digest: one for one in self.seen.subjects}
        return tuple(
            one for one in questions if self.seen.answer(by_digest[one.subject_digest], one.request) is None
        )


@lru_cache(maxsize=1024)
def _block(answer: Arrays, layer: int) -> LayerSketch:
    arrays = answer.unpack()
    return LayerSketch(
        layer=layer,
        first=arrays["first"],
        second=arrays["second"],
        norms=arrays["norms"],
        kept=arrays["kept"],
    )


# The same control stands in the place of one suspect after the other: its comparisons are made once.
@lru_cache(maxsize=8192)
def _compared_blocks(own: Arrays, theirs: Arrays, layers: tuple[int, int], seed: int) -> LayerMatch:
    return compare_layers(_block(own, layers[0]), _block(theirs, layers[1]), seed=seed)


@lru_cache(maxsize=8192)
def _compared_columns(own: Arrays, theirs: Arrays) -> tuple[float, float, int]:
    return compare_order(own.unpack()["columns"], theirs.unpack()["columns"])


def spaced(count: int, most: int) -> tuple[int, ...]:
    """At most ``most`` of ``count`` indices, evenly spaced, the first and the last among them."""
    if count <= most:
        return tuple(range(count))
    return tuple(int(one) for one in np.unique(np.round(np.linspace(0, count - 1, most)).astype(int)))
