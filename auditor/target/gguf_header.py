"""The header of a GGUF file: its metadata and the shapes of its tensors, read without their values.

The reader of the `gguf` package takes seconds over a tokenizer of 50 000 entries, because it makes a
NumPy view of every string. A model that is only described needs nothing but this header.

Source: GGUF specification, version 3 (ggml-org/ggml, docs/gguf.md).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from auditor.error import MalformedTargetError

_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
#: Formats of the scalar value types by their number in the specification.
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says of itself.

    Attributes:
        metadata: All key-value pairs; arrays are lists.
        parameters: Number of weights.
    """

    metadata: dict[str, Any]
    parameters: int

    @property
    def architecture(self) -> str:
        """Name of the architecture, such as ``llama``."""
        return str(self.metadata.get("general.architecture", ""))


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def scalar(self, layout: str) -> Any:
        (value,) = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return value

    def text(self) -> str:
        length = self.scalar("<Q")
        end = self.at + length
        if end > len(self.data):
            raise ValueError("a string reaches past the end of the file")
        raw = self.data[self.at : end]
        self.at = end
        return raw.decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self.array()
        if kind not in _SCALARS:
            raise ValueError(f"there is no value type {kind}")
        return self.scalar(_SCALARS[kind])

    def array(self) -> list[Any]:
        kind = self.scalar("<I")
        length = self.scalar("<Q")
        if length > len(self.data):
            raise ValueError("an array is longer than the file")
        if kind not in _SCALARS:
            return [self.value(kind) for _ in range(length)]
        layout = f"<{length}{_SCALARS[kind][1]}"
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return list(values)


def read_gguf(path: Path) -> GgufHeader:
    """Read the header of the GGUF file at ``path``.

    Raises:
        MalformedTargetError: If it is no GGUF file, is cut short, or has an unknown version.
    """
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _parse(_Reader(data))
    except (ValueError, struct.error, OverflowError, MemoryError) as error:
        raise MalformedTargetError(
            f"the GGUF file cannot be read: {error}", where=str(path), fix="fetch the file again"
        ) from error


def _parse(reader: _Reader) -> GgufHeader:
    if reader.data[:4] != _MAGIC:
        raise ValueError("it does not begin with 'GGUF'")
    reader.at = 4
    version = reader.scalar("<I")
    if version not in (2, 3):
        raise ValueError(f"version {version} is not known, only 2 and 3")
    tensors = reader.scalar("<Q")
    pairs = reader.scalar("<Q")
    metadata: dict[str, Any] = {}
    for _ in range(pairs):
        key = reader.text()
        metadata[key] = reader.value(reader.scalar("<I"))
    parameters = 0
    last_offset = 0
    for _ in range(tensors):
        reader.text()
        shape = [reader.scalar("<Q") for _ in range(reader.scalar("<I"))]
        reader.scalar("<I")
        last_offset = max(last_offset, reader.scalar("<Q"))
        parameters += prod(shape)
    alignment = int(metadata.get("general.alignment", 32)) or 32
    start = -(-reader.at // alignment) * alignment
    if not tensors or start + last_offset >= len(reader.data):
        raise ValueError("its tensors are cut off")
    return GgufHeader(metadata=metadata, parameters=parameters)
