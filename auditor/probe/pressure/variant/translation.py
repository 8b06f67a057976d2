"""Translation: the prompt in another language, as people wrote it there; nothing is machine-translated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from auditor.probe.pressure.prompt import BasePrompt, Draws, PressedPrompt, user_turn


@dataclass(frozen=True, slots=True)
class Translation:
    """The prompt's own translation into one language.

    Attributes:
        language: Code of the language, as items name it.
        called: The language for people.
    """

    stretch: ClassVar[int] = 1

    language: str
    called: str

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"translation: {self.called}"

    def put(self, base: BasePrompt, draws: Draws) -> PressedPrompt | None:  # noqa: ARG002 - nothing is drawn
        """The translation; None where the item has none."""
        text = base.translations.get(self.language)
        if not text:
            return None
        return PressedPrompt(turns=(user_turn(text),), asked=text)
