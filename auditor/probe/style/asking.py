"""How models are asked for text of which nothing is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auditor.record.request import Generate, user


@dataclass(frozen=True, slots=True)
class TextAsking:
    """How an answer is asked for.

    Attributes:
        form: A conversation in the model's own template, or text to continue.
        layout: Layout of the text form; ``{prompt}`` is replaced.
        max_tokens: Longest answer.
        temperature: Of the answers; with 0 two samples are the same answer.
    """

    form: Literal["chat", "text"]
    layout: str
    max_tokens: int
    temperature: float

    def generate(self, prompt: str, sample: int = 0) -> Generate:
        """The request for the ``sample``-th answer to ``prompt``."""
        return Generate(
            prompt=user(prompt) if self.form == "chat" else self.layout.replace("{prompt}", prompt),
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=sample,
        )
