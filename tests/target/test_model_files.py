"""Finding a model's files: what is refused, what is broken, and the one line that says so."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import pytest
import torch
from model_factory import write_tiny_llama

from auditor.error import AuditorError, MalformedTargetError, TargetNotFoundError, UnsafeTargetError
from auditor.target.local import LocalTarget
from auditor.target.protocol import Description, OpenOptions


def describe(folder: Path) -> Description:
    return LocalTarget(str(folder), OpenOptions()).description


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return write_tiny_llama(tmp_path / "llama")


def _no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _pickle_only(folder: Path) -> None:
    _no_weights(folder)
    torch.save({"weight": torch.zeros(2)}, folder / "pytorch_model.bin")


def _cut_short(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def _garbage(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 500)


def _empty(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def _overlap(folder: Path) -> None:
    span = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"a": span, "b": span}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)


def _no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def _no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def _broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def _remote_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own_brew", "auto_map": {"AutoModelForCausalLM": "modeling.Brew"}}
    (folder / "config.json").write_text(json.dumps(config))


def _lost_shard(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (_no_weights, TargetNotFoundError, "holds no weights"),
        (_pickle_only, UnsafeTargetError, "--allow-pickle"),
        (_cut_short, MalformedTargetError, "no sound safetensors file"),
        (_garbage, MalformedTargetError, "header is longer than the file"),
        (_empty, MalformedTargetError, "no sound safetensors file"),
        (_overlap, MalformedTargetError, "overlap"),
        (_no_tokenizer, MalformedTargetError, "no tokenizer"),
        (_no_config, MalformedTargetError, "no config.json"),
        (_broken_config, MalformedTargetError, "not readable JSON"),
        (_remote_code, UnsafeTargetError, "--trust-remote-code"),
        (_lost_shard, MalformedTargetError, "model-00001-of-00002.safetensors"),
    ],
)
def test_bad_files_get_one_clear_line(
    llama: Path, spoil: object, kind: type[AuditorError], words: str
) -> None:
    spoil(llama)  # type: ignore[operator]
    with pytest.raises(kind) as caught:
        describe(llama)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    "locator", ["no/such/folder/here", "./missing", "missing.gguf", "a b", "nobody/nothing"]
)
def test_nothing_there(locator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(TargetNotFoundError) as caught:
        LocalTarget(locator, OpenOptions())
    assert "there is no such folder" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_hub_model_in_the_cache_opens_offline(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "c" * 40
    cached = tmp_path / "hub" / "models--someone--tiny"
    shutil.copytree(llama, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    for locator in ("someone/tiny", f"someone/tiny@{commit}", "someone/tiny@main"):
        found = LocalTarget(locator, OpenOptions()).description
        assert (found.name, found.revision) == ("tiny", commit)
    with pytest.raises(TargetNotFoundError):
        LocalTarget("someone/tiny@v2", OpenOptions())


def test_a_broken_gguf_file(tmp_path: Path) -> None:
    for number, content in enumerate((b"", b"GGUX" + b"\0" * 40, b"GGUF" + struct.pack("<IQQ", 3, 2, 9))):
        path = tmp_path / f"{number}.gguf"
        path.write_bytes(content)
        with pytest.raises(MalformedTargetError, match="cannot be read"):
            LocalTarget(str(path), OpenOptions())
