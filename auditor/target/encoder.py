"""A model that reads whole texts: rows of tokens in batches of like length, a forward pass for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from auditor.target.batching import bucket, run_halving
from auditor.target.loading import Loaded

if TYPE_CHECKING:
    from torch import Tensor

#: Tokens per batch, padding included, and the most numbers that a batch may put out at once.
_BUDGET = {"cpu": 4096, "mps": 8192, "cuda": 32768}
_OUTPUTS = 1 << 25
#: Parameters below which one thread is faster than several.
_SMALL = 10_000_000

Item = TypeVar("Item")
Result = TypeVar("Result")


class Encoder:
    """Runs a model over tokenised texts.

    Attributes:
        model: The model, in evaluation mode.
        tokenizer: Its tokenizer.
        window: Longest row in tokens, special ones included.
        missing: Why the model must not be believed: a weight that its files lack; empty if there is none.
    """

    def __init__(self, loaded: Loaded, *, batch_size: int = 0) -> None:
        self.model = loaded.model
        self.tokenizer = loaded.tokenizer
        self.window = _window(loaded.model, loaded.tokenizer)
        self.missing = f"its files lack weights, such as {loaded.missing[0]}" if loaded.missing else ""
        self._device = loaded.device
        self._batch_size = batch_size
        self._parameters = sum(parameter.numel() for parameter in loaded.model.parameters())

    def ids(self, text: str, *, longest: int | None = None) -> tuple[int, ...]:
        """Tokens of a text with the model's special ones, cut to ``longest`` or the window."""
        most = min(longest or self.window, self.window)
        found = self.tokenizer(text, truncation=True, max_length=most, verbose=False)["input_ids"]
        return tuple(int(one) for one in found)

    def spans(self, text: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        """Tokens of a text, uncut, and where each lies in it; special ones lie nowhere, from 0 to 0.

        Raises:
            NotImplementedError: If the tokenizer does not say where its tokens lie.
        """
        found = self.tokenizer(text, return_offsets_mapping=True, verbose=False)
        spans = tuple((int(begin), int(end)) for begin, end in found["offset_mapping"])
        return tuple(int(one) for one in found["input_ids"]), spans

    def run(
        self,
        items: Sequence[Item],
        ids: Callable[[Item], Sequence[int]],
        read: Callable[[Sequence[Item], Any, Tensor], Iterable[Result]],
        *,
        outputs: int,
    ) -> Iterator[list[tuple[Item, Result]]]:
        """Results of all items, those of one forward pass together, longest rows first.

        Args:
            items: What to compute.
            ids: Tokens of an item.
            read: From the items of a batch, the model's output and the attention mask [items, longest] to a
                result for each item.
            outputs: Numbers that the model puts out per token.

        Raises:
            TargetError: If a single item does not fit into memory.
        """
        kind = self._device.partition(":")[0]
        batches = bucket(
            items,
            length=lambda item: len(ids(item)),
            rows=lambda _: 1,
            budget=min(_BUDGET[kind], max(_OUTPUTS // outputs, 1)),
            most_rows=self._batch_size,
        )

        def answered(batch: list[Item]) -> Iterator[tuple[Item, Result]]:
            with self._computing():
                found = list(read(batch, *self._forward([ids(item) for item in batch])))
            yield from zip(batch, found, strict=True)

        yield from run_halving(batches, answered)

    def _forward(self, rows: Sequence[Sequence[int]]) -> tuple[Any, Tensor]:
        import torch

        longest = max(len(row) for row in rows)
        pad = self.tokenizer.pad_token_id
        pad = 0 if pad is None else int(pad)
        tokens = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
        mask = torch.tensor([[*[1] * len(row), *[0] * (longest - len(row))] for row in rows])
        mask = mask.to(self._device)
        return self.model(input_ids=tokens.to(self._device), attention_mask=mask, return_dict=True), mask

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Inference mode, and a single thread where handing work to others costs more than it saves."""
        import torch

        threads = torch.get_num_threads()
        if self._device == "cpu" and self._parameters < _SMALL:
            torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                yield
        finally:
            torch.set_num_threads(threads)


def _window(model: Any, tokenizer: Any) -> int:
    """Longest row: what the positions hold, what the tokenizer states, whichever is less."""
    held = getattr(model.config, "max_position_embeddings", None) or 1 << 30
    for name, module in model.named_modules():
        # RoBERTa and its kin count positions from behind the padding's own.
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            held -= int(module.padding_idx) + 1
            break
    return min(int(held), int(tokenizer.model_max_length))
