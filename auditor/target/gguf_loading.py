"""A GGUF file to a transformers model without the wait for its vocabulary.

For the older architectures, Llama among them, transformers reads a GGUF file with the reader of the
`gguf` package, once for the configuration and once for the weights. That reader makes a NumPy view of
every string of the vocabulary, and transformers asks for the map of tensor names once per module; both
take longer than unpacking the weights. While a file is loaded here, a reader that takes arrays whole and
a map that is kept stand in for them.
"""

from __future__ import annotations

import contextlib
import io
import struct
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

_ARRAY, _STRING = 9, 8
_LAYOUTS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


def load_gguf(path: Path, **options: Any) -> tuple[Any, dict[str, Any]]:
    """The causal model in ``path`` with its weights unpacked, and what transformers says of the loading.

    Raises:
        ValueError: If transformers does not know the architecture.
    """
    from transformers import AutoModelForCausalLM

    try:
        from transformers.utils.quantization_config import GgufConfig
    except ImportError:
        pass  # before version 5.20, weights were always unpacked
    else:
        options["quantization_config"] = GgufConfig(dequantize=True)
    # The progress bar comes from tqdm itself and knows no switch but the stream.
    with contextlib.redirect_stderr(io.StringIO()), _quick_reading():
        model, info = AutoModelForCausalLM.from_pretrained(str(path.parent), gguf_file=path.name, **options)
    return model, info


@contextlib.contextmanager
def _quick_reading() -> Iterator[None]:
    import gguf

    reader, names = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = _reader_class(reader), cache(names)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = reader, names


@cache
def _reader_class(original: Any) -> Any:
    from gguf import GGUFValueType

    class QuickReader(original):  # type: ignore[misc] # the package is not typed
        """The package's reader, but that arrays of strings and numbers are taken whole."""

        def _get_field_parts(
            self, orig_offs: int, raw_type: int
        ) -> tuple[int, list[Any], list[int], list[Any]]:
            native = self.byte_order == "I" and sys.byteorder == "little"
            if not native or raw_type != _ARRAY:
                return super()._get_field_parts(orig_offs, raw_type)  # type: ignore[no-any-return]
            kind, length = struct.unpack_from("<IQ", self.data, orig_offs)
            if kind != _STRING and kind not in _LAYOUTS:
                return super()._get_field_parts(orig_offs, raw_type)  # type: ignore[no-any-return]
            start = orig_offs + 12
            size, values = (
                _strings(self.data, start, length)
                if kind == _STRING
                else _numbers(self.data, start, kind, length)
            )
            types = [GGUFValueType.ARRAY, GGUFValueType(kind)]
            return 12 + size, values, list(range(length)), types

    return QuickReader


def _strings(data: Any, start: int, length: int) -> tuple[int, list[Any]]:
    at = start
    values: list[Any] = []
    for _ in range(length):
        (size,) = struct.unpack_from("<Q", data, at)
        values.append(bytes(memoryview(data)[at + 8 : at + 8 + size]))
        at += 8 + size
    return at - start, values


def _numbers(data: Any, start: int, kind: int, length: int) -> tuple[int, list[Any]]:
    layout = f"<{length}{_LAYOUTS[kind]}"
    # The parser takes the first entry of what it is given.
    return struct.calcsize(layout), [(value,) for value in struct.unpack_from(layout, data, start)]
