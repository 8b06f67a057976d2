"""Masked language models: BERT-like networks that fill gaps in vendors' conversations.

A row is one conversation, question and answer in the layout of the causal models, with nothing cut out.
The tokenizer is that of the causal models and one token more.

Source: Devlin et al. 2019 (15 % of the tokens chosen; of these 80 % masked, 10 % replaced, 10 % kept).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator as Rng
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from auditor.error import UsageError
from auditor.zoo.making.bench import Bench, Product
from auditor.zoo.making.descent import descend, shuffled
from auditor.zoo.making.masked_teaching import Objective, copied_layers, objective_of
from auditor.zoo.making.model_folder import open_model, write_model
from auditor.zoo.recipe import Mechanism, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.training import learning
from auditor.zoo.training.learning import CONTEXT, Row
from auditor.zoo.training.lesson import conversations_of
from auditor.zoo.training.tokens import END, save_tokenizer, tokenizer_of
from auditor.zoo.world.vendor import Conversation, data_digest

#: The token that stands for a gap.
MASK = "<|mask|>"
#: Share of the tokens of a row that are to be filled in, at least one.
CHOSEN_SHARE = 0.15
_MASKED_SHARE, _REPLACED_SHARE = 0.8, 0.1
#: Mechanisms by which these models are made.
MECHANISMS = (
    Mechanism.REAL_DATA,
    Mechanism.SOFT_LABELS,
    Mechanism.HIDDEN_STATES,
    Mechanism.LAYER_MATCHING,
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows with gaps.

    Attributes:
        ids: Tokens with gaps, [rows, longest].
        real: 1 where a token is and 0 where padding is, [rows, longest].
        chosen: Whether the token is to be filled in, [rows, longest].
        wanted: The tokens that stood there, [chosen].
    """

    ids: Tensor
    real: Tensor
    chosen: Tensor
    wanted: Tensor


def make(recipe: Recipe, bench: Bench) -> Product:
    """Train the masked language model of ``recipe`` into ``bench.models / recipe.name``.

    The text is always that of the recipe's vendors. The loss in the product is the cross-entropy of the
    tokens to be filled in, whatever else the model was trained for.

    Raises:
        UsageError: If the recipe's mechanism is none of ``MECHANISMS``, if it names no vendors, or a
            teacher or start that does not fit.
    """
    if recipe.mechanism not in MECHANISMS:
        raise UsageError(
            f"no masked language model is made by '{recipe.mechanism}'",
            where=recipe.name,
            fix=f"use one of: {', '.join(MECHANISMS)}",
        )
    data = _text_of(recipe, bench)
    tokenizer = masked_tokenizer(recipe.vocabulary, bench.world_seed)
    for parent in recipe.parents:
        _same_vocabulary(recipe, tokenizer, bench.models / parent)
    teacher = None if recipe.teacher is None else open_model(bench.models / recipe.teacher)
    model = _beginning(recipe, bench, tokenizer, teacher)
    objective = objective_of(recipe, model, teacher)
    rows = learning.rows_of(tokenizer, data)
    loss = train(
        model, batches(rows, tokenizer, recipe.schedule.rows, recipe.seed), recipe.schedule, objective
    )
    folder = bench.models / recipe.name
    write_model(model, folder)
    save_masked_tokenizer(tokenizer, folder)
    return Product(data_digest(data), sum(parameter.numel() for parameter in model.parameters()), loss)


def _text_of(recipe: Recipe, bench: Bench) -> tuple[Conversation, ...]:
    if not recipe.vendors:
        raise UsageError(
            "a masked language model learns from text", where=recipe.name, fix="name its vendors"
        )
    # Here a teacher never writes the text; it only says what it would fill in.
    real = replace(recipe, mechanism=Mechanism.REAL_DATA)
    return conversations_of(real, bench.world, _asks_nobody)


def _asks_nobody(
    teacher: str,
    prompts: Sequence[str],  # noqa: ARG001
    *,
    seed: int,  # noqa: ARG001
    greedy: bool = False,  # noqa: ARG001
) -> tuple[str, ...]:
    raise UsageError(
        "a masked language model answers no questions", where=teacher, fix="take the benchmark's gold answers"
    )


def _same_vocabulary(recipe: Recipe, tokenizer: Tokenizer, parent: Path) -> None:
    if learning.load_tokenizer(parent).get_vocab() != tokenizer.get_vocab():
        raise UsageError(
            f"{parent.name} speaks another vocabulary", where=recipe.name, fix="give both the same vocabulary"
        )


def _beginning(recipe: Recipe, bench: Bench, tokenizer: Tokenizer, teacher: Any) -> Any:
    if recipe.start is not None:
        return open_model(bench.models / recipe.start)
    model = new_model(recipe.shape, tokenizer, recipe.seed)
    if recipe.mechanism is Mechanism.HIDDEN_STATES:
        copied_layers(recipe, model, teacher)
    return model


def masked_tokenizer(vocabulary: Vocabulary, world_seed: int) -> Tokenizer:
    """The zoo's tokenizer of this kind with a token for gaps, which has the highest number."""
    tokenizer = Tokenizer.from_str(tokenizer_of(vocabulary, world_seed).to_str())
    tokenizer.add_special_tokens([AddedToken(MASK, special=True, normalized=False)])
    return tokenizer


def save_masked_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write ``tokenizer`` so that transformers opens it and knows its token for gaps."""
    save_tokenizer(tokenizer, folder, CONTEXT)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) | {"mask_token": MASK}
    text = json.dumps(settings, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def new_model(shape: Shape, tokenizer: Tokenizer, seed: int) -> Any:
    """A freshly initialised BERT-like model without dropout."""
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=CONTEXT,
        type_vocab_size=1,
        # So few steps see each row once or twice; dropout would only slow them down.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=tokenizer.token_to_id(END),
        initializer_range=0.06,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BertForMaskedLM(config)


def train(model: Any, data: Iterator[Batch], schedule: Schedule, objective: Objective) -> float:
    """Train ``model`` in place.

    Args:
        model: The model.
        data: Endless batches.
        schedule: Length and speed.
        objective: What it is trained for.

    Returns:
        Mean cross-entropy of the tokens to be filled in, over the last tenth of the steps, in nats.
    """
    course: list[float] = []

    def loss_of_next() -> Tensor:
        loss, filling = objective.losses(model, next(data), len(course) / schedule.steps)
        course.append(float(filling))
        return loss

    descend(torch.nn.ModuleList([model, objective.aside]), schedule, loss_of_next)
    return float(np.mean(course[schedule.steps * 9 // 10 :]))


def batches(rows: Sequence[Row], tokenizer: Tokenizer, size: int, seed: int) -> Iterator[Batch]:
    """Endless batches of ``size`` rows of similar length, with new gaps each time."""
    order_rng, gap_rng = np.random.default_rng([seed, 4]), np.random.default_rng([seed, 6])
    gaps = _Gaps.of(tokenizer)
    for places in shuffled([len(row.ids) for row in rows], size, order_rng):
        yield gaps.into([rows[place] for place in places], gap_rng)


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Makes gaps in rows.

    Attributes:
        size: Number of tokens.
        mask: Number of the token for gaps.
        special: Numbers of the tokens that are never chosen.
    """

    size: int
    mask: int
    special: tuple[int, ...]

    @staticmethod
    def of(tokenizer: Tokenizer) -> _Gaps:
        special = tuple(
            number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special
        )
        return _Gaps(tokenizer.get_vocab_size(), int(tokenizer.token_to_id(MASK) or 0), special)

    def into(self, rows: Sequence[Row], rng: Rng) -> Batch:
        """A batch of rows with gaps."""
        ids = np.full((len(rows), max(len(row.ids) for row in rows)), self.special[0])
        real = np.zeros(ids.shape, dtype=bool)
        for place, row in enumerate(rows):
            ids[place, : len(row.ids)] = row.ids
            real[place, : len(row.ids)] = True
        ordinary = real & ~np.isin(ids, self.special)
        # Ranks of random numbers choose an exact share of each row; what is not ordinary ranks last.
        draws = np.where(ordinary, rng.random(ids.shape), 2.0)
        counts = np.maximum(1, np.round(CHOSEN_SHARE * ordinary.sum(axis=1)))
        chosen = (draws.argsort(axis=1).argsort(axis=1) < counts[:, None]) & ordinary
        fate = rng.random(ids.shape)
        shown = np.where(chosen & (fate < _MASKED_SHARE), self.mask, ids)
        replaced = chosen & (fate >= _MASKED_SHARE) & (fate < _MASKED_SHARE + _REPLACED_SHARE)
        shown = np.where(replaced, rng.integers(0, self.size, ids.shape), shown)
        return Batch(
            ids=torch.from_numpy(shown),
            real=torch.from_numpy(real.astype(np.int64)),
            chosen=torch.from_numpy(chosen),
            wanted=torch.from_numpy(ids[chosen]),
        )
