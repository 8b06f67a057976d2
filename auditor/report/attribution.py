"""Who taught it? What all methods together say of each candidate, and whom they leave open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.result import Guarantee, TestResult
from auditor.record.scan import Scan
from auditor.record.subject import Role
from auditor.report.cast import Cast
from auditor.report.numerals import count, number, p_words
from auditor.report.wording import amount, detectable

#: Outcomes from what speaks most for a candidate to what speaks least.
_ORDER = (Outcome.SUPPORTS, Outcome.INCONCLUSIVE, Outcome.FAILED, Outcome.DOES_NOT_SUPPORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What one method says of one candidate.

    Attributes:
        method: Its name.
        state: Its outcome, for colour and icon.
        words: Rank among the controls, p-value and lead over the next candidate, as far as there are any.
        anchor: Where the evidence stands.
    """

    method: str
    state: str
    words: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one candidate stands.

    Attributes:
        name: The candidate.
        state: The outcome that speaks most for it.
        answer: The strongest words that a method has for it.
        voices: The methods, those that speak for it first.
    """

    name: str
    state: str
    answer: str
    voices: tuple[Voice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The answer to who taught the suspect, as far as the evidence goes.

    Attributes:
        answer: In one or two sentences.
        standings: The candidates, nearest first.
        least: What each method would have found, where nobody is named.
    """

    answer: str
    standings: tuple[Standing, ...]
    least: tuple[str, ...]


def attribution(scan: Scan, cast: Cast) -> Attribution | None:
    """Gather what was found about learning from outputs; None where no method came to anything."""
    findings = [
        (f"finding-{place}", finding)
        for place, finding in enumerate(scan.findings, start=1)
        if finding.claim is Claim.DISTILLED_FROM
        and finding.teacher is not None
        and finding.outcome is not Outcome.NOT_APPLICABLE
        and _has_a_voice(finding)
    ]
    if not findings:
        return None
    by_teacher: dict[str, list[tuple[str, Finding]]] = {}
    for anchor, finding in findings:
        by_teacher.setdefault(finding.teacher or "", []).append((anchor, finding))
    order = sorted(by_teacher, key=lambda teacher: _nearness([one for _, one in by_teacher[teacher]]))
    everybody = [one for _, one in findings]
    standings = tuple(_standing(cast.name(one) or one, by_teacher[one], everybody) for one in order)
    declared = sum(one.role is Role.TEACHER for one in scan.plan.subjects)
    return Attribution(
        answer=_answer(standings, max(declared, len(standings))),
        standings=standings,
        least=()
        if any(one.state == Outcome.SUPPORTS.value for one in standings)
        else tuple(dict.fromkeys(line for one in everybody if (line := _would_have(one, cast)))),
    )


def _has_a_voice(finding: Finding) -> bool:
    """Whether a method has an error rate to speak with, or would have had one and could not tell."""
    if finding.result is None or finding.result.guarantee is not Guarantee.INDICATIVE:
        return True
    return finding.outcome is Outcome.INCONCLUSIVE and finding.fact("answer") is not None


def points_to(finding: Finding) -> bool:
    """Whether a finding leaves open only whether it was the candidate or something that shares its data."""
    answer = finding.fact("answer")
    return finding.outcome is Outcome.SUPPORTS or (
        finding.outcome is Outcome.INCONCLUSIVE and isinstance(answer, str) and answer.startswith("from ")
    )


def _nearness(findings: Sequence[Finding]) -> tuple[int, bool, float, float]:
    """Sorts candidates: the best outcome, then the smallest p-value, then the highest rank."""
    results = [one.result for one in findings if one.result is not None]
    p_values = [one.p_value for one in results if one.p_value is not None]
    ranks = [rank for one in results if (rank := _share_below(one)) is not None]
    return (
        min(_ORDER.index(one.outcome) for one in findings),
        not any(points_to(one) for one in findings),
        min(p_values, default=math.inf),
        -(sum(ranks) / len(ranks) if ranks else 0.0),
    )


def _share_below(result: TestResult) -> float | None:
    if not result.controls or math.isnan(result.statistic):
        return None
    return sum(one.value < result.statistic for one in result.controls) / len(result.controls)


def _standing(name: str, own: Sequence[tuple[str, Finding]], everybody: Sequence[Finding]) -> Standing:
    ordered = sorted(own, key=lambda pair: (_ORDER.index(pair[1].outcome), not points_to(pair[1])))
    first = ordered[0][1]
    answer = first.fact("answer")
    return Standing(
        name=name,
        state=first.outcome.value,
        answer=answer if isinstance(answer, str) else "",
        voices=tuple(
            Voice(
                method=one.method.replace("_", " "),
                state=one.outcome.value,
                words=_words(one, everybody),
                anchor=anchor,
            )
            for anchor, one in ordered
        ),
    )


def _words(finding: Finding, everybody: Sequence[Finding]) -> str:
    result = finding.result
    if result is None:
        return ""
    parts = []
    if result.controls:
        reached = sum(one.value >= result.statistic for one in result.controls)
        parts.append(f"{reached or 'none'} of {count(len(result.controls), 'control')} as high")
    p = p_words(result)
    parts += [p] if p else []
    lead = _lead(finding, result, everybody)
    return ", ".join([*parts, *([lead] if lead else [])])


def _lead(finding: Finding, result: TestResult, everybody: Sequence[Finding]) -> str:
    """The statistic's distance from that of the next candidate, in spreads of the controls."""
    others = [
        one.result.statistic
        for one in everybody
        if one.probe == finding.probe and one.teacher != finding.teacher and one.result is not None
    ]
    values = [one.value for one in result.controls]
    if not others or len(values) < 3:
        return ""
    middle = sorted(values)[len(values) // 2]
    spread = 1.4826 * sorted(abs(one - middle) for one in values)[len(values) // 2]
    lead = (result.statistic - max(others)) / spread if spread > 0 else math.nan
    if not math.isfinite(lead):
        return ""
    side = "ahead of" if lead >= 0 else "behind"
    return f"{number(abs(round(lead, 1)))} spreads of the controls {side} the next candidate"


def _named(one: Standing) -> str:
    if one.answer.startswith("from "):
        return f"The evidence points to {one.name}: {one.answer}."
    return f"The evidence names {one.name}: {one.answer or 'supported'}."


def _would_have(finding: Finding, cast: Cast) -> str:
    fact = detectable(finding)
    if fact is None or finding.outcome is not Outcome.DOES_NOT_SUPPORT:
        return ""
    return (
        f"{finding.method.replace('_', ' ')} on {cast.name(finding.teacher)}: {amount(fact)} ({fact.meaning})"
    )


def _answer(standings: Sequence[Standing], candidates: int) -> str:
    named = [one for one in standings if one.state == Outcome.SUPPORTS.value]
    pointed = [
        one for one in standings if one.state == Outcome.INCONCLUSIVE.value and one.answer.startswith("from ")
    ]
    undecided = [
        one.name
        for one in standings
        if one.state in (Outcome.INCONCLUSIVE.value, Outcome.FAILED.value) and one not in pointed
    ]
    parts = [_named(one) for one in named]
    if pointed:
        parts.append(f"Cannot be excluded: {', '.join(f'{one.name} ({one.answer})' for one in pointed)}.")
    if undecided:
        parts.append(f"Not decided: {', '.join(undecided)}.")
    if not parts:
        whom = "The candidate is not" if candidates == 1 else f"None of the {candidates} candidates is"
        parts.append(f"{whom} named. A teacher that is not among the candidates is not excluded.")
    return " ".join(parts)
