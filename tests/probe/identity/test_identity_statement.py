"""First-person statements: what counts as a claim, and what only mentions a name."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.content import probes
from auditor.probe.identity.statement import Lexicon


def shipped() -> Lexicon:
    path = probes() / "text-lineage" / "identity-claims" / "probe.yaml"
    return Lexicon(yaml.safe_load(path.read_text(encoding="utf-8"))["parameters"]["makers"])


LEXICON = shipped()


@pytest.mark.parametrize(
    ("text", "maker"),
    [
        ("I am ChatGPT, how can I help?", "OpenAI"),
        ("Hello! I'm a large language model called Claude.", "Anthropic"),
        ("I’m Claude.", "Anthropic"),
        ("As an AI language model developed by OpenAI, I cannot.", "OpenAI"),
        ("I am Assistant, a large language model trained by OpenAI.", "OpenAI"),
        ("My name is Gemini.", "Google"),
        ("I was created by the team at Mistral AI.", "Mistral AI"),
        ("Soy un modelo de lenguaje entrenado por Google.", "Google"),
        ("Je suis un modèle de langage développé par Meta.", "Meta"),
        ("Ich wurde von Alibaba Cloud entwickelt.", "Alibaba"),
        ("Ich bin ChatGPT.", "OpenAI"),
        ("我是通义千问，由阿里云开发。", "Alibaba"),
    ],
)
def test_claims_are_found(text: str, maker: str) -> None:
    assert LEXICON.claimed(text) == {maker}


@pytest.mark.parametrize(
    "text",
    [
        "ChatGPT was created by OpenAI.",
        "I am not ChatGPT.",
        "I am not trained by OpenAI.",
        "I am a fan of Claude.",
        "Models such as GPT-4 are large.",
        "I think that ChatGPT, developed by OpenAI, would answer this.",
        "I am using a language model developed by OpenAI.",
        "My name is Claudette.",
        "Google is a company. I am an assistant.",
        "She said: are you ChatGPT?",
        "",
    ],
)
def test_mentions_are_no_claims(text: str) -> None:
    assert LEXICON.claimed(text) == frozenset()


def test_an_organisation_is_known_under_any_of_its_names() -> None:
    assert LEXICON.maker_of("openai") == "OpenAI"
    assert LEXICON.maker_of("Google DeepMind") == "Google"
    assert LEXICON.maker_of("somebody else") is None


@given(st.text(max_size=300))
def test_any_text_is_read_and_claims_only_known_makers(text: str) -> None:
    assert LEXICON.claimed(text) <= set(LEXICON.makers)


@given(st.lists(st.sampled_from(["i am", "a", "language model", ",", "as", "trained by", "x"]), max_size=60))
def test_long_chains_of_introducing_words_end(parts: list[str]) -> None:
    assert LEXICON.claimed(" ".join(parts)) == frozenset()
