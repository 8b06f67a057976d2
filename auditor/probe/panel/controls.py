"""The panel of controls: who may stand in the suspect's place, and what a rank among them allows to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from auditor.record.finding import Outcome
from auditor.record.observation import Observations
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.stats.conformal import (
    StratumRank,
    attains,
    conformal_test,
    controls_needed,
    critical_value,
    prediction_p,
)

FROM_TEACHER = "distilled from this teacher"
FROM_SHARED_DATA = "from this teacher or something that shares its data"
FROM_SIBLING = "from this teacher or a sibling of it"
NO_EVIDENCE = "no evidence"
UNDECIDED = "undecided"

#: What a stratum without enough members leaves open.
LEFT_OPEN = {
    Stratum.SAME_BASE: "what the suspect's base alone explains is not separated",
    Stratum.SAME_DATA: "an innocent model trained on the teacher's own data cannot be excluded",
    Stratum.SIBLING_STUDENT: "a student of a sibling of the teacher cannot be excluded",
    Stratum.UNRELATED: "how far unrelated models scatter is not shown",
}
#: Strata whose members share something with the teacher; the others are innocent on every count.
RELATED = (Stratum.SAME_DATA.value, Stratum.SIBLING_STUDENT.value)


@dataclass(frozen=True, slots=True)
class Panel:
    """Controls that may stand in the suspect's place, and why others may not."""

    members: tuple[Subject, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rank among the controls allows to say.

    Attributes:
        outcome: Whether the claim is supported.
        answer: One of the answers above.
        p_value: The largest p-value over the strata that count; None without controls.
        smallest: The smallest p-value that the panel could have returned; None without controls.
        why: How the suspect ranks, as a clause.
        decisive: What would decide it, where it is not decided.
        threshold: Score that the suspect must exceed for the claim; infinite if no score suffices.
        parametric_p: Companion under normal control scores; never the guarantee.
        limits: What the panel leaves open.
    """

    outcome: Outcome
    answer: str
    p_value: float | None
    smallest: float | None
    why: str
    decisive: str
    threshold: float
    parametric_p: float | None
    limits: tuple[str, ...]


def stratum_of(control: Subject) -> str:
    """The control's stratum; unrelated where none was stated."""
    return (control.stratum or Stratum.UNRELATED).value


def panel_of(seen: Observations, access: Access, others: Sequence[Subject] = ()) -> Panel:
    """Controls with at least ``access`` that are not at the same time one of the examined models.

    Args:
        seen: Who is who.
        access: What a control must allow.
        others: Models that must not be their own control: teachers and, where it is the reference, the
            base. The suspect always is.
    """
    taken = {seen.suspect.digest: "the suspect"} | {one.digest: one.name for one in others}
    members: list[Subject] = []
    limits: list[str] = []
    known: set[str] = set()
    shallow: dict[Access, list[str]] = {}
    for control in seen.of_role(Role.CONTROL):
        if control.digest in taken:
            limits.append(
                f"Control {control.name} is the same model as {taken[control.digest]} and was left out."
            )
        elif control.digest in known:
            limits.append(f"Control {control.name} repeats another control and was left out.")
        elif control.access < access:
            shallow.setdefault(control.access, []).append(control.name)
        else:
            known.add(control.digest)
            members.append(control)
    limits += [_without_rank(names, reached) for reached, names in sorted(shallow.items())]
    unstated = sum(1 for one in members if one.stratum is None)
    if unstated:
        limits.append(
            f"For {unstated} of {len(members)} controls no stratum is stated; unrelated is assumed."
        )
    return Panel(tuple(members), tuple(limits))


def _without_rank(names: Sequence[str], reached: Access) -> str:
    who = f"Control {names[0]} allows" if len(names) == 1 else f"{len(names)} controls allow"
    rank = "has no rank" if len(names) == 1 else "have no rank"
    return f"{who} no more than {reached.label} and {rank}."


def judge(score: float, controls: Mapping[str, Sequence[float]], alpha: float) -> Judgement:
    """Turn a rank among controls into an outcome.

    A stratum is *adequate* if it has enough members to give p <= alpha. The p-value is the largest over
    the adequate strata. A stratum that is too small can only speak against the claim: it blocks it where
    one of its members reaches the suspect, and leaves its alternative open where none does. That is
    stricter than leaving small strata out, which would be valid too.

    Standing out from unrelated and same-base controls but not from those that share data (or siblings)
    with the teacher is the middle answer, and undecided: the suspect learned from one or the other.

    Args:
        score: The suspect's statistic; larger speaks for the claim.
        controls: The statistic of the controls, by stratum.
        alpha: Level of the test.
    """
    test = conformal_test(score, controls)
    adequate = [rank for rank in test.ranks if attains(rank.n, alpha)]
    thin = [rank for rank in test.ranks if not attains(rank.n, alpha)]
    limits = _limits(test.ranks, alpha)
    if not adequate:
        return _unattainable(test.ranks, controls, score, alpha, limits)
    blocking = [rank for rank in thin if rank.reached]
    failed = [rank for rank in adequate if rank.p_value > alpha]
    passed_clean = any(rank.p_value <= alpha and rank.stratum not in RELATED for rank in adequate)
    decisive = ""
    if failed and not (passed_clean and all(rank.stratum in RELATED for rank in failed)):
        outcome, answer = Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE
    elif failed:
        outcome = Outcome.INCONCLUSIVE
        answer = FROM_SHARED_DATA if any(r.stratum == Stratum.SAME_DATA for r in failed) else FROM_SIBLING
        decisive = (
            "twins of the teacher, or its logged answers, tell the teacher from what it shares data with"
        )
    elif blocking:
        outcome, answer = Outcome.INCONCLUSIVE, UNDECIDED
        decisive = "; ".join(_more(rank, alpha) for rank in blocking)
    else:
        outcome = Outcome.SUPPORTS
        answer = strongest_answer({rank.stratum for rank in adequate})
    parametric = [prediction_p(score, controls[rank.stratum]) for rank in adequate]
    return Judgement(
        outcome=outcome,
        answer=answer,
        p_value=max(rank.p_value for rank in (*adequate, *blocking)),
        smallest=max(rank.smallest for rank in adequate),
        why=_ranks(test.ranks),
        decisive=decisive,
        threshold=max(critical_value(controls[rank.stratum], alpha) for rank in adequate),
        parametric_p=max((p for p in parametric if p is not None), default=None),
        limits=limits,
    )


def strongest_answer(excluded: Set[str], *, against_twins: bool = False) -> str:
    """What may be said when every stratum is passed: whoever was not among the controls is not excluded.

    Args:
        excluded: The strata that are passed.
        against_twins: Whether the teacher was also set against its twins. Students of a sibling among the
            controls do not exclude a copy of the sibling, which is nearer to the teacher than they are.
    """
    if Stratum.SAME_DATA.value not in excluded:
        return FROM_SHARED_DATA
    if Stratum.SIBLING_STUDENT.value in excluded and against_twins:
        return FROM_TEACHER
    return FROM_SIBLING


def _unattainable(
    ranks: Sequence[StratumRank],
    controls: Mapping[str, Sequence[float]],
    score: float,
    alpha: float,
    limits: tuple[str, ...],
) -> Judgement:
    """Too few controls anywhere: inconclusive, and not clean."""
    needed = controls_needed(alpha)
    largest = max(ranks, key=lambda rank: rank.n, default=None)
    if largest is None:
        why = "there is no control, and without controls a preference has no null"
        decisive = f"{needed} controls, models known not to derive from any candidate teacher"
    else:
        why = f"p <= {alpha:g} is not attainable: {_ranks(ranks)}"
        decisive = _more(largest, alpha)
    return Judgement(
        outcome=Outcome.INCONCLUSIVE,
        answer=UNDECIDED,
        p_value=max((rank.p_value for rank in ranks), default=None),
        smallest=min((rank.smallest for rank in ranks), default=None),
        why=why,
        decisive=decisive,
        threshold=float("inf"),
        parametric_p=prediction_p(score, controls[largest.stratum]) if largest else None,
        limits=limits,
    )


def _more(rank: StratumRank, alpha: float) -> str:
    missing = controls_needed(alpha) - rank.n
    return f"{missing} more control{'s' if missing != 1 else ''} in stratum {rank.stratum}"


def _ranks(ranks: Sequence[StratumRank]) -> str:
    return ", ".join(
        f"{rank.reached or 'none'} of {rank.n} {rank.stratum} control{'s' if rank.n != 1 else ''} "
        f"reach{'es' if rank.reached == 1 else ''} it"
        for rank in ranks
    )


def _limits(ranks: Sequence[StratumRank], alpha: float) -> tuple[str, ...]:
    """One sentence for every stratum that is empty or too small."""
    sizes = {rank.stratum: rank.n for rank in ranks}
    lines = []
    for stratum, left_open in LEFT_OPEN.items():
        n = sizes.get(stratum.value, 0)
        if not n:
            lines.append(f"No control is in stratum {stratum.value}: {left_open}.")
        elif not attains(n, alpha):
            lines.append(
                f"Only {n} of {controls_needed(alpha)} controls are in stratum {stratum.value}: {left_open}."
            )
    if attains(sizes.get(Stratum.SIBLING_STUDENT.value, 0), alpha):
        lines.append(
            "A copy of a sibling of the teacher is nearer to it than students of siblings are, and is not "
            "excluded by them; twins of the teacher (--twin) tell it."
        )
    return tuple(lines)
