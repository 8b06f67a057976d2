"""Small real models to be audited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from model_factory import write_tiny_llama
from transformers import AutoModelForCausalLM


def _ending_soon(folder: Path) -> Path:
    """Let every twelfth token end an answer, for models with random weights never come to an end."""
    config = folder / "generation_config.json"
    settings = json.loads(config.read_text())
    vocabulary = json.loads((folder / "config.json").read_text())["vocab_size"]
    settings["eos_token_id"] = [settings["eos_token_id"], *range(12, vocabulary, 12)]
    config.write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="session")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _ending_soon(write_tiny_llama(tmp_path_factory.mktemp("models") / "teacher", seed=1, chat=True))


@pytest.fixture(scope="session")
def pruned(teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The teacher with the smallest 30 % of each matrix set to zero."""
    folder = tmp_path_factory.mktemp("models") / "pruned"
    write_tiny_llama(folder, seed=1, chat=True)
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter[
                    parameter.abs() < parameter.abs().flatten().kthvalue(int(0.3 * parameter.numel())).values
                ] = 0
    model.save_pretrained(folder)
    return _ending_soon(folder)


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The teacher's shape, configuration and tokenizer with other random weights."""
    return _ending_soon(write_tiny_llama(tmp_path_factory.mktemp("models") / "stranger", seed=2, chat=True))
