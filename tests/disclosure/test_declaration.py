"""What is read from a model's own files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from model_factory import write_tiny_llama

from auditor.disclosure.declaration import read_declaration
from auditor.error import AuditorError, UsageError
from auditor.target.protocol import OpenOptions

CARD = """---
license: [mit, other]
base_model: owner/base
base_model_relation: finetune
datasets:
- owner/data
---
# A model

It took 300 GPU hours, and learned from answers of Teacher-7B.
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("card") / "student", seed=1)


def test_a_card_with_everything(model: Path) -> None:
    (model / "README.md").write_text(CARD)
    found = read_declaration(str(model), OpenOptions())
    assert (found.base_models, found.relation) == (("owner/base",), "finetune")
    assert (found.datasets, found.licence) == (("owner/data",), ("mit", "other"))
    assert found.compute
    assert found.mentions("owner/teacher-7b")
    assert found.card == model / "README.md"


def test_compute_is_not_read_into_other_words(model: Path) -> None:
    (model / "README.md").write_text("Runs on one GPU. It flopped at first.")
    assert not read_declaration(str(model), OpenOptions()).compute


def test_no_card_and_no_model(model: Path, tmp_path: Path) -> None:
    (model / "README.md").unlink(missing_ok=True)
    assert read_declaration(str(model), OpenOptions()).card is None
    with pytest.raises(AuditorError):
        read_declaration(str(tmp_path / "none"), OpenOptions())


def test_an_embedded_model_by_its_name() -> None:
    assert read_declaration("demo:suspect", OpenOptions()).name == "suspect"
    with pytest.raises(AuditorError):
        read_declaration("demo:../suspect", OpenOptions())


def test_weights_and_figures_are_read_without_loading(model: Path, tmp_path: Path) -> None:
    (model / "README.md").write_text("Trained on 2B tokens in 300 GPU hours.")
    summary = tmp_path / "summary.md"
    summary.write_text("Synthetic data: 52,000 answers of Teacher-7B.")
    found = read_declaration(str(model), OpenOptions(), summary)
    assert (found.figures.tokens, found.figures.hours, found.figures.examples) == ((2e9,), (300,), (52_000,))
    assert 0 < found.embedding < found.weights
    assert not found.sparse
    assert found.summarises("owner/teacher-7b")
    with pytest.raises(UsageError, match="summary"):
        read_declaration(str(model), OpenOptions(), tmp_path / "none.md")


@pytest.mark.parametrize("more", ['"num_local_experts": 8', '"ffn_config": {"moe_num_experts": 16}'])
def test_experts_are_seen_wherever_the_configuration_names_them(
    more: str, model: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    config = (copy / "config.json").read_text().rstrip().removesuffix("}")
    (copy / "config.json").write_text(f"{config}, {more}}}")
    assert read_declaration(str(copy), OpenOptions()).sparse
