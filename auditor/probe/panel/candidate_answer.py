"""What a rank among controls allows to say of one candidate, where several may answer together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, NO_EVIDENCE, UNDECIDED, Judgement
from auditor.probe.panel.findings import Conclusion
from auditor.record.finding import Outcome

#: Answers that leave more open than that either of two candidates was the teacher.
_WEAKER = (FROM_SHARED_DATA, NO_EVIDENCE, UNDECIDED)


def answer_about(
    place: int,
    *,
    names: Sequence[str],
    named: Sequence[int],
    judgement: Judgement,
    reason: str,
    doubt: tuple[str, str] | None,
) -> Conclusion:
    """Turn a judgement into an answer.

    Args:
        place: The candidate.
        names: The names of all candidates.
        named: The candidates of the set that explains the suspect best, the nearest first.
        judgement: What the rank allows to say.
        reason: What was seen, as a clause.
        doubt: Why a score that stands out is no support all the same, and what would settle that.
    """
    first = names[named[0]]
    if judgement.outcome is Outcome.DOES_NOT_SUPPORT:
        least = judgement.threshold
        found = f"; {least:.1f} would have been found" if np.isfinite(least) else ""
        return Conclusion(judgement.outcome, NO_EVIDENCE, reason + found, "")
    supported = judgement.outcome is Outcome.SUPPORTS
    if doubt is not None and judgement.answer != UNDECIDED:
        return Conclusion(Outcome.INCONCLUSIVE, UNDECIDED, f"{reason}, but {doubt[0]}", doubt[1])
    if place not in named:
        if supported:
            reason = f"{reason}, but it follows {first} more: both may have been teachers"
            decisive = "more prompts, or known students of either"
            return Conclusion(Outcome.INCONCLUSIVE, UNDECIDED, reason, decisive)
        return Conclusion(judgement.outcome, judgement.answer, reason, judgement.decisive)
    answer = judgement.answer if judgement.answer in _WEAKER else FROM_SIBLING
    if place != named[0]:
        name = names[place]
        reason = f"{reason}; {first} and {name} together explain it best, and {first} more than {name}"
        decisive = f"twins of {first} or {name}, or their logged answers"
        return Conclusion(Outcome.INCONCLUSIVE, answer, reason, decisive)
    if supported and len(named) > 1:
        reason = f"{reason}; {names[named[1]]} cannot be excluded, since the two together explain it best"
        return Conclusion(Outcome.SUPPORTS, answer, reason, "")
    return Conclusion(judgement.outcome, judgement.answer, reason, judgement.decisive)
