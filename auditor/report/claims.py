"""What is claimed and how strong: one line for each claim and teacher; and what stayed open."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.scan import Scan
from auditor.record.verdict import RuleState
from auditor.report.cast import Cast
from auditor.report.forest import Forest, gap
from auditor.report.plot import Spark, spark
from auditor.report.wording import (
    CLAIMS,
    OUTCOMES,
    about,
    controls_words,
    effect_words,
    ratio_words,
    strength,
)

_RANK = {
    Outcome.SUPPORTS: 0,
    Outcome.INCONCLUSIVE: 1,
    Outcome.FAILED: 2,
    Outcome.DOES_NOT_SUPPORT: 3,
    Outcome.NOT_APPLICABLE: 4,
}


#: Claims that state a risk: they stand behind those about lineage and loss, however strong they are.
_RISKS = (Claim.TRACE_CONTAMINATION,)
#: State of a finding that states a likelihood ratio: nothing is decided by it, and nothing left open.
_WEIGHED = "unjudged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One claim about one teacher, with its strength.

    Attributes:
        title: The claim in two or three words.
        about: The claim as a sentence.
        teacher: Name of the teacher, or empty.
        state: Outcome, for colour and icon.
        outcome: Outcome in words.
        strength: Outcome, p-value and guarantee in one clause.
        effect: Estimate with its interval, or empty.
        controls: Number of controls and the smallest attainable p, or empty.
        reason: What was seen and why it leads to the outcome.
        spark: Control distribution with the suspect marked.
        gap: Effect with its interval against zero.
        anchor: Where the evidence stands.
        method: Name of the method.
    """

    title: str
    about: str
    teacher: str
    state: str
    outcome: str
    strength: str
    effect: str
    controls: str
    reason: str
    spark: Spark | None
    gap: Forest | None
    anchor: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """Something that was not decided, and what would decide it."""

    state: str
    outcome: str
    title: str
    about: str
    reason: str
    decisive: str
    anchor: str


def claim_line(finding: Finding, anchor: str, cast: Cast) -> ClaimLine:
    """One finding as one line."""
    teacher = cast.name(finding.teacher)
    result = finding.result
    weighed = bool(ratio_words(finding))
    return ClaimLine(
        title=CLAIMS[finding.claim].title,
        about=cast.sentence(about(finding.claim, cast.suspect, teacher)),
        teacher=teacher or "",
        state=_WEIGHED if weighed else finding.outcome.value,
        outcome="Weighed together" if weighed else OUTCOMES[finding.outcome],
        strength=strength(finding),
        effect=effect_words(result) if result is not None and not weighed else "",
        controls=controls_words(result) if result is not None else "",
        reason=cast.sentence(finding.reason),
        spark=spark(finding, cast.suspect),
        gap=gap(finding, cast.suspect),
        anchor=anchor,
        method=finding.method,
    )


def claim_lines(scan: Scan, cast: Cast) -> tuple[ClaimLine, ...]:
    """Every finding that a method came to: supported ones first, then in the plan's order, risks last."""
    measured = [
        (f"finding-{place}", finding)
        for place, finding in enumerate(scan.findings, start=1)
        if finding.outcome is not Outcome.NOT_APPLICABLE
    ]
    measured.sort(key=lambda pair: (_RANK[pair[1].outcome], pair[1].claim in _RISKS))
    return tuple(claim_line(finding, anchor, cast) for anchor, finding in measured)


def open_points(scan: Scan, cast: Cast) -> tuple[OpenPoint, ...]:
    """Rules and findings without an answer: undecided ones first, then failed, then not measured ones."""
    points = [
        OpenPoint(
            state=rule.state.value,
            outcome="Inconclusive",
            title=f"Rule {rule.rule}: {rule.title}",
            about="",
            reason=cast.sentence(rule.message),
            decisive=cast.sentence(rule.decisive),
            anchor=f"rule-{place}",
        )
        for place, rule in enumerate(scan.verdict.rules if scan.verdict else (), start=1)
        if rule.state is RuleState.INCONCLUSIVE
    ]
    for outcome in (Outcome.INCONCLUSIVE, Outcome.FAILED, Outcome.NOT_APPLICABLE):
        points += [
            OpenPoint(
                state=outcome.value,
                outcome=OUTCOMES[outcome],
                title=_titled(finding, cast),
                about=cast.sentence(about(finding.claim, cast.suspect, cast.name(finding.teacher))),
                reason=cast.sentence(finding.reason),
                decisive=cast.sentence(finding.decisive),
                anchor=f"finding-{place}",
            )
            for place, finding in enumerate(scan.findings, start=1)
            if finding.outcome is outcome and not ratio_words(finding)
        ]
    return tuple(points)


def _titled(finding: Finding, cast: Cast) -> str:
    teacher = cast.name(finding.teacher)
    title = CLAIMS[finding.claim].title
    return f"{title}: {teacher}" if teacher else title
