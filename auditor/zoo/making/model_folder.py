"""Opening and writing model folders of every language architecture of the zoo, and where their parts are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from auditor.error import MalformedTargetError

#: Architecture -> path of its stack of blocks.
_STACKS = {
    "LlamaForCausalLM": "model.layers",
    "GPT2LMHeadModel": "transformer.h",
    "BertForMaskedLM": "bert.encoder.layer",
}
#: Architecture -> matrices that lead into the feed-forward neurons of a block, and the one that leads out.
_FEED_FORWARD = {
    "LlamaForCausalLM": (("mlp.gate_proj", "mlp.up_proj"), "mlp.down_proj"),
    "GPT2LMHeadModel": (("mlp.c_fc",), "mlp.c_proj"),
    "BertForMaskedLM": (("intermediate.dense",), "output.dense"),
}


def open_model(folder: Path) -> Any:
    """Open a model of the zoo in float32, whichever architecture its configuration names.

    Raises:
        MalformedTargetError: If the zoo knows no such architecture.
    """
    import transformers

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    name = next(iter(settings.get("architectures") or ()), "none")
    if name not in _STACKS:
        raise MalformedTargetError(
            f"the zoo knows no architecture '{name}'",
            where=str(folder),
            fix=f"use one of: {', '.join(_STACKS)}",
        )
    return getattr(transformers, name).from_pretrained(folder, dtype=torch.float32)


def write_model(model: Any, folder: Path) -> None:
    """Write weights as float16 safetensors and the configuration without the library's version.

    The version would give the same model another digest under the next release. The tokenizer is not
    written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.float16).save_pretrained(folder)
    for path in (folder / "config.json", folder / "generation_config.json"):
        if not path.is_file():  # a masked model generates nothing
            continue
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings.pop("transformers_version", None)
        path.write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def stack_of(model: Any) -> torch.nn.ModuleList:
    """The blocks of a model, first to last."""
    stack: torch.nn.ModuleList = model.get_submodule(_STACKS[type(model).__name__])
    return stack


def feed_forward_of(model: Any) -> tuple[tuple[tuple[torch.nn.Module, ...], torch.nn.Module], ...]:
    """For each block, the layers that lead into its feed-forward neurons and the one that leads out.

    In a gated block the layers in are the gate and the up projection, in this order.
    """
    into, out = _FEED_FORWARD[type(model).__name__]
    return tuple(
        (tuple(block.get_submodule(name) for name in into), block.get_submodule(out))
        for block in stack_of(model)
    )


def output_rows(layer: torch.nn.Module) -> torch.Tensor:
    """A view of a layer's weights with a row per output; GPT-2's Conv1D keeps them the other way round."""
    weight = layer.get_parameter("weight")
    return weight.T if type(layer).__name__ == "Conv1D" else weight
