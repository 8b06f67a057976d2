"""What is left of a judgement where a score lies within the scatter that few controls foretell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, RELATED, UNDECIDED, Judgement
from auditor.record.finding import Outcome
from auditor.record.subject import Stratum

#: Strata whose scatter may explain a score, and what is left to say then.
_WEAKER = ((Stratum.SAME_DATA.value, FROM_SHARED_DATA), (Stratum.SIBLING_STUDENT.value, FROM_SIBLING))


def held_back(judgement: Judgement, companions: Mapping[str, float], level: float) -> Judgement:
    """The judgement of a rank, or one that says less where mere scatter explains the score.

    Args:
        judgement: What the rank among controls allows.
        companions: Parametric p-value of the score in every stratum of controls that allows one.
        level: Largest p-value at which a score lies beyond the scatter.
    """
    clean = max((p for name, p in companions.items() if name not in RELATED), default=None)
    judgement = replace(judgement, parametric_p=clean)
    if judgement.outcome is Outcome.DOES_NOT_SUPPORT or judgement.answer == UNDECIDED:
        return judgement
    if clean is None or clean > level:
        return replace(
            judgement,
            outcome=Outcome.INCONCLUSIVE,
            answer=UNDECIDED,
            why=f"{judgement.why}, but it lies within the scatter that few controls foretell",
            decisive="more controls",
        )
    if judgement.outcome is not Outcome.SUPPORTS or judgement.answer == FROM_SHARED_DATA:
        return judgement
    for stratum, answer in _WEAKER:
        if companions.get(stratum, 0.0) > level:
            return replace(
                judgement,
                outcome=Outcome.INCONCLUSIVE,
                answer=answer,
                why=f"{judgement.why}, but the scatter of {stratum} controls explains its score",
                decisive="twins of the teacher, or its logged answers",
            )
    return judgement
