"""Whole recordings: every recorded answer of a model at once, aligned to its prompts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.record.observation import Transcript, Unanswered
from auditor.target.recorded_entry import TextEntry, normal


def transcribe(recorded: Iterable[Sequence[TextEntry]], sample: int) -> Transcript | Unanswered:
    """The ``sample``-th answer to every prompt that was answered so often.

    Args:
        recorded: For each prompt its answers, in the order of the recording.
        sample: Counted from 0. A negative one is not there.
    """
    chosen = [entries[sample] for entries in recorded if 0 <= sample < len(entries)]
    if not chosen:
        which = f"no prompt was answered {sample + 1} times" if sample else "no answer in words"
        return Unanswered(reason=f"{which} in this recording")
    return Transcript(
        prompts=tuple(normal(one.prompt) for one in chosen),
        answers=tuple(one.answer.text for one in chosen),
    )


def no_recording() -> Unanswered:
    """The answer of a model that is asked and not read."""
    return Unanswered(reason="this model is asked question by question; nothing of it is recorded")
