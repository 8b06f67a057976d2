"""Local models: what identifies them, what is refused, and that bad files get one clear line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from model_factory import tiny_tokenizer, write_glassllm_folder, write_tiny_gpt2, write_tiny_llama
from transformers import AutoModelForCausalLM

from auditor.error import (
    MalformedTargetError,
    TargetNotFoundError,
    UsageError,
)
from auditor.record.observation import Choice, Likelihood, Text, TopTokens, Unanswered
from auditor.record.request import Choose, Generate, Inspect, NextTokens, Score, user
from auditor.record.subject import Access, Kind
from auditor.target.gguf_header import read_gguf
from auditor.target.loading import quiet
from auditor.target.local import LocalTarget
from auditor.target.protocol import Description, OpenOptions

QUESTION = Score(prompt="The river runs past the", continuation=" mill")


def describe(folder: Path, **options: object) -> Description:
    return LocalTarget(str(folder), OpenOptions(**options)).description  # type: ignore[arg-type]


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return write_tiny_llama(tmp_path / "llama", chat=True)


def test_other_weights_in_the_same_folder_are_noticed(llama: Path, tmp_path: Path) -> None:
    weights = llama / "model.safetensors"
    before, state = describe(llama), weights.stat()
    other = write_tiny_llama(tmp_path / "other", seed=1, chat=True) / "model.safetensors"
    assert other.stat().st_size == state.st_size
    with weights.open("r+b") as stream:  # same inode, same size, same time: only the content differs
        stream.write(other.read_bytes())
    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (weights.stat().st_mtime_ns, weights.stat().st_ino) == (state.st_mtime_ns, state.st_ino)
    after = describe(llama)
    assert after.digest != before.digest
    assert after.tokenizer_digest == before.tokenizer_digest


def test_a_copy_elsewhere_is_the_same_model(llama: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(llama, tmp_path / "under" / "another-name")
    (moved / "README.md").write_text("prose")
    assert describe(moved).digest == describe(llama).digest


def test_everything_an_answer_depends_on_changes_the_digest(llama: Path, tmp_path: Path) -> None:
    digests = {describe(llama).digest}

    def changed(name: str, edit: dict[str, object] | None = None, **options: object) -> None:
        folder = shutil.copytree(llama, tmp_path / name.replace(".", "-") / str(len(digests)))
        if edit is not None:
            content = json.loads((folder / name).read_text())
            (folder / name).write_text(json.dumps(content | edit))
        digests.add(describe(folder, **options).digest)

    changed("config.json", {"rms_norm_eps": 0.1})
    changed("generation_config.json", {"eos_token_id": 7})
    changed("tokenizer.json", {"normalizer": {"type": "Lowercase"}})
    changed("nothing", dtype="bfloat16")
    changed("nothing", system_prompt="Be brief.")
    folder = shutil.copytree(llama, tmp_path / "template")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    digests.add(describe(folder).digest)
    assert len(digests) == 7


def test_the_tokenizer_digest_is_of_the_tokenizer_alone(llama: Path, tmp_path: Path) -> None:
    gpt2 = write_tiny_gpt2(tmp_path / "gpt2")
    assert describe(gpt2).tokenizer_digest == describe(llama).tokenizer_digest
    tiny_tokenizer(300).save_pretrained(gpt2)
    assert describe(gpt2).tokenizer_digest != describe(llama).tokenizer_digest


def test_a_description_tells_what_is_known_without_loading(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (llama / "README.md").write_text("---\nlicense: mit\nbase_model: [a/b]\n---\n# A model\n")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr("auditor.target.local.load", never)
    found = describe(llama)
    facts = dict(found.details)
    assert (found.name, found.access, found.kind) == ("llama", Access.WEIGHTS, Kind.CAUSAL_LM)
    assert (
        facts.items()
        >= {
            "dtype": "float32",
            "architecture": "LlamaForCausalLM",
            "model_type": "llama",
            "licence": "mit",
            "base_model": "a/b",
            "chat_template": "yes",
            "format": "safetensors",
        }.items()
    )
    with quiet():
        count = AutoModelForCausalLM.from_pretrained(llama).num_parameters()
    assert int(facts["parameters"]) == count
    assert found.size_bytes == 4 * count
    assert int(facts["weight_bytes"]) == (llama / "model.safetensors").stat().st_size


def test_weights_that_change_between_description_and_loading_are_noticed(llama: Path, tmp_path: Path) -> None:
    target = LocalTarget(str(llama), OpenOptions())
    assert target.description.digest
    other = write_tiny_llama(tmp_path / "other", seed=1) / "model.safetensors"
    shutil.copy(other, llama / "model.safetensors")
    with pytest.raises(MalformedTargetError, match="changed while the scan"):
        list(target.ask([QUESTION]))


def test_a_touched_file_is_still_the_same_model(llama: Path) -> None:
    target = LocalTarget(str(llama), OpenOptions())
    assert target.description.digest
    (llama / "model.safetensors").touch()
    assert isinstance(dict(target.ask([QUESTION]))[0], Likelihood)


def test_closing_frees_the_model_and_a_later_question_opens_it_again(llama: Path) -> None:
    target = LocalTarget(str(llama), OpenOptions())
    first = dict(target.ask([QUESTION]))
    target.close()
    assert target._loaded is None
    assert dict(target.ask([QUESTION])) == first


def test_missing_and_misshapen_weights_are_not_replaced_by_random_ones(llama: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(llama / "model.safetensors")
    lost = weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, llama / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        MalformedTargetError, match=r"missing or misshapen, such as model\.layers\.1\.mlp\.up_proj"
    ):
        list(LocalTarget(str(llama), OpenOptions()).ask([QUESTION]))
    weights["model.layers.1.mlp.up_proj.weight"] = np.ascontiguousarray(lost[:5])
    save_file(weights, llama / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(MalformedTargetError):
        list(LocalTarget(str(llama), OpenOptions()).ask([QUESTION]))


def test_an_unknown_architecture_is_malformed(llama: Path) -> None:
    config = json.loads((llama / "config.json").read_text()) | {"model_type": "own_brew"}
    (llama / "config.json").write_text(json.dumps(config))
    with pytest.raises(MalformedTargetError, match="transformers cannot open it") as caught:
        list(LocalTarget(str(llama), OpenOptions()).ask([QUESTION]))
    assert "\n" not in str(caught.value)


def test_pickles_open_when_allowed(llama: Path) -> None:
    expected = dict(LocalTarget(str(llama), OpenOptions()).ask([QUESTION]))
    with quiet():
        state = AutoModelForCausalLM.from_pretrained(llama).state_dict()
    torch.save(state, llama / "pytorch_model.bin")
    (llama / "model.safetensors").unlink()
    target = LocalTarget(str(llama), OpenOptions(allow_pickle=True))
    assert dict(target.description.details)["format"] == "pickle"
    assert dict(target.ask([QUESTION])) == expected


def test_an_adapter_changes_digest_and_answers(llama: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    adapter = tmp_path / "adapter"
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(llama)
        wrapped = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
        wrapped.save_pretrained(adapter)
    settings = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(
        json.dumps(settings | {"base_model_name_or_path": "../llama"})
    )
    target, base = (LocalTarget(str(folder), OpenOptions()) for folder in (adapter, llama))
    assert target.description.name == "adapter"
    assert target.description.access is Access.WEIGHTS
    assert target.description.digest != base.description.digest
    assert target.description.tokenizer_digest == base.description.tokenizer_digest
    assert dict(target.description.details)["adapter"] == "lora"
    ids = target._open().tokenizer("The river")["input_ids"]
    with torch.no_grad():
        expected = wrapped(torch.tensor([ids])).logits[0, -1].log_softmax(-1).max()
    (found,) = dict(target.ask([NextTokens(prompt="The river", k=1)])).values()
    assert isinstance(found, TopTokens)
    assert found.log_probabilities[0] == pytest.approx(float(expected), abs=1e-3)
    (adapter / "adapter_config.json").write_text(json.dumps(settings | {"base_model_name_or_path": "./gone"}))
    with pytest.raises(TargetNotFoundError, match="base model cannot be opened"):
        LocalTarget(str(adapter), OpenOptions())


@pytest.mark.parametrize("options", [{"device": "tpu"}, {"dtype": "int3"}, {"device": "cuda:99"}])
def test_unknown_devices_and_dtypes(llama: Path, options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        LocalTarget(str(llama), OpenOptions(**options))  # type: ignore[arg-type]


def test_other_kinds_of_model_do_not_continue_text(llama: Path) -> None:
    config = json.loads((llama / "config.json").read_text())
    (llama / "config.json").write_text(
        json.dumps(config | {"architectures": ["LlamaForSequenceClassification"]})
    )
    target = LocalTarget(str(llama), OpenOptions())
    assert target.description.kind is Kind.CLASSIFIER
    found = dict(target.ask([QUESTION, Inspect(quantity="mlp-layout")]))
    assert isinstance(found[0], Unanswered)
    assert found[1].kind == "arrays"


def test_opening_leaves_the_logging_of_transformers_alone(
    llama: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    before = (logging.get_verbosity(), logging.is_progress_bar_enabled())
    list(LocalTarget(str(llama), OpenOptions()).ask([QUESTION]))
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    out, err = capfd.readouterr()
    assert out + err == ""


def test_a_real_gguf_model(smollm2_gguf: Path, tmp_path: Path) -> None:
    header = read_gguf(smollm2_gguf)
    assert (header.architecture, header.parameters) == ("llama", 134_515_008)
    cut = tmp_path / "cut.gguf"
    with smollm2_gguf.open("rb") as source:
        cut.write_bytes(source.read(3_000_000))
    with pytest.raises(MalformedTargetError):
        LocalTarget(str(cut), OpenOptions())
    target = LocalTarget(str(smollm2_gguf), OpenOptions())
    assert dict(target.description.details)["licence"] == "apache-2.0"
    assert dict(target.description.details)["chat_template"] == "yes"
    capital, answer = dict(
        target.ask(
            [
                Choose(prompt="The capital of France is", options=(" Rome", " Paris", " a small village")),
                Generate(prompt=user("What is the capital of France?"), max_tokens=12),
            ]
        )
    ).values()
    assert isinstance(capital, Choice)
    assert int(np.argmax(capital.log_likelihoods)) == 1
    assert isinstance(answer, Text)
    assert "Paris" in answer.text
    assert answer.finish == "stop"


def test_glassllm_converts_to_the_same_model(glassllm_weights: Path, tmp_path: Path) -> None:
    import sys

    folder = write_glassllm_folder(glassllm_weights, tmp_path / "glass")
    package = glassllm_weights.parent.parent
    sys.path.insert(0, str(package))
    try:
        from glassllm.model import GlassLM
        from glassllm.tokenizer import Tokenizer
    finally:
        sys.path.remove(str(package))
    theirs = Tokenizer.load(glassllm_weights / "en.tokenizer.json")
    loaded = LocalTarget(str(folder), OpenOptions())._open()
    text = "Once upon a time, the king  had\n\nthree ships; “No!” he said to 日.\n "
    ids = theirs.encode(text)
    assert loaded.tokenizer(text)["input_ids"] == ids
    assert loaded.tokenizer.decode(theirs.encode("The king said so.")) == "The king said so."
    expected = GlassLM.load(glassllm_weights / "en.npz").forward(ids).data[0]
    with torch.no_grad():
        found = loaded.model(torch.tensor([ids])).logits[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)
