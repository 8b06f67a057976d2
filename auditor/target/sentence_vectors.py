"""Sentence embedders: a vector for each text, pooled as ``modules.json`` says.

A model without ``modules.json`` is pooled by the mean over its tokens. Prompts that a model declares as its
default are put before every text, and texts are cut to the length that it declares, as the library that
wrote the files does.

Source: Reimers and Gurevych 2019; the file formats of sentence-transformers 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.digest import well_formed
from auditor.error import MalformedTargetError
from auditor.record.observation import Answer, Embedding, PackedArray, Unanswered
from auditor.record.request import Embed, Request
from auditor.target.encoder import Encoder
from auditor.target.protocol import Batch
from auditor.target.weight_files import read_json, read_json_list

if TYPE_CHECKING:
    from torch import Tensor

#: Ways of pooling by their names in a file, in the order in which several are put side by side.
_MODES = (
    ("pooling_mode_cls_token", "cls"),
    ("pooling_mode_max_tokens", "max"),
    ("pooling_mode_mean_tokens", "mean"),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
    ("pooling_mode_weightedmean_tokens", "weightedmean"),
    ("pooling_mode_lasttoken", "lasttoken"),
)
_ACTIVATIONS = {"Identity": "Identity", "Tanh": "Tanh", "ReLU": "ReLU", "GELU": "GELU", "Sigmoid": "Sigmoid"}
_Step = Callable[["Tensor"], "Tensor"]


class SentenceEmbedder:
    """Answers ``Embed`` with an embedder.

    Args:
        encoder: The model.
        folder: Its files.

    Raises:
        MalformedTargetError: If the folder declares a step that is unknown here.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._modes, self._steps = _chain(folder)
        settings = folder / "sentence_bert_config.json"
        declared = read_json(settings) if settings.is_file() else {}
        self._longest = declared.get("max_seq_length") or None
        self._lower = bool(declared.get("do_lower_case"))
        self._prompt = _prompt(folder / "config_sentence_transformers.json")

    def answer(self, requests: Sequence[tuple[int, Request]]) -> Iterator[Batch]:
        """Answer numbered requests, those that were computed together at once.

        Raises:
            TargetError: If a single request does not fit into memory.
        """
        refused: list[tuple[int, Answer]] = []
        rows: list[tuple[int, tuple[int, ...]]] = []
        for number, request in requests:
            if not isinstance(request, Embed):
                refused.append((number, Unanswered(reason="an embedder turns texts into vectors only")))
            elif self._encoder.missing:
                refused.append((number, Unanswered(reason=self._encoder.missing)))
            else:
                rows.append((number, self._ids(request.text)))
        if refused:
            yield refused
        width = int(self._encoder.model.config.get_text_config().hidden_size)
        for results in self._encoder.run(rows, lambda row: row[1], self._read, outputs=width):
            yield [(number, answer) for (number, _), answer in results]

    def _ids(self, text: str) -> tuple[int, ...]:
        whole = self._prompt + well_formed(text)
        return self._encoder.ids(whole.lower() if self._lower else whole, longest=self._longest)

    def _read(self, batch: Sequence[Any], output: Any, mask: Tensor) -> list[Answer]:  # noqa: ARG002
        import torch

        states = output.last_hidden_state.float()
        vectors = torch.cat([pooled(states, mask, mode) for mode in self._modes], dim=-1)
        for step in self._steps:
            vectors = step(vectors)
        return [Embedding(vector=PackedArray.pack("embedding", row)) for row in vectors.cpu().numpy()]


def pooled(states: Tensor, mask: Tensor, mode: str) -> Tensor:
    """One vector per row, [rows, width].

    Args:
        states: Hidden states, [rows, longest, width].
        mask: 1 for tokens and 0 for padding, which is on the right, [rows, longest].
        mode: ``cls``, ``max``, ``mean``, ``mean_sqrt_len_tokens``, ``weightedmean`` or ``lasttoken``.
    """
    import torch

    kept = mask[:, :, None].to(states.dtype)
    if mode == "cls":
        return states[:, 0]
    if mode == "lasttoken":
        return states[torch.arange(len(states), device=states.device), mask.sum(1) - 1]
    if mode == "max":
        return states.masked_fill(kept == 0, float("-inf")).amax(1)
    if mode == "weightedmean":
        kept = kept * torch.arange(1, states.shape[1] + 1, device=states.device)[None, :, None]
    total = kept.sum(1).clamp(min=1e-9)
    return (states * kept).sum(1) / (total.sqrt() if mode == "mean_sqrt_len_tokens" else total)


def _chain(folder: Path) -> tuple[tuple[str, ...], tuple[_Step, ...]]:
    """Ways of pooling, and what is done to the pooled vectors."""
    path = folder / "modules.json"
    if not path.is_file():
        return ("mean",), ()
    modes: tuple[str, ...] = ()
    steps: list[_Step] = []
    for module in read_json_list(path):
        name, own = str(module.get("type", "")).rsplit(".", 1)[-1], folder / str(module.get("path", ""))
        if name == "Transformer":
            continue
        if name == "Pooling":
            modes = _pooling(own / "config.json")
        elif name == "Normalize":
            steps.append(_normalised)
        elif name == "Dense":
            steps.append(_dense(own))
        else:
            raise MalformedTargetError(
                f"the embedder has a step '{name}' that is unknown here",
                where=str(path),
                fix="record its vectors with the library that it was made with",
            )
    return modes or ("mean",), tuple(steps)


def _pooling(path: Path) -> tuple[str, ...]:
    settings = read_json(path)
    named = settings.get("pooling_mode")
    if named is not None:
        modes = tuple(str(one) for one in named) if isinstance(named, list) else (str(named),)
    else:
        modes = tuple(mode for key, mode in _MODES if settings.get(key))
    unknown = next((one for one in modes if one not in {mode for _, mode in _MODES}), None)
    if unknown is not None or not modes:
        raise MalformedTargetError(
            f"the pooling '{unknown}' is unknown" if unknown else "no way of pooling is named",
            where=str(path),
            fix=f"use one of: {', '.join(mode for _, mode in _MODES)}",
        )
    return modes


def _normalised(vectors: Tensor) -> Tensor:
    import torch

    return torch.nn.functional.normalize(vectors, dim=-1)


def _dense(folder: Path) -> _Step:
    import torch
    from safetensors.torch import load_file

    path = folder / "model.safetensors"
    if not path.is_file():
        raise MalformedTargetError(
            "a dense layer has no safetensors", where=str(folder), fix="convert its weights to safetensors"
        )
    weights = load_file(path)
    name = str(read_json(folder / "config.json").get("activation_function", "")).rsplit(".", 1)[-1]
    if name not in _ACTIVATIONS:
        raise MalformedTargetError(f"the activation '{name}' is unknown here", where=str(folder))
    activation = getattr(torch.nn, _ACTIVATIONS[name])()

    def step(vectors: Tensor) -> Tensor:
        matrix = weights["linear.weight"].to(vectors)
        bias = weights.get("linear.bias")
        moved: Tensor = activation(vectors @ matrix.T + (0 if bias is None else bias.to(vectors)))
        return moved

    return step


def _prompt(path: Path) -> str:
    settings = read_json(path) if path.is_file() else {}
    return str((settings.get("prompts") or {}).get(settings.get("default_prompt_name")) or "")
