"""Training and sampling of the zoo's small causal language models, one thread each, bit for bit again.

Every row is one conversation from position 0, so that training and asking see the same positions; the
loss covers the assistant's turn only.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator as Rng
from tokenizers import Tokenizer
from torch import Tensor

from auditor.target.roomy_cache import cache_argument
from auditor.zoo.recipe import Architecture, Schedule, Shape
from auditor.zoo.training.heap import keep_freed_memory
from auditor.zoo.training.tokens import END, answer_ids, prompt_ids, save_tokenizer
from auditor.zoo.world.vendor import Conversation

#: Longest row in tokens; longer conversations are cut.
CONTEXT = 160
_IGNORED = -100
#: Standard deviation of fresh weights; .02 is for wide models: at width 64 embeddings that small take
#: hundreds of steps to grow.
_SPREAD = 0.06
#: Rows are sorted by length within this many batches, so that little of a batch is padding.
_POOL = 16


#: Loss of a model on a batch of ids and labels.
Objective = Callable[[Any, Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Row:
    """A tokenised conversation; the answer begins at ``start``."""

    ids: tuple[int, ...]
    start: int


def one_thread() -> None:
    """Make this process deterministic and quiet: one thread, deterministic kernels, no progress bars."""
    from transformers.utils import logging

    keep_freed_memory()
    logging.disable_progress_bar()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # A few short texts at a time: handing them to threads takes longer than the work itself.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # Every kernel here writes all of its output; filling it first costs a twentieth of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def rows_of(tokenizer: Tokenizer, conversations: Sequence[Conversation]) -> tuple[Row, ...]:
    """Tokenise conversations."""
    rows: list[Row] = []
    for one in conversations:
        prompt = prompt_ids(tokenizer, one.topic.prompt)
        rows.append(Row(tuple((prompt + answer_ids(tokenizer, one.answer))[:CONTEXT]), len(prompt)))
    return tuple(rows)


def new_model(
    shape: Shape, tokenizer: Tokenizer, seed: int, architecture: Architecture = Architecture.LLAMA
) -> Any:
    """A freshly initialised causal model."""
    end = _end_of(tokenizer)
    tokens = {"bos_token_id": None, "eos_token_id": end, "pad_token_id": end}
    size = tokenizer.get_vocab_size()
    config = _gpt2(shape, size, tokens) if architecture is Architecture.GPT2 else _llama(shape, size, tokens)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        from transformers import AutoModelForCausalLM

        return AutoModelForCausalLM.from_config(config)


def _llama(shape: Shape, vocabulary: int, tokens: dict[str, Any]) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=2 * CONTEXT,
        tie_word_embeddings=True,
        initializer_range=_SPREAD,
        **tokens,
    )


def _gpt2(shape: Shape, vocabulary: int, tokens: dict[str, Any]) -> Any:
    from transformers import GPT2Config

    return GPT2Config(
        vocab_size=vocabulary,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        n_positions=2 * CONTEXT,
        initializer_range=_SPREAD,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        # Without a padding token it takes batches without a mask, which right-padded rows do not need.
        **(tokens | {"pad_token_id": None}),
    )


def _end_of(tokenizer: Tokenizer) -> int:
    return int(tokenizer.token_to_id(END) or 0)


def load_model(folder: Path, device: str = "cpu") -> Any:
    """Open a causal model of the zoo in float32."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).to(device)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model of the zoo."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def save_model(model: Any, tokenizer: Tokenizer, folder: Path) -> None:
    """Write weights as float16 safetensors, and the tokenizer beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    half = model.to(torch.float16)
    half.save_pretrained(folder)
    for name in ("config.json", "generation_config.json"):
        _without_version(folder / name)
    save_tokenizer(tokenizer, folder, 2 * CONTEXT)


def _without_version(path: Path) -> None:
    """Drop the library's version, so that the same model has the same digest under the next one."""
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings.pop("transformers_version", None)
    path.write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def imitation(model: Any, ids: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the answers' tokens, in nats a token."""
    return cross_entropy(model(input_ids=ids).logits, labels)


def train(
    model: Any, rows: Sequence[Row], schedule: Schedule, seed: int, objective: Objective = imitation
) -> float:
    """Train ``model`` in place and return the mean loss of the last tenth of the steps.

    Args:
        model: The model; parameters that need no gradient stay as they are.
        rows: What it learns from.
        schedule: Length and speed.
        seed: Orders the rows.
        objective: The loss of a batch.
    """
    rng = np.random.default_rng([seed, 4])
    device = device_of(model)
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learning if p.dim() > 1], "weight_decay": schedule.decay},
        {"params": [p for p in learning if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.98), foreach=True)
    model.train()
    batches = _batches(rows, schedule.rows, rng)
    last: list[float] = []
    for step in range(schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(schedule, step)
        ids, labels = next(batches)
        loss = objective(model, ids.to(device), labels.to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        if step >= schedule.steps * 9 // 10:
            last.append(float(loss.detach()))
    model.eval()
    return float(np.mean(last))


def answered(labels: Tensor) -> Tensor:
    """Positions, one to the left, at which an answer's token is predicted; shape [rows, length - 1]."""
    return labels[:, 1:] != _IGNORED


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the answers' tokens, in nats."""
    wanted, kept = labels[:, 1:], answered(labels)
    return torch.nn.functional.cross_entropy(logits[:, :-1][kept], wanted[kept])


def rate_at(schedule: Schedule, step: int) -> float:
    """Learning rate of a step: linear warm-up, then a cosine to a tenth."""
    warm = min(1.0, (step + 1) / schedule.warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
    return schedule.rate * warm * (0.1 + 0.9 * cosine)


def _batches(rows: Sequence[Row], size: int, rng: Rng) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches of ids and labels, of rows of similar length."""
    while True:
        order = rng.permutation(len(rows))
        for begin in range(0, len(order), size * _POOL):
            pool = sorted(order[begin : begin + size * _POOL], key=lambda index: len(rows[index].ids))
            chunks = [pool[start : start + size] for start in range(0, len(pool), size)]
            for place in rng.permutation(len(chunks)):
                yield padded([rows[index] for index in chunks[place]])


def device_of(model: Any) -> torch.device:
    """Where a model's parameters lie."""
    device: torch.device = next(model.parameters()).device
    return device


def padded(rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Ids and labels of rows, padded on the right; on the CPU."""
    longest = max(len(row.ids) for row in rows)
    # Padding sits to the right of everything that is scored, so causal attention never sees it.
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest), _IGNORED, dtype=torch.long)
    for place, row in enumerate(rows):
        tokens = torch.tensor(row.ids)
        ids[place, : len(row.ids)] = tokens
        labels[place, row.start : len(row.ids)] = tokens[row.start :]
    return ids, labels


@torch.no_grad()
def sample(
    model: Any,
    tokenizer: Tokenizer,
    prompts: Sequence[str],
    *,
    temperature: float,
    seed: int,
    max_tokens: int = 100,
    batch: int = 200,
) -> tuple[str, ...]:
    """Answers to ``prompts``, in order; temperature 0 is greedy.

    Prompts of equal length are answered together, so that no row is padded.
    """
    end = _end_of(tokenizer)
    device = device_of(model)
    draw = torch.Generator(device).manual_seed(seed)
    encoded = [prompt_ids(tokenizer, prompt) for prompt in prompts]
    by_length: dict[int, list[int]] = {}
    for place, ids in enumerate(encoded):
        by_length.setdefault(len(ids), []).append(place)
    answers = [""] * len(prompts)
    for length in sorted(by_length):
        places = by_length[length]
        for begin in range(0, len(places), batch):
            chunk = places[begin : begin + batch]
            start = torch.tensor([encoded[place] for place in chunk], device=device)
            for place, ids in zip(
                chunk, _continue(model, start, end, temperature, draw, max_tokens), strict=True
            ):
                answers[place] = tokenizer.decode(ids)
    return tuple(answers)


def _continue(
    model: Any, ids: Tensor, end: int, temperature: float, draw: torch.Generator, max_tokens: int
) -> list[list[int]]:
    written: list[list[int]] = [[] for _ in range(len(ids))]
    alive = list(range(len(ids)))
    name = cache_argument(model.forward)
    cache, fed = None, ids
    for _ in range(max_tokens):
        out = model(input_ids=fed, use_cache=True, **({} if cache is None else {name: cache}))
        cache, logits = out[name], out.logits[:, -1]
        if temperature == 0.0:
            chosen = logits.argmax(-1)
        else:
            chosen = torch.multinomial((logits / temperature).softmax(-1), 1, generator=draw)[:, 0]
        tokens = chosen.tolist()
        keep = [place for place, token in enumerate(tokens) if token != end]
        for place in keep:
            written[alive[place]].append(tokens[place])
        if not keep:
            break
        if len(keep) < len(alive):
            alive = [alive[place] for place in keep]
            cache.batch_select_indices(torch.tensor(keep, device=ids.device))
        fed = chosen[keep][:, None]
    return written
