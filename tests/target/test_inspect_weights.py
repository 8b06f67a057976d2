"""Sketches of weights: they keep cosines, and see through shuffled vocabularies and transposed storage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from model_factory import tiny_tokenizer, write_model, write_tiny_gpt2, write_tiny_llama
from transformers import AutoModelForCausalLM, GPTNeoXConfig, MambaConfig

from auditor.record.observation import Arrays, Unanswered
from auditor.record.request import Inspect
from auditor.target import inspect_weights
from auditor.target.loading import quiet
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions

SIZE = 2048


def summary(folder: Path, quantity: str, **fields: Any) -> dict[str, np.ndarray]:
    (found,) = dict(
        LocalTarget(str(folder), OpenOptions()).ask([Inspect(quantity=quantity, **fields)])
    ).values()
    assert isinstance(found, Arrays), found
    return found.unpack()


def model_of(folder: Path) -> Any:
    with quiet():
        return AutoModelForCausalLM.from_pretrained(folder)


def cosines(rows: torch.Tensor) -> np.ndarray:
    table = rows.detach().double().numpy()
    table = table - table.mean(axis=1, keepdims=True)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    return table @ table.T


def dots(sketch: np.ndarray) -> np.ndarray:
    return sketch.astype(float) @ sketch.astype(float).T


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gpt2(tmp_path_factory.mktemp("gpt2"))


def test_the_layout(llama: Path, gpt2: Path, tmp_path: Path) -> None:
    for folder, layers in ((llama, 3), (gpt2, 2)):
        found = summary(folder, "mlp-layout")
        assert found["layers"].tolist() == [layers]
        assert found["hidden"].tolist() == [48]
        assert found["intermediate"].tolist() == [96] * layers
        assert {array.dtype for array in found.values()} == {np.dtype(np.int64)}
    config = GPTNeoXConfig(
        vocab_size=400, hidden_size=32, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4
    )
    neox = summary(write_model(tmp_path / "neox", config), "mlp-layout")
    assert (neox["hidden"].tolist(), neox["intermediate"].tolist()) == ([32], [80, 80])


def test_sketches_of_a_gated_block_keep_the_cosines_of_its_rows(llama: Path) -> None:
    block = model_of(llama).model.layers[1].mlp
    found = summary(llama, "mlp-sketch", layer=1, size=SIZE, seed=4)
    for name, weight in (("first", block.gate_proj.weight), ("second", block.up_proj.weight)):
        assert found[name].shape == (96, SIZE)
        assert found[name].dtype == np.float16
        # the standard error of a projected cosine is at most 1 / sqrt(size)
        assert np.abs(dots(found[name]) - cosines(weight)).max() < 6 / SIZE**0.5
    norms = block.up_proj.weight.norm(dim=1) * block.down_proj.weight.norm(dim=0)
    np.testing.assert_allclose(found["norms"], norms.detach().numpy(), rtol=1e-4)
    assert found["kept"].tolist() == list(range(96))


def test_sketches_of_a_plain_block_take_input_and_output_weights(gpt2: Path) -> None:
    block = model_of(gpt2).transformer.h[0].mlp
    found = summary(gpt2, "mlp-sketch", layer=0, size=SIZE, seed=4)
    assert np.abs(dots(found["first"]) - cosines(block.c_fc.weight.T)).max() < 6 / SIZE**0.5
    assert np.abs(dots(found["second"]) - cosines(block.c_proj.weight)).max() < 6 / SIZE**0.5
    norms = block.c_fc.weight.norm(dim=0) * block.c_proj.weight.norm(dim=1)
    np.testing.assert_allclose(found["norms"], norms.detach().numpy(), rtol=1e-4)


def test_two_models_share_a_projection_and_two_matrices_do_not(llama: Path, tmp_path: Path) -> None:
    again = summary(llama, "mlp-sketch", layer=0, size=64, seed=4)
    assert all(
        np.array_equal(again[name], array)
        for name, array in summary(llama, "mlp-sketch", layer=0, size=64, seed=4).items()
    )
    assert not np.array_equal(again["first"], summary(llama, "mlp-sketch", layer=0, size=64, seed=5)["first"])
    model = model_of(llama)
    with torch.no_grad():
        mlp = model.model.layers[0].mlp
        mlp.up_proj.weight.copy_(mlp.gate_proj.weight)
    with quiet():
        model.save_pretrained(tmp_path)
        tiny_tokenizer(400).save_pretrained(tmp_path)
    twin = summary(tmp_path, "mlp-sketch", layer=0, size=64, seed=4)
    assert np.array_equal(twin["first"], again["first"])
    across = (twin["first"].astype(float) * twin["second"].astype(float)).sum(axis=1)
    assert abs(across.mean()) < 0.1


def test_only_the_strongest_neurons_of_a_wide_block_are_kept(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = summary(llama, "mlp-sketch", layer=2, size=16, seed=0)
    monkeypatch.setattr(inspect_weights, "MOST_NEURONS", 10)
    some = summary(llama, "mlp-sketch", layer=2, size=16, seed=0)
    assert sorted(np.argsort(-whole["norms"])[:10]) == some["kept"].tolist()
    np.testing.assert_array_equal(some["first"], whole["first"][some["kept"]])
    np.testing.assert_array_equal(some["norms"], whole["norms"][some["kept"]])


def test_the_residual_sketch_keeps_cosines_of_columns(llama: Path) -> None:
    found = summary(llama, "residual-sketch", size=SIZE, seed=1)["columns"]
    weight = model_of(llama).get_input_embeddings().weight
    assert found.shape == (48, SIZE)
    assert np.abs(dots(found) - cosines(weight.T)).max() < 6 / SIZE**0.5


def test_a_shuffled_vocabulary_gives_the_same_residual_sketch(llama: Path, tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(400)
    model = model_of(llama)
    with torch.no_grad():
        table = model.get_input_embeddings().weight
        moved = torch.empty_like(table)
        moved[torch.from_numpy(order)] = table
        table.copy_(moved)
    with quiet():
        model.save_pretrained(tmp_path)
        tiny_tokenizer(400).save_pretrained(tmp_path)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["vocab"] = {
        token: int(order[number]) for token, number in content["model"]["vocab"].items()
    }
    for added in content["added_tokens"]:
        added["id"] = int(order[added["id"]])
    path.write_text(json.dumps(content))
    ours, theirs = (summary(one, "residual-sketch", size=256, seed=1)["columns"] for one in (llama, tmp_path))
    np.testing.assert_allclose(ours.astype(float), theirs.astype(float), atol=1e-3)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Inspect(quantity="colour"), "no summary"),
        (Inspect(quantity="mlp-sketch", layer=9, size=4), "no block 9; the model has 3"),
        (Inspect(quantity="mlp-sketch", size=4), "no block None"),
        (Inspect(quantity="mlp-sketch", layer=0), "at least one projection"),
        (Inspect(quantity="residual-sketch"), "at least one projection"),
    ],
)
def test_what_cannot_be_summarised(llama: Path, request_: Inspect, words: str) -> None:
    (found,) = dict(LocalTarget(str(llama), OpenOptions()).ask([request_])).values()
    assert isinstance(found, Unanswered)
    assert words in found.reason


def test_an_architecture_without_mlps_is_unanswered(tmp_path: Path) -> None:
    folder = write_model(
        tmp_path, MambaConfig(vocab_size=400, hidden_size=32, num_hidden_layers=2, state_size=4)
    )
    (found,) = dict(LocalTarget(str(folder), OpenOptions()).ask([Inspect(quantity="mlp-layout")])).values()
    assert isinstance(found, Unanswered)
    assert "no MLP blocks" in found.reason
