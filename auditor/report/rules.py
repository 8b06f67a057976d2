"""Every rule of the policy with its state: the passing ones are shown as well."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.record.scan import Scan
from auditor.record.verdict import RuleResult, RuleState
from auditor.report.cast import Cast, Link
from auditor.report.wording import CLAIMS, MODES, SEVERITIES, STATES, strength


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule, evaluated.

    Attributes:
        rule: Identity in the policy.
        title: What it guards.
        state: Its state, for colour and icon.
        outcome: Its state in words.
        weight: Mode and severity in words.
        message: What it says about this scan.
        why: Why the rule exists.
        decisive: What would decide it, where that is open.
        waiver: Reason, approver and expiry, where it is waived.
        maps: Clauses of frameworks that it serves.
        strengths: Strength of the findings it looked at, with links to them.
        anchor: Its own place.
    """

    rule: str
    title: str
    state: str
    outcome: str
    weight: str
    message: str
    why: str
    decisive: str
    waiver: str
    maps: tuple[str, ...]
    strengths: tuple[Link, ...]
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules in one state."""

    state: str
    title: str
    rules: tuple[RuleLine, ...]


def rule_line(rule: RuleResult, place: int, cast: Cast) -> RuleLine:
    """One rule as one line; ``place`` counts from 1."""
    return RuleLine(
        rule=rule.rule,
        title=rule.title,
        state=rule.state.value,
        outcome=STATES[rule.state],
        weight=f"{MODES[rule.mode]}, {SEVERITIES[rule.severity]}",
        message=cast.sentence(rule.message),
        why=rule.why,
        decisive=cast.sentence(rule.decisive),
        waiver=cast.sentence(rule.waiver),
        maps=rule.maps,
        strengths=tuple(_strength(one, cast) for one in rule.findings if one in cast.findings),
        anchor=f"rule-{place}",
    )


def _strength(fingerprint: str, cast: Cast) -> Link:
    anchor, finding = cast.findings[fingerprint]
    teacher = cast.name(finding.teacher)
    subject = f"{CLAIMS[finding.claim].title}, {teacher}" if teacher else CLAIMS[finding.claim].title
    return Link(words=f"{subject}: {_lower(strength(finding))}", anchor=anchor)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def rule_lines(scan: Scan, cast: Cast) -> tuple[RuleLine, ...]:
    """The rules in the order of the policy."""
    rules = scan.verdict.rules if scan.verdict else ()
    return tuple(rule_line(rule, place, cast) for place, rule in enumerate(rules, start=1))


def rule_groups(lines: tuple[RuleLine, ...]) -> tuple[RuleGroup, ...]:
    """Rules by state, passed ones first, since the others were already named above."""
    order = (
        RuleState.PASS,
        RuleState.FAIL,
        RuleState.INCONCLUSIVE,
        RuleState.WAIVED,
        RuleState.NOT_APPLICABLE,
    )
    groups = (
        RuleGroup(
            state=state.value,
            title=f"{STATES[state]} ({sum(line.state == state.value for line in lines)})",
            rules=tuple(line for line in lines if line.state == state.value),
        )
        for state in order
    )
    return tuple(group for group in groups if group.rules)
