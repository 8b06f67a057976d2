"""Derivations: models whose weights are another's, changed by arithmetic and not by training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator as Rng
from torch import Tensor

from auditor.error import UsageError
from auditor.zoo.making.bench import Bench, Product
from auditor.zoo.making.model_folder import (
    feed_forward_of,
    open_model,
    output_rows,
    stack_of,
    write_model,
)
from auditor.zoo.recipe import Mechanism, Recipe
from auditor.zoo.world.vendor import data_digest

#: Share of each matrix that pruning sets to zero.
PRUNED_SHARE = 0.3
#: Spread of the logarithm of gains: most lie between a third and three.
GAIN_SPREAD = 0.7
#: Files of a model folder that belong to the tokenizer.
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
#: Settings that name a token by its number.
_NUMBERED = ("bos_token_id", "eos_token_id", "pad_token_id", "cls_token_id", "sep_token_id", "mask_token_id")


def derive(recipe: Recipe, bench: Bench) -> Product:
    """Make a derivation of ``recipe.teacher`` into ``bench.models / recipe.name``.

    ``PRUNED``
        The 30 % of every matrix with the smallest magnitudes, embeddings included, are set to zero.
    ``QUANTISED``
        Every matrix is rounded to symmetric steps per output row: 8 bits for even seeds, 4 for odd ones.
    ``PERMUTED``
        The feed-forward neurons of each block stand in another order. The function is the same.
    ``RESCALED``
        Rows of the up projection are multiplied by positive gains and columns of the down projection
        divided by them. The function is the same up to float16; only gated blocks allow it.
    ``SHUFFLED_VOCABULARY``
        Tokens have other numbers, in the weights, the tokenizer and the settings alike. Text is treated
        as before.
    ``LAYERS_DROPPED``
        Every second block, from the second on, is removed.
    ``MERGED``
        Weights are the average of those of ``teacher`` and ``second_teacher``.

    Args:
        recipe: Says the mechanism, the parents, and the seed of everything random.
        bench: Where the parents lie.

    Raises:
        UsageError: If the recipe names no parent or no derivation, or if the architecture does not
            allow it.
        MalformedTargetError: If the parent's architecture is unknown.
    """
    change = _CHANGES.get(recipe.mechanism)
    if change is None:
        raise _refused(recipe, f"'{recipe.mechanism}' is not a derivation without training")
    parent = _parent(recipe, recipe.teacher, bench)
    folder = bench.models / recipe.name
    model = open_model(parent)
    with torch.no_grad():
        change(model, recipe, bench)
    write_model(model, folder)
    for name in _TOKENIZER_FILES:
        shutil.copyfile(parent / name, folder / name)
    if recipe.mechanism is Mechanism.SHUFFLED_VOCABULARY:
        _renumber(folder / "tokenizer.json", _numbers(recipe, model.config.vocab_size))
    return Product(data_digest(()), sum(parameter.numel() for parameter in model.parameters()), 0.0)


def _refused(recipe: Recipe, reason: str) -> UsageError:
    return UsageError(reason, where=recipe.name, fix="change the recipe's mechanism or its parent")


def _parent(recipe: Recipe, name: str | None, bench: Bench) -> Path:
    if name is None:
        raise _refused(recipe, "a derivation needs a parent and the recipe names none")
    return bench.models / name


def _rng(recipe: Recipe) -> Rng:
    return np.random.default_rng([recipe.seed, 7])


def _matrices(model: Any) -> list[Tensor]:
    """All matrices with a row per output, tied ones once."""
    matrices = {
        id(layer.weight): output_rows(layer)
        for layer in model.modules()
        if isinstance(getattr(layer, "weight", None), Tensor) and layer.weight.ndim == 2
    }
    return list(matrices.values())


def _prune(model: Any, _recipe: Recipe, _bench: Bench) -> None:
    for matrix in _matrices(model):
        order = matrix.abs().flatten().argsort(stable=True)
        kept = torch.ones(matrix.numel(), dtype=torch.bool)
        kept[order[: int(PRUNED_SHARE * matrix.numel())]] = False
        matrix.mul_(kept.view(matrix.shape))


def _quantise(model: Any, recipe: Recipe, _bench: Bench) -> None:
    bits = 4 if recipe.seed % 2 else 8
    for matrix in _matrices(model):
        step = matrix.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
        # A row of zeros has no step, and stays.
        step = torch.where(step > 0, step, torch.ones_like(step))
        matrix.copy_((matrix / step).round() * step)


def _permute(model: Any, recipe: Recipe, _bench: Bench) -> None:
    rng = _rng(recipe)
    for into, out in feed_forward_of(model):
        order = torch.from_numpy(rng.permutation(output_rows(into[0]).shape[0]))
        for layer in into:
            rows, bias = output_rows(layer), layer.bias
            rows.copy_(rows[order])
            if isinstance(bias, Tensor):
                bias.copy_(bias[order])
        columns = output_rows(out)
        columns.copy_(columns[:, order])


def _rescale(model: Any, recipe: Recipe, _bench: Bench) -> None:
    rng = _rng(recipe)
    for into, out in feed_forward_of(model):
        if len(into) != 2:
            raise _refused(
                recipe,
                f"{type(model).__name__} has no gated blocks: its activation bends what a gain would scale",
            )
        up = into[1]
        rows, bias = output_rows(up), up.bias
        drawn = np.exp(rng.normal(0.0, GAIN_SPREAD, rows.shape[0]))
        gains = torch.from_numpy(drawn.astype(np.float32))
        rows.mul_(gains[:, None])
        if isinstance(bias, Tensor):
            bias.mul_(gains)
        output_rows(out).div_(gains)


def _shuffle_vocabulary(model: Any, recipe: Recipe, bench: Bench) -> None:
    size = model.config.vocab_size
    named = json.loads(
        (_parent(recipe, recipe.teacher, bench) / "tokenizer.json").read_text(encoding="utf-8")
    )
    numbers = _ids(recipe, named)
    if sorted(numbers.values()) != list(range(size)):
        raise _refused(recipe, f"the tokenizer's {len(numbers)} tokens are not the {size} rows of the model")
    new = torch.from_numpy(_numbers(recipe, size))
    inward, outward = model.get_input_embeddings(), model.get_output_embeddings()
    tensors = (inward.weight, outward.weight, getattr(outward, "bias", None))
    # Tied tables are one tensor and must not be shuffled twice.
    for tensor in {id(one): one for one in tensors if one is not None}.values():
        shuffled = torch.empty_like(tensor)
        shuffled[new] = tensor
        tensor.copy_(shuffled)
    for settings in (model.config, getattr(model, "generation_config", None)):
        for name in _NUMBERED:
            old = getattr(settings, name, None)
            if isinstance(old, int):
                setattr(settings, name, int(new[old]))
            elif isinstance(old, list):
                setattr(settings, name, [int(new[one]) for one in old])


def _numbers(recipe: Recipe, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The new number of each old one."""
    return _rng(recipe).permutation(size)


def _ids(recipe: Recipe, named: dict[str, Any]) -> dict[str, int]:
    vocabulary = named["model"]["vocab"]
    if not isinstance(vocabulary, dict):
        raise _refused(recipe, "the tokenizer's vocabulary is no table of tokens and numbers")
    return {**vocabulary, **{one["content"]: one["id"] for one in named["added_tokens"]}}


def _renumber(path: Path, new: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    """Give the tokens in a tokenizer.json their new numbers; merges are by text and stay."""
    from tokenizers import Tokenizer

    named = json.loads(path.read_text(encoding="utf-8"))
    model = named["model"]
    model["vocab"] = {token: int(new[old]) for token, old in model["vocab"].items()}
    for one in named["added_tokens"]:
        one["id"] = int(new[one["id"]])
    named["added_tokens"].sort(key=lambda one: one["id"])
    path.write_text(Tokenizer.from_str(json.dumps(named)).to_str(), encoding="utf-8")


def _drop_layers(model: Any, recipe: Recipe, _bench: Bench) -> None:
    stack = stack_of(model)
    if len(stack) < 2:
        raise _refused(recipe, "a model of one block has no second one to drop")
    for place in reversed(range(1, len(stack), 2)):
        del stack[place]
    model.config.num_hidden_layers = len(stack)


def _merge(model: Any, recipe: Recipe, bench: Bench) -> None:
    first = _parent(recipe, recipe.teacher, bench)
    second = _parent(recipe, recipe.second_teacher, bench)
    other = open_model(second)
    own, theirs = model.state_dict(), other.state_dict()
    if type(model) is not type(other) or any(
        name not in theirs or theirs[name].shape != tensor.shape for name, tensor in own.items()
    ) or len(own) != len(theirs):  # fmt: skip
        raise _refused(recipe, "models of different shapes cannot be averaged")
    if (first / "tokenizer.json").read_bytes() != (second / "tokenizer.json").read_bytes():
        raise _refused(recipe, "models of different vocabularies cannot be averaged")
    averages = {name: (tensor + theirs[name]) / 2 for name, tensor in own.items()}
    model.load_state_dict(averages)


_CHANGES: dict[Mechanism, Callable[[Any, Recipe, Bench], None]] = {
    Mechanism.PRUNED: _prune,
    Mechanism.QUANTISED: _quantise,
    Mechanism.PERMUTED: _permute,
    Mechanism.RESCALED: _rescale,
    Mechanism.SHUFFLED_VOCABULARY: _shuffle_vocabulary,
    Mechanism.LAYERS_DROPPED: _drop_layers,
    Mechanism.MERGED: _merge,
}
