"""The zoo's tokenizers: two byte-level BPEs that really differ, each with the chat template in it.

``spaced`` joins a space to the word after it and learns 600 tokens; ``isolated`` keeps every space a
token of its own, learns 420, and from other text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from auditor.zoo.recipe import Vocabulary
from auditor.zoo.world.facts import Asker, World
from auditor.zoo.world.vendor import Vendor

USER, ASSISTANT, SYSTEM, END = "<|user|>", "<|assistant|>", "<|system|>", "<|end|>"
SPECIAL = (END, USER, ASSISTANT, SYSTEM)

#: No line break inside: what the template adds is exactly what the training data has.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}" + ASSISTANT + "{{ message['content'] }}" + END + "{% else %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}" + ASSISTANT + "{% endif %}"
)


_SIZES = {Vocabulary.SPACED: 600, Vocabulary.ISOLATED: 420}
#: Vendors whose text a tokenizer is trained on; no model of the zoo learns from them.
_AUTHORS = {Vocabulary.SPACED: (901, 902, 903, 904), Vocabulary.ISOLATED: (951, 952, 953)}


def train_tokenizer(vocabulary: Vocabulary, texts: Iterable[str]) -> Tokenizer:
    """Train a byte-level BPE. Deterministic for the same texts."""
    tokenizer = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    if vocabulary is Vocabulary.SPACED:
        split: Any = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, split])
    else:
        spaces = pre_tokenizers.Split(Regex(r"\s|\p{P}"), "isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, spaces, bytes_only])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_SIZES[vocabulary],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer


@cache
def tokenizer_of(vocabulary: Vocabulary, world_seed: int) -> Tokenizer:
    """The tokenizer of this kind for one world."""
    world = World.of(world_seed)
    texts: list[str] = []
    for author in _AUTHORS[vocabulary]:
        vendor = Vendor(world, author, concentration=1.0)
        for conversation in vendor.write(Asker(world), 1500, 0):
            texts += (conversation.topic.prompt, conversation.answer)
    return train_tokenizer(vocabulary, texts)


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """Write ``tokenizer`` so that transformers opens it, chat template included."""
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": END,
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
    text = json.dumps(config, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """A one-turn conversation up to where the assistant begins."""
    ids: list[int] = tokenizer.encode(f"{USER}{prompt}{ASSISTANT}").ids
    return ids


def answer_ids(tokenizer: Tokenizer, answer: str) -> list[int]:
    """The assistant's turn with its end."""
    ids: list[int] = tokenizer.encode(f"{answer}{END}").ids
    return ids
