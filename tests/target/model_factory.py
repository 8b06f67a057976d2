"""Writes small real models to disk: random Llama, GPT-2 and others, and a trained one (glassllm)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    LlamaConfig,
    LlamaForCausalLM,
    PretrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

from auditor.target.loading import quiet

_CORPUS = (
    "The river runs past the mill and the old stone bridge.",
    "A baker sells bread, rolls and cakes from six in the morning.",
    "Two plus three is five; seven minus four is three.",
    "She asked whether the train to the coast would leave on time.",
    "List the tools that a gardener needs: a spade, a rake, a hose.",
    "def area(width, height): return width * height",
    "Why is the sky blue? Because short waves scatter more than long ones.",
    "The answer is Paris, Berlin, London, Rome or Madrid.",
)
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@cache
def _trained_tokenizer(vocabulary: int) -> str:
    tokenizer = Tokenizer(BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS * 4, trainer)
    return tokenizer.to_str()


def tiny_tokenizer(vocabulary: int = 400, *, chat: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on a few sentences."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_trained_tokenizer(vocabulary)), bos_token="<s>", eos_token="</s>"
    )
    if chat:
        tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def write_model(
    folder: Path, config: PretrainedConfig, *, seed: int = 0, chat: bool = False, spread: float = 8.0
) -> Path:
    """Write a randomly initialised causal model and its tokenizer to ``folder``.

    Args:
        folder: Where to; made if need be.
        config: The architecture.
        seed: Seed of the weights.
        chat: Whether the tokenizer brings a chat template.
        spread: Factor on the initial weights, so that predictions are far from uniform.
    """
    torch.manual_seed(seed)
    with quiet():
        model = AutoModelForCausalLM.from_config(config)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.ndim == 2 and "embed" not in name:
                    weight.mul_(spread)
        model.save_pretrained(folder)
        tiny_tokenizer(config.get_text_config().vocab_size, chat=chat).save_pretrained(folder)
    return folder


_IDS = {"bos_token_id": 0, "eos_token_id": 1}


def write_tiny_llama(
    folder: Path,
    seed: int = 0,
    *,
    layers: int = 3,
    hidden: int = 48,
    intermediate: int = 96,
    chat: bool = False,
) -> Path:
    """A random Llama with grouped queries."""
    config = LlamaConfig(
        vocab_size=400,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        **_IDS,
    )
    return write_model(folder, config, seed=seed, chat=chat)


def write_tiny_gpt2(
    folder: Path, seed: int = 0, *, layers: int = 2, hidden: int = 48, chat: bool = False
) -> Path:
    """A random GPT-2: learned positions, Conv1D weights, no gate."""
    config = GPT2Config(
        vocab_size=400, n_embd=hidden, n_layer=layers, n_head=4, n_positions=256, n_inner=96, **_IDS
    )
    return write_model(folder, config, seed=seed, chat=chat)


def write_tiny_qwen2(folder: Path, seed: int = 0) -> Path:
    """A random Qwen 2: biases in attention, head not tied."""
    config = Qwen2Config(
        vocab_size=400,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=False,
        **_IDS,
    )
    return write_model(folder, config, seed=seed)


def write_tiny_gemma2(folder: Path, seed: int = 0) -> Path:
    """A random Gemma 2: capped logits and a sliding window shorter than the texts of the tests."""
    config = Gemma2Config(
        vocab_size=400,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=12,
        query_pre_attn_scalar=12,
        max_position_embeddings=256,
        sliding_window=8,
        final_logit_softcapping=2.0,
        **_IDS,
    )
    return write_model(folder, config, seed=seed)


def write_glassllm_folder(weights: Path, folder: Path, *, language: str = "en") -> Path:
    """Convert glassllm's weights (MIT) to a transformers Llama folder: a real, unrelated language model.

    Args:
        weights: The folder that holds ``en.npz`` and ``en.tokenizer.json``.
        folder: Where to write.
        language: ``en`` or ``pt``.
    """
    with np.load(weights / f"{language}.npz") as data:
        settings = json.loads(str(data["__config__"]))
        arrays = {name: data[name].astype(np.float32) for name in data.files if name != "__config__"}
    config = LlamaConfig(
        vocab_size=settings["vocab_size"],
        hidden_size=settings["d_model"],
        intermediate_size=int(8 * settings["d_model"] / 3),
        num_hidden_layers=settings["n_layers"],
        num_attention_heads=settings["n_heads"],
        num_key_value_heads=settings["n_kv_heads"],
        max_position_embeddings=settings["max_len"],
        rms_norm_eps=settings["eps"],
        rope_theta=settings["rope_base"],
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
    )
    with quiet():
        model = LlamaForCausalLM(config)
        model.load_state_dict(_llama_weights(arrays, settings), strict=True)
        model.save_pretrained(folder)
        _glass_tokenizer(weights / f"{language}.tokenizer.json").save_pretrained(folder)
    return folder


def _llama_weights(arrays: dict[str, Any], settings: dict[str, int]) -> dict[str, torch.Tensor]:
    names = {
        "norm1.gamma": "input_layernorm",
        "norm2.gamma": "post_attention_layernorm",
        "attn.W_V": "self_attn.v_proj",
        "attn.W_O": "self_attn.o_proj",
        "ffn.W1": "mlp.gate_proj",
        "ffn.W3": "mlp.up_proj",
        "ffn.W2": "mlp.down_proj",
    }
    state = {
        "model.embed_tokens.weight": arrays["E"],
        "lm_head.weight": arrays["E"],
        "model.norm.weight": arrays["norm_f.gamma"],
    }
    for layer in range(settings["n_layers"]):
        ours, theirs = f"blocks.{layer}.", f"model.layers.{layer}."
        for name, target in names.items():
            state[f"{theirs}{target}.weight"] = arrays[ours + name].T
        for letter, heads in (("Q", settings["n_heads"]), ("K", settings["n_kv_heads"])):
            rows = arrays[f"{ours}attn.W_{letter}"].T
            state[f"{theirs}self_attn.{letter.lower()}_proj.weight"] = _halves(rows, heads)
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in state.items()}


def _halves(rows: Any, heads: int) -> Any:
    """From rotation of neighbouring rows to rotation of the two halves of a head."""
    width = rows.shape[0] // heads
    return rows.reshape(heads, width // 2, 2, -1).transpose(0, 2, 1, 3).reshape(rows.shape)


def _glass_tokenizer(path: Path) -> PreTrainedTokenizerFast:
    saved = json.loads(path.read_text(encoding="utf-8"))
    merges = [tuple(pair) for pair in saved["merges"]]
    specials = ["<pad>", "<unk>", "<bos>", "<eos>"]
    vocabulary = [*specials, *saved["alphabet"], *(first + second for first, second in merges)]
    numbers = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(BPE(vocab=numbers, merges=merges, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("\n|▁*[^▁\n]+|▁+"), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", bos_token="<bos>", eos_token="<eos>"
    )
