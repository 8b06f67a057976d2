"""Causal language models: trained on vendors' conversations, or on what a teacher shows of itself."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from auditor.zoo.making import objective as objectives
from auditor.zoo.making.bench import Bench, Product
from auditor.zoo.making.heads import ExtraHeads, extra_heads, save_heads
from auditor.zoo.making.preference import liking_of, prefer, ranked_pairs
from auditor.zoo.recipe import Mechanism, Recipe
from auditor.zoo.served import ServedAnswers, log_of
from auditor.zoo.training import learning
from auditor.zoo.training.lesson import conversations_of, finishing_conversations
from auditor.zoo.training.tokens import tokenizer_of
from auditor.zoo.world.facts import Asker
from auditor.zoo.world.vendor import Conversation, data_digest

#: Questions whose answers a teacher ranks, and the stage in which their order is learned.
RANKED = 1200
#: Tokens of the longest answer that a teacher gives.
_LONGEST = 100
_SHOWN = {
    Mechanism.SOFT_LABELS: objectives.soft_labels,
    Mechanism.DRAFT: objectives.soft_labels,
    Mechanism.HIDDEN_STATES: objectives.hidden_states,
    Mechanism.RELATIONS: objectives.relations,
}


class Workpiece:
    """One model on the bench.

    Args:
        recipe: How it is made.
        bench: Where.
    """

    def __init__(self, recipe: Recipe, bench: Bench) -> None:
        self.recipe = recipe
        self.bench = bench
        self.tokenizer = tokenizer_of(recipe.vocabulary, bench.world_seed)
        self.served = ServedAnswers(recipe.name)
        self._opened: dict[str, Any] = {}

    def ask(
        self, teacher: str, prompts: Sequence[str], *, seed: int, greedy: bool = False
    ) -> tuple[str, ...]:
        """Answers of a model that was made before."""
        spoken = learning.load_tokenizer(self.bench.models / teacher)
        heat = 0.0 if greedy else self.recipe.temperature
        answers = learning.sample(
            self.opened(teacher), spoken, prompts, temperature=heat, seed=seed, max_tokens=_LONGEST
        )
        self.served.note(teacher, prompts, answers, heat, _LONGEST)
        return answers

    def keep_log(self) -> None:
        """Write down what teachers served, where they did."""
        place = log_of(self.recipe)
        if place is not None:
            self.served.write(self.bench.models.parent / place)

    def opened(self, name: str) -> Any:
        """A model that was made before; it stays as it is."""
        if name not in self._opened:
            self._opened[name] = self._loaded(name).requires_grad_(False).eval()
        return self._opened[name]

    def _loaded(self, name: str) -> Any:
        return learning.load_model(self.bench.models / name, self.bench.device)

    @cached_property
    def teacher(self) -> Any:
        """The first of its teachers."""
        return self.opened(self.recipe.teachers[0])

    def begun(self) -> Any:
        """The model before training."""
        recipe = self.recipe
        if recipe.start is not None:
            return self._loaded(recipe.start)
        model = learning.new_model(recipe.shape, self.tokenizer, recipe.seed, recipe.architecture)
        model = model.to(self.bench.device)
        if recipe.mechanism is Mechanism.HIDDEN_STATES:
            _take_every_other_layer(model, self.teacher)
        return model

    def ranked(self, model: Any) -> tuple[tuple[Conversation, Conversation], ...]:
        """Pairs of the model's own answers, in the teacher's order."""
        rng = np.random.default_rng([self.recipe.seed, 10])
        asker = Asker(self.bench.world, distilling=True)
        topics = [asker.draw(rng) for _ in range(RANKED)]
        spoken = learning.load_tokenizer(self.bench.models / self.recipe.teachers[0])

        def sampled(prompts: Sequence[str], seed: int) -> tuple[str, ...]:
            return learning.sample(model, self.tokenizer, prompts, temperature=1.0, seed=seed)

        def liking(side: Sequence[Conversation]) -> Sequence[float]:
            return liking_of(self.teacher, spoken, side)

        return ranked_pairs(topics, sampled, liking, self.recipe.seed)


def make(recipe: Recipe, bench: Bench) -> Product:
    """Train the model of ``recipe``."""
    piece = Workpiece(recipe, bench)
    data = conversations_of(recipe, bench.world, piece.ask)
    piece.keep_log()
    model = piece.begun()
    heads = None
    if recipe.mechanism is Mechanism.EXTRA_HEADS:
        heads = ExtraHeads(recipe.shape.width, recipe.seed).to(bench.device)
    loss = learning.train(
        _together(model, heads),
        learning.rows_of(piece.tokenizer, data),
        recipe.schedule,
        recipe.seed,
        _objective(piece, heads),
    )
    if recipe.finish is not None and recipe.mechanism is Mechanism.PREFERENCE:
        pairs = piece.ranked(model)
        data += tuple(one for pair in pairs for one in pair)
        loss = prefer(model, copy.deepcopy(model), piece.tokenizer, pairs, recipe.finish, recipe.seed)
    elif recipe.finish is not None:
        last = finishing_conversations(recipe, bench.world)
        data += last
        loss = learning.train(model, learning.rows_of(piece.tokenizer, last), recipe.finish, recipe.seed + 1)
    folder = bench.models / recipe.name
    learning.save_model(model, piece.tokenizer, folder)
    if heads is not None:
        save_heads(heads, folder)
    return Product(data_digest(data), sum(one.numel() for one in model.parameters()), loss)


def serve(recipe: Recipe, bench: Bench) -> None:
    """Write the log of what the teachers of ``recipe`` served for it; its teachers have been made."""
    piece = Workpiece(recipe, bench)
    conversations_of(recipe, bench.world, piece.ask)
    piece.keep_log()


def _objective(piece: Workpiece, heads: ExtraHeads | None) -> learning.Objective:
    if heads is not None:
        inner = extra_heads(heads)
        return lambda both, ids, labels: inner(both["trunk"], ids, labels)
    shown = _SHOWN.get(piece.recipe.mechanism)
    return learning.imitation if shown is None else shown(piece.teacher)


def _together(model: Any, heads: ExtraHeads | None) -> Any:
    """Trunk and heads as one module, so that one optimiser trains both."""
    if heads is None:
        return model
    from torch import nn

    return nn.ModuleDict({"trunk": model, "heads": heads})


def _take_every_other_layer(model: Any, teacher: Any) -> None:
    """Begin as the teacher with every second block left out, the first one kept."""
    import torch

    own, theirs = model.get_decoder(), teacher.get_decoder()
    blocks = list(theirs.layers)[:: -(-len(theirs.layers) // len(own.layers))]
    with torch.no_grad():
        own.embed_tokens.load_state_dict(theirs.embed_tokens.state_dict())
        own.norm.load_state_dict(theirs.norm.state_dict())
        for block, source in zip(own.layers, blocks, strict=True):
            block.load_state_dict(source.state_dict())
