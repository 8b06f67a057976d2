"""Extra decoding heads: a teacher's own weights, with heads that guess the tokens after the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from auditor.zoo.training.learning import Objective, cross_entropy

#: Heads beyond the model's own, and how much less each further one counts.
HEADS, DECAY = 3, 0.8
FILE = "extra_heads.safetensors"


class ExtraHeads(nn.Module):
    """Heads on top of the last hidden state; head k guesses the token k + 2 places ahead.

    Each is a residual layer before the model's own unembedding.

    Source: Cai et al. 2024, section 2.1.
    """

    def __init__(self, width: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layers = [nn.Linear(width, width) for _ in range(HEADS)]
        for layer in layers:
            nn.init.zeros_(layer.weight)
        self.layers = nn.ModuleList(layers)

    def forward(self, states: Tensor) -> list[Tensor]:
        """States of every head, each of the shape of ``states``."""
        return [states + nn.functional.silu(layer(states)) for layer in self.layers]


def extra_heads(heads: ExtraHeads) -> Objective:
    """Cross-entropy of the next token and, with less and less weight, of those after it."""

    def objective(model: Any, ids: Tensor, labels: Tensor) -> Tensor:
        out = model(input_ids=ids, output_hidden_states=True)
        total = cross_entropy(out.logits, labels)
        unembed = model.get_output_embeddings()
        for number, states in enumerate(heads(out.hidden_states[-1]), start=1):
            ahead = labels[:, number:]
            if (ahead[:, 1:] >= 0).any():
                total = total + DECAY**number * cross_entropy(unembed(states)[:, :-number], ahead)
        return total

    return objective


def save_heads(heads: ExtraHeads, folder: Path) -> None:
    """Write the heads beside the model, as float16."""
    tensors = {
        name: value.detach().to(torch.float16).contiguous() for name, value in heads.state_dict().items()
    }
    save_file(tensors, folder / FILE)
