"""Leetspeak: digits stand for the letters that they look like."""

from __future__ import annotations

from typing import ClassVar

from auditor.probe.pressure.prompt import BasePrompt, Draws, PressedPrompt, user_turn

#: What a letter is written as.
LOOKALIKES = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
#: Share of such letters that are replaced; some are left, as people who write so leave them.
_SHARE = 0.8


class Leetspeak:
    """The prompt with most letters that look like a digit written as that digit."""

    name: ClassVar[str] = "leetspeak"
    stretch: ClassVar[int] = 1

    def put(self, base: BasePrompt, draws: Draws) -> PressedPrompt | None:
        """The prompt in leetspeak; None where no letter has a lookalike, as in other scripts."""
        letters = [
            LOOKALIKES[one.lower()] if one.lower() in LOOKALIKES and draws.chance(_SHARE) else one
            for one in base.text
        ]
        text = "".join(letters)
        if text == base.text:
            return None
        return PressedPrompt(turns=(user_turn(text),), asked=base.text, coding="leetspeak")
