"""How an item is put to a model."""

from __future__ import annotations

from typing import Literal

from auditor.probe.benchmark.contrast import ContrastParameters
from auditor.probe.benchmark.item import BenchmarkQuestion
from auditor.record.request import Prompt, user


class WordedParameters(ContrastParameters):
    """Parameters of every comparison that puts the question itself.

    Attributes:
        form: Whether a question is put as a conversation or as text to continue.
        listed: Layout of a question with options; ``{question}`` and ``{options}`` are replaced.
        short: Layout of a question without options.
    """

    form: Literal["chat", "text"] = "text"
    listed: str = "Question: {question}\n{options}\nAnswer:"
    short: str = "Question: {question}\nAnswer:"

    def prompt(self, question: BenchmarkQuestion) -> Prompt:
        """The question as a prompt, in the words in which it was put elsewhere where there are any."""
        if question.context:
            return question.context
        layout = self.listed if question.options else self.short
        return self.laid_out(
            layout.replace("{options}", question.listed).replace("{question}", question.question)
        )

    def laid_out(self, text: str) -> Prompt:
        """A text as a prompt."""
        return user(text) if self.form == "chat" else text
