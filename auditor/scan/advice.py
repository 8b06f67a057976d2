"""What a further model would add to a scan, in one line each."""

from __future__ import annotations

from collections import Counter

from auditor.record.scan import Plan
from auditor.record.subject import Access, Role, Stratum

#: Controls in a stratum with which a conformal p-value can reach 0.05.
_ENOUGH_CONTROLS = 19
#: Twins of a teacher with which it can be told from whatever shares its data.
_ENOUGH_TWINS = 8


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
    lines += _telling_the_teacher(plan, roles)
    if suspect.access < Access.LOGPROBS:
        lines.append(
            f"Log-probabilities or weights of the suspect (now: {suspect.access.label}) would allow the "
            "likelihood methods."
        )
    return tuple(lines)


def _telling_the_teacher(plan: Plan, roles: Counter[Role]) -> list[str]:
    """What tells a teacher from whatever shares its data."""
    if not roles[Role.TEACHER]:
        return []
    lines = []
    related = [one for one in plan.subjects if one.role is Role.CONTROL and one.stratum is Stratum.SAME_DATA]
    if not related:
        lines.append(
            "Controls trained on the teacher's data without the teacher (--control same-data=MODEL) would "
            "exclude such models, which look like its students."
        )
    elif not all(one.related_to for one in related):
        lines.append(
            "It is not said whose data some controls share (--control same-data:TEACHER=MODEL), so that they "
            "cannot serve the test of one teacher among its twins."
        )
    if roles[Role.TWIN] < _ENOUGH_TWINS:
        lines.append(
            f"{_ENOUGH_TWINS} twins of the teacher (--twin TEACHER=MODEL), of its recipe with other seeds, "
            "would allow the answer 'distilled from', rather than 'from it or something like it'."
        )
    return lines
