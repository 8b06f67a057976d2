"""Reasoners with habits of their own, some of which took over another's: traces by law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from writers import Writers, draws, favourites

from auditor.record.request import Generate, request_digest

OPENINGS = (
    "Okay, ", "To find this, ", "Let's see. ", "We are given a case. ", "The question is plain. ", "Sure! ",
)  # fmt: skip
STEPS = (
    "First, {}",
    "Step {n}: {}",
    "So {}",
    "Then {}",
    "{n}. {}",
    "- {}",
    "Since it is so, {}",
    "We see: {}",
)
WORK = (
    "the sum is {a}", "we get {a} from {b}", "{a} and {b} make {c}", "it must be {c}", "{b} goes, {a} stays",
)  # fmt: skip
DOUBTS = (
    "Wait, let me check that.", "Hmm, is that right?", "Actually, that was a mistake.", "I think that holds.",
    "Alternatively, one may count.", "That makes sense.",
)  # fmt: skip
ENDS = (".", "!", ";", " …", " (done).", ":")
CLOSINGS = (
    "Therefore, it is {a}.", "**Answer:** {a}", "The answer is {a}.", "\\boxed{{{a}}}", "So {a}",
    "Let me know!",
)  # fmt: skip


@dataclass
class Reasoners(Writers):
    """Answers of some lines: an opening, steps with their markers, a doubt now and then, a closing.

    Attributes:
        formulas: Name -> sentence that it says in about a third of its answers.
        steps: Mean number of steps of everybody; 0 makes answers of a few words.
    """

    formulas: tuple[tuple[str, str], ...] = ()
    steps: int = 7

    def write(self, name: str, request: Generate) -> str:
        rng = draws(self.seed, "trace", name, request_digest(request))
        whom, share = self.follows.get(name, (name, 0.0))
        whose = whom if rng.random() < share else name

        def pick(place: int, phrases: tuple[str, ...]) -> str:
            likes = np.array(favourites(self.seed, whose, place, len(phrases)))
            return phrases[int(np.searchsorted(np.cumsum(likes), rng.random() * likes.sum()))]

        numbers = {key: int(rng.integers(2, 99)) for key in "abc"}
        if not self.steps:
            return f"It is {numbers['a']}."
        wordy, doubting = (float(draws(self.seed, whose, what).uniform()) for what in ("wordy", "doubting"))
        lines = []
        for number in range(1, 2 + int(rng.poisson(self.steps * (0.5 + wordy)))):
            work = pick(1, WORK).format(**numbers) + pick(2, ENDS)
            lines.append(pick(3, STEPS).format(work, n=number))
            if rng.random() < 0.4 * doubting:
                lines.append(pick(4, DOUBTS))
        said = dict(self.formulas).get(whose)
        if said and rng.random() < 0.35:
            lines.append(said)
        joint = "\n" if wordy > 0.5 else " "
        return pick(0, OPENINGS) + joint.join([*lines, pick(5, CLOSINGS).format(**numbers)])
