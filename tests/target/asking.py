"""Asking a model in a folder, and the same model as transformers has it, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from model_factory import write_tiny_gemma2, write_tiny_gpt2, write_tiny_llama, write_tiny_qwen2
from transformers import AutoModelForCausalLM, AutoTokenizer

from auditor.record.observation import Answer
from auditor.record.request import Request
from auditor.target.loading import quiet
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions

WRITERS = {
    "llama": write_tiny_llama,
    "gpt2": write_tiny_gpt2,
    "qwen2": write_tiny_qwen2,
    "gemma2": write_tiny_gemma2,
}


def reference(folder: Path) -> tuple[Any, Any]:
    """Model and tokenizer."""
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        return model.eval(), AutoTokenizer.from_pretrained(folder)


def answers(folder: Path | LocalTarget, requests: Sequence[Request], **options: Any) -> list[Answer]:
    """Answers in the order of the requests."""
    target = LocalTarget(str(folder), OpenOptions(**options)) if isinstance(folder, Path) else folder
    found = dict(target.ask(requests))
    assert sorted(found) == list(range(len(requests)))
    return [found[number] for number in range(len(requests))]
