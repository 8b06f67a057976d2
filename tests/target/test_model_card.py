"""Model cards as people write them, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.target.model_card import ModelCard, read_card, words_of


def card(folder: Path, text: str | bytes) -> ModelCard | None:
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "README.md").write_bytes(raw)
    return read_card(folder)


def test_front_matter_and_prose(tmp_path: Path) -> None:
    found = card(tmp_path, "---\nlicense: mit\nbase_model: [a/b, c/d]\n---\n# Title\n\nText --- more.\n")
    assert found is not None
    assert found.front == {"license": "mit", "base_model": ["a/b", "c/d"]}
    assert found.prose == "\n# Title\n\nText --- more.\n"
    assert not found.broken


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("# Only prose", False),
        ("text\n---\nlicense: mit\n---\n", False),
        ("---\n[unclosed\n---\nprose", True),
        ("---\n- a list\n---\nprose", True),
        ("---\n---\nprose", False),
        ("---\n&a [*a]\n---\nprose", True),
        (b"---\nlicense: \xff\xfe: [\n---\nprose", True),
        ("---\ndate: 2024-99-99\n---\nprose", True),
    ],
)
def test_a_card_that_cannot_be_read_declares_nothing(tmp_path: Path, text: str | bytes, broken: bool) -> None:
    found = card(tmp_path, text)
    assert found is not None
    assert (found.front, found.broken) == ({}, broken)


def test_no_card(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None


def test_words() -> None:
    assert words_of(["a", None, "", " b "]) == ("a", "b")
    assert words_of("a") == ("a",)
    assert words_of(None) == words_of("") == ()
    assert words_of(3) == ("3",)
