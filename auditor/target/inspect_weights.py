"""Summaries of weights that are small, comparable between models, and kept in the ledger.

``mlp-layout``
    ``layers`` [1], ``hidden`` [1], ``intermediate`` [layers], all int64.
``mlp-sketch`` (``layer``, ``size`` = k, ``seed``)
    ``first`` and ``second`` [kept, k] float16: random projections of the rows that two different matrices
    hold for each hidden neuron of the block, mean-centred and of norm 1, so that dot products of sketches
    estimate cosines. Gated blocks: rows of the gate and of the up projection. Others: the neuron's input
    weights and its output weights. ``norms`` [kept] float32: norm of a neuron's input row (the up
    projection where the block is gated) times that of its output row. ``kept`` [kept] int64: the neurons
    shown, ascending; all, or the 4096 with the largest norms.
``residual-sketch`` (``size`` = k, ``seed``)
    ``columns`` [hidden, k] float16: columns of the input embedding, mean-centred and of norm 1, projected
    on k random signs per token. Signs are drawn by the token's text, so that vocabularies may be shuffled.

Source: Achlioptas 2003, database-friendly random projections (projections keep cosines).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float16, Float32

from auditor.array import NDArray
from auditor.record.observation import Answer, Arrays, PackedArray, Unanswered
from auditor.record.request import Inspect
from auditor.target.loading import Loaded

#: Most neurons per block in a sketch.
MOST_NEURONS = 4096
#: Names of the input, gate and output matrices of a block's MLP, gated ones first.
_GATED = (("gate_proj", "up_proj", "down_proj"), ("w1", "w3", "w2"), ("gate", "up", "down"))
_FUSED = (("gate_up_proj", "down_proj"),)
_PLAIN = (
    ("c_fc", "c_proj"),
    ("fc1", "fc2"),
    ("fc_in", "fc_out"),
    ("dense_h_to_4h", "dense_4h_to_h"),
    ("up_proj", "down_proj"),
    ("w1", "w2"),
    ("wi", "wo"),
    ("intermediate.dense", "output.dense"),
)


@dataclass(frozen=True)
class Mlp:
    """The matrices of one block's MLP, a row per hidden neuron and a column per residual dimension.

    Attributes:
        first: Rows of the gate, or the input weights where there is none.
        second: Rows of the up projection, or the output weights where there is no gate.
        inward: Input weights that count for the norm.
        outward: Output weights.
    """

    first: Float32[np.ndarray, "intermediate hidden"]
    second: Float32[np.ndarray, "intermediate hidden"]
    inward: Float32[np.ndarray, "intermediate hidden"]
    outward: Float32[np.ndarray, "intermediate hidden"]


def inspect(loaded: Loaded, request: Inspect) -> Answer:
    """The summary that ``request`` names, or why this model has none."""
    if request.quantity == "residual-sketch":
        return _residual_sketch(loaded, request)
    if request.quantity not in ("mlp-layout", "mlp-sketch"):
        return Unanswered(reason=f"there is no summary of weights called '{request.quantity}'")
    blocks = _blocks(loaded.model)
    if not blocks:
        return Unanswered(
            reason=f"no MLP blocks were recognised in the architecture {type(loaded.model).__name__}"
        )
    if request.quantity == "mlp-layout":
        return _layout(blocks)
    if request.layer is None or not 0 <= request.layer < len(blocks):
        return Unanswered(reason=f"there is no block {request.layer}; the model has {len(blocks)}")
    return _mlp_sketch(_read(blocks[request.layer]), request)


def _layout(blocks: list[Any]) -> Arrays:
    shapes = [_shape(block) for block in blocks]
    return _pack(
        layers=np.array([len(blocks)], dtype=np.int64),
        hidden=np.array([shapes[0][1]], dtype=np.int64),
        intermediate=np.array([shape[0] for shape in shapes], dtype=np.int64),
    )


def _mlp_sketch(mlp: Mlp, request: Inspect) -> Answer:
    if request.size < 1:
        return Unanswered(reason="a sketch needs at least one projection")
    norms = np.linalg.norm(mlp.inward, axis=1) * np.linalg.norm(mlp.outward, axis=1)
    strongest = np.argsort(-norms, kind="stable")[:MOST_NEURONS]
    kept = np.sort(strongest)
    streams = np.random.default_rng(request.seed).spawn(2)
    return _pack(
        first=_sketch(mlp.first[kept], streams[0], request.size),
        second=_sketch(mlp.second[kept], streams[1], request.size),
        norms=norms[kept].astype(np.float32),
        kept=kept.astype(np.int64),
    )


def _sketch(
    rows: Float32[np.ndarray, "n hidden"], generator: np.random.Generator, size: int
) -> Float16[np.ndarray, "n size"]:
    """Project rows of norm 1 so that dot products of the results estimate their cosines."""
    projection = generator.standard_normal((rows.shape[1], size), dtype=np.float32)
    return np.asarray(_unit(rows) @ projection / np.sqrt(size), dtype=np.float16)


def _unit(rows: Float32[np.ndarray, "n width"]) -> Float32[np.ndarray, "n width"]:
    """Rows with mean 0 and norm 1; rows without spread stay 0."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(norms > 0, norms, 1), dtype=np.float32)


def _residual_sketch(loaded: Loaded, request: Inspect) -> Answer:
    if request.size < 1:
        return Unanswered(reason="a sketch needs at least one projection")
    embedding = loaded.model.get_input_embeddings()
    if embedding is None or getattr(embedding, "weight", None) is None:
        return Unanswered(reason="the model has no input embedding")
    by_text = loaded.tokenizer.get_vocab()
    # By text, so that sums run in one order however the vocabulary is numbered.
    listed = sorted((text, number) for text, number in by_text.items() if number < len(embedding.weight))
    if not listed:
        return Unanswered(reason="the tokenizer names no token of the embedding")
    table = _numpy(embedding.weight)[[number for _, number in listed]]
    signs = _signs([text for text, _ in listed], request.size, request.seed)
    return _pack(columns=_project_columns(table, signs))


def _project_columns(
    table: Float32[np.ndarray, "tokens hidden"], signs: Float32[np.ndarray, "tokens size"]
) -> Float16[np.ndarray, "hidden size"]:
    columns = _unit(np.ascontiguousarray(table.T))
    return np.asarray(columns @ signs / np.sqrt(signs.shape[1]), dtype=np.float16)


def _signs(texts: list[str], size: int, seed: int) -> Float32[np.ndarray, "tokens size"]:
    """Random signs for each token, drawn by its text and the seed alone."""
    width = -(-size // 8)
    key = f"residual-sketch:{seed}:".encode()
    raw = b"".join(
        hashlib.shake_128(key + text.encode("utf-8", "surrogatepass")).digest(width) for text in texts
    )
    bits = np.unpackbits(np.frombuffer(raw, dtype=np.uint8).reshape(len(texts), width), axis=1)[:, :size]
    return np.asarray(bits, dtype=np.float32) * 2 - 1


def _blocks(model: Any) -> list[Any]:
    """The MLP of each block, in order, where every block has one that is understood."""
    import torch

    stacks = [
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) and name.rsplit(".", 1)[-1] in _STACKS
    ]
    if not stacks:
        return []
    found = [_mlp_of(block) for block in max(stacks, key=len)]
    return found if all(one is not None for one in found) else []


_STACKS = ("layers", "h", "blocks", "block", "layer")


def _mlp_of(block: Any) -> Any:
    """The submodule of ``block`` whose own children are an MLP's matrices, or None."""
    return next((module for module in block.modules() if _names(module) is not None), None)


def _names(module: Any) -> tuple[str, ...] | None:
    for names in (*_GATED, *_FUSED, *_PLAIN):
        if all(_is_matrix(_part(module, name)) for name in names):
            return names
    return None


def _part(module: Any, dotted: str) -> Any:
    """A submodule by its dotted name, or None."""
    for name in dotted.split("."):
        module = getattr(module, name, None)
    return module


def _is_matrix(module: Any) -> bool:
    weight = getattr(module, "weight", None)
    return weight is not None and weight.ndim == 2


def _rows(module: Any) -> NDArray[np.float32]:
    """Weights as [outputs, inputs]; GPT-2's Conv1D keeps them the other way round."""
    weight = _numpy(module.weight)
    return np.ascontiguousarray(weight.T) if type(module).__name__ == "Conv1D" else weight


def _numpy(weight: Any) -> NDArray[np.float32]:
    return np.asarray(weight.detach().float().cpu().numpy(), dtype=np.float32)


def _shape(block: Any) -> tuple[int, int]:
    """Hidden neurons and residual dimensions of a block."""
    outward = _part(block, (_names(block) or ())[-1])
    first, second = outward.weight.shape
    turned = type(outward).__name__ == "Conv1D"
    return (first, second) if turned else (second, first)


def _read(block: Any) -> Mlp:
    names = _names(block) or ()
    parts = [_rows(_part(block, name)) for name in names]
    outward = np.ascontiguousarray(parts[-1].T)
    if names in _GATED:
        return Mlp(parts[0], parts[1], parts[1], outward)
    if names in _FUSED:
        gate, up = np.split(parts[0], 2)
        return Mlp(gate, up, up, outward)
    return Mlp(parts[0], outward, parts[0], outward)


def _pack(**arrays: NDArray[Any]) -> Arrays:
    return Arrays(arrays=tuple(PackedArray.pack(name, array) for name, array in arrays.items()))
