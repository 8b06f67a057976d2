"""What a further model would add to a scan, in one line each."""

from __future__ import annotations

from collections import Counter

from auditor.record.scan import Plan
from auditor.record.subject import Access, Role, Stratum

#: Controls in a stratum with which a conformal p-value can reach 0.05.
_ENOUGH_CONTROLS = 19


def advise(plan: Plan) -> tuple[str, ...]:
    """One line for each kind of model whose absence weakens the conclusions."""
    roles = Counter(one.role for one in plan.subjects)
    suspect = plan.suspect
    lines: list[str] = []
    if not roles[Role.TEACHER]:
        lines.append(
            "A candidate teacher (--teacher MODEL) would allow claims about ancestry, distillation and "
            "lost refusals."
        )
    if roles[Role.TEACHER] and roles[Role.CONTROL] < _ENOUGH_CONTROLS:
        lines.append(
            f"{_ENOUGH_CONTROLS - roles[Role.CONTROL]} more controls (--control STRATUM=MODEL, or a panel) "
            "would give the likeness to a teacher a null that can reach p = 0.05."
        )
    if not roles[Role.BASE]:
        lines.append(
            "The suspect's base (--base MODEL) would separate what it learned from what it started with."
        )
    strata = {one.stratum for one in plan.subjects if one.role is Role.CONTROL}
    if roles[Role.TEACHER] and Stratum.SAME_DATA not in strata:
        lines.append(
            "Controls trained on the teacher's data without the teacher (--control same-data=MODEL) would "
            "allow the answer 'distilled from', rather than 'from it or something that shares its data'."
        )
    if suspect.access < Access.LOGPROBS:
        lines.append(
            f"Log-probabilities or weights of the suspect (now: {suspect.access.label}) would allow the "
            "likelihood methods."
        )
    return tuple(lines)
