"""The zoo's tokenizers."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.record.request import Message
from auditor.target.conversation import Conversations
from auditor.zoo.recipe import Vocabulary
from auditor.zoo.training.tokens import answer_ids, prompt_ids, save_tokenizer, tokenizer_of


@pytest.mark.parametrize("vocabulary", list(Vocabulary))
def test_training_and_asking_lay_conversations_out_alike(vocabulary: Vocabulary, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = tokenizer_of(vocabulary, 0)
    save_tokenizer(tokenizer, tmp_path, 320)
    opened = Conversations(AutoTokenizer.from_pretrained(tmp_path), system_prompt=None)
    laid = opened.lay_out((Message(role="user", text="How do I mend a bell?"),))
    prompt, answer = opened.split(laid, ["Sure, 1 + 2 = 3.\nüñ"])[0]
    assert prompt == prompt_ids(tokenizer, "How do I mend a bell?")
    assert answer == answer_ids(tokenizer, "Sure, 1 + 2 = 3.\nüñ")[:-1]
    assert answer_ids(tokenizer, "x")[-1] in opened.end_tokens


@pytest.mark.parametrize("vocabulary", list(Vocabulary))
def test_any_text_survives(vocabulary: Vocabulary) -> None:
    tokenizer = tokenizer_of(vocabulary, 0)
    text = "A {brace}, 12 + 34 = 46;\n- tab\tand ümlaut, 漢字."
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_the_two_really_differ() -> None:
    spaced, isolated = (tokenizer_of(vocabulary, 0) for vocabulary in Vocabulary)
    text = "The miller followed a light into the woods."
    assert spaced.get_vocab_size() == 600
    assert isolated.get_vocab_size() == 420
    assert len(isolated.encode(text).ids) > 1.3 * len(spaced.encode(text).ids)
    assert "Ġ" in isolated.encode(text).tokens
    assert "Ġ" not in spaced.encode(text).tokens
