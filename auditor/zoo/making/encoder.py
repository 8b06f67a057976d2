"""BERT-like encoders of the zoo: their configuration, how text reaches them, how they are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from auditor.zoo.recipe import Shape
from auditor.zoo.training.tokens import END, save_tokenizer

#: Longest text in tokens; longer ones are cut.
LONGEST = 64

#: A tokenised text.
Ids = tuple[int, ...]


def configuration(shape: Shape, tokenizer: Tokenizer, **settings: Any) -> Any:
    """A ``BertConfig`` of this shape; ``settings`` are added to it."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=LONGEST,
        type_vocab_size=1,
        pad_token_id=int(tokenizer.token_to_id(END) or 0),
        # Small networks on fresh data underfit; dropout would only slow them.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        # .02 is for wide models.
        initializer_range=0.06,
        **settings,
    )


def ids_of(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, ...]:
    """Tokenise texts as a saved encoder's own tokenizer does.

    Args:
        tokenizer: With or without special tokens of its own.
        texts: None of them empty.
    """
    return tuple(tuple(one.ids[:LONGEST]) for one in tokenizer.encode_batch(list(texts)))


def padded(rows: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask, both [rows, longest], padded on the right."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return ids, mask


def save_encoder(model: Any, tokenizer: Tokenizer, folder: Path) -> None:
    """Write float32 safetensors, the configuration and the tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    path = folder / "config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    # The same model has the same digest under the next version of the library.
    settings.pop("transformers_version", None)
    write_settings(path, settings)
    save_tokenizer(tokenizer, folder, LONGEST)


def write_settings(path: Path, settings: Any) -> None:
    """Write JSON in one fixed layout."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")
