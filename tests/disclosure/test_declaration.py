"""What is read from a model's own files."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_factory import write_tiny_llama

from auditor.disclosure.declaration import read_declaration
from auditor.error import AuditorError
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
