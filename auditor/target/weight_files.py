"""Which files hold a model's weights, whether they may be opened, and whether their headers hold water."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from auditor.error import MalformedTargetError, TargetNotFoundError, UnsafeTargetError

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
#: Pickles that lie beside weights without being any: states of an optimiser, arguments of a training run.
_NOT_WEIGHTS = ("training_args", "optimizer", "scheduler", "scaler", "rng_state")
#: Longest header of a safetensors file, in bytes, as its reference reader has it.
_LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class WeightFiles:
    """The files that hold the weights.

    Attributes:
        paths: The files, sorted by name.
        pickled: Whether loading them unpickles.
        parameters: Number of weights, 0 where only unpickling would tell.
        size_bytes: Size of all files.
    """

    paths: tuple[Path, ...]
    pickled: bool
    parameters: int
    size_bytes: int


def find_weights(folder: Path, *, allow_pickle: bool, stem: str = "model") -> WeightFiles:
    """The weights in ``folder``: safetensors, or pickles where there is nothing else and they are allowed.

    Args:
        folder: A model's folder.
        allow_pickle: Whether pickles may be used.
        stem: ``model``, or ``adapter_model`` for an adapter.

    Raises:
        TargetNotFoundError: If there are no weights.
        UnsafeTargetError: If there are only pickles and they are not allowed.
        MalformedTargetError: If a shard is missing or a safetensors header is broken.
    """
    paths = _safetensors(folder, stem)
    if paths:
        parameters = sum(check_safetensors(path) for path in paths)
        return WeightFiles(paths, False, parameters, _size(paths))
    pickles = _pickles(folder)
    if not pickles:
        raise TargetNotFoundError(
            "the folder holds no weights",
            where=str(folder),
            fix=f"give a folder with {stem}.safetensors, or a .gguf file",
        )
    if not allow_pickle:
        raise UnsafeTargetError(
            f"the weights exist only as a pickle ({pickles[0].name}), which can run code when opened",
            where=str(folder),
            fix="convert them to safetensors, or pass --allow-pickle if you trust their author",
        )
    return WeightFiles(pickles, True, 0, _size(pickles))


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _safetensors(folder: Path, stem: str) -> tuple[Path, ...]:
    single = folder / f"{stem}.safetensors"
    if single.is_file():
        return (single,)
    index = folder / f"{stem}.safetensors.index.json"
    return _shards(index) if index.is_file() else ()


def _pickles(folder: Path) -> tuple[Path, ...]:
    index = folder / "pytorch_model.bin.index.json"
    if index.is_file():
        return _shards(index)
    found = {path for pattern in _PICKLES for path in folder.glob(pattern)}
    return tuple(sorted(path for path in found if not path.name.startswith(_NOT_WEIGHTS)))


def _shards(index: Path) -> tuple[Path, ...]:
    names = sorted(set(read_json(index).get("weight_map", {}).values()))
    paths = tuple(index.parent / str(name) for name in names)
    lost = next((path for path in paths if path.parent != index.parent or not path.is_file()), None)
    if lost is not None or not paths:
        raise MalformedTargetError(
            f"the weight index names {lost.name if lost else 'no file'}, which is not there",
            where=str(index),
            fix="fetch the model again, with all its shards",
        )
    return paths


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in ``path``.

    Raises:
        MalformedTargetError: If it is none.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise MalformedTargetError(
            f"{path.name} is not readable JSON: {error}", where=str(path), fix="fetch the file again"
        ) from error
    if not isinstance(value, dict):
        raise MalformedTargetError(f"{path.name} is not a JSON object", where=str(path))
    return value


def read_json_list(path: Path) -> list[dict[str, Any]]:
    """The list of JSON objects in ``path``.

    Raises:
        MalformedTargetError: If it is none.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise MalformedTargetError(
            f"{path.name} is not readable JSON: {error}", where=str(path), fix="fetch the file again"
        ) from error
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise MalformedTargetError(f"{path.name} is no list of JSON objects", where=str(path))
    return value


def check_safetensors(path: Path) -> int:
    """Number of weights in a safetensors file, after its header was held against its length.

    Raises:
        MalformedTargetError: If the header is broken or does not cover the file exactly.

    Source: safetensors format, version 0.4 (header length, JSON header, contiguous buffer).
    """
    try:
        return _parse_header(path)
    except (ValueError, KeyError, TypeError, struct.error, OSError) as error:
        raise MalformedTargetError(
            f"{path.name} is no sound safetensors file: {error}",
            where=str(path),
            fix="fetch the file again",
        ) from error


def _parse_header(path: Path) -> int:
    size = path.stat().st_size
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > min(size - 8, _LONGEST_HEADER):
            raise ValueError("its header is longer than the file")
        header = json.loads(stream.read(length))
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    parameters = 0
    spans: list[tuple[int, int]] = []
    for name, tensor in header.items():
        if name != "__metadata__":
            begin, end = tensor["data_offsets"]
            spans.append((int(begin), int(end)))
            parameters += prod(tensor["shape"])
    at = 0
    for begin, end in sorted(spans):
        if begin != at or end < begin:
            raise ValueError("its tensors overlap or leave gaps")
        at = end
    if at != size - 8 - length:
        raise ValueError(f"its tensors end at byte {at} of {size - 8 - length}")
    if not spans:
        raise ValueError("it holds no tensor")
    return parameters
