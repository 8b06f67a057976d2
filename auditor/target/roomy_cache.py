"""Key-value caches: by what name a model takes one, and one that is not copied for every token.

transformers' growing layers join old and new keys anew at each step, which copies the whole cache once
per token. Here each layer has room for some tokens more than it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache as once
from inspect import signature
from typing import Any

#: Tokens of room that a layer gets when it is full.
_ROOM = 64


def cache_argument(forward: Callable[..., Any]) -> str:
    """The name under which a model's forward pass takes its cache, and its output gives it back.

    transformers 5.24 renamed it; models with code of their own go on with the older name.
    """
    return "cache" if "cache" in signature(forward).parameters else "past_key_values"


def make_roomy(cache: Any) -> Any:
    """Give every plain layer of ``cache`` room; layers of other kinds, such as windows, stay as they are."""
    from transformers.cache_utils import DynamicLayer

    for at, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer and layer.is_initialized:
            cache.layers[at] = _roomy_layer()(layer)
    return cache


@once
def _roomy_layer() -> Any:
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[misc] # transformers is not typed
        """Keys and values as views of the filled part of larger arrays."""

        _layer_type = None  # the registry of layers is not to know this one

        def __init__(self, layer: Any) -> None:
            super().__init__()
            self.lazy_initialization(layer.keys, layer.values)
            self.keys, self.values = layer.keys, layer.values
            self.key_room = self.value_room = None

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            """Append new keys and values; all of them."""
            self.key_room, self.keys = _append(self.key_room, self.keys, key_states)
            self.value_room, self.values = _append(self.value_room, self.values, value_states)
            return self.keys, self.values

    return RoomyLayer


def _append(room: Any, held: Any, new: Any) -> tuple[Any, Any]:
    rows, heads, filled, width = held.shape
    total = filled + new.shape[-2]
    # Picking rows makes new tensors, which then lie outside the room.
    if room is None or held.data_ptr() != room.data_ptr() or total > room.shape[-2]:
        room = new.new_empty(rows, heads, total + _ROOM, width)
        room[:, :, :filled] = held
    room[:, :, filled:total] = new
    return room, room[:, :, :total]
