"""Every waiver that was put forward, with what became of it: none is applied or dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.record.scan import Scan
from auditor.record.verdict import WaiverResult, WaiverStatus
from auditor.report.cast import Cast, short
from auditor.report.numerals import count
from auditor.report.rules import RuleLine

OUTCOMES: dict[WaiverStatus, str] = {
    WaiverStatus.APPLIED: "Applied",
    WaiverStatus.EXPIRED: "Expired",
    WaiverStatus.REFUSED: "Refused",
    WaiverStatus.UNMATCHED: "Matches nothing",
    WaiverStatus.UNUSED: "Unused",
}
_SIGNS: dict[WaiverStatus, str] = {
    WaiverStatus.APPLIED: "waived",
    WaiverStatus.EXPIRED: "failed",
    WaiverStatus.REFUSED: "failed",
    WaiverStatus.UNMATCHED: "not_applicable",
    WaiverStatus.UNUSED: "not_applicable",
}
_COUNTED: dict[WaiverStatus, str] = {
    WaiverStatus.EXPIRED: "expired",
    WaiverStatus.REFUSED: "refused",
    WaiverStatus.UNMATCHED: "matching nothing here",
    WaiverStatus.UNUSED: "unused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverLine:
    """One waiver.

    Attributes:
        rule: Rule that it is about.
        state: Key of its sign and colour.
        outcome: What became of it, in a word or two.
        note: Why it does not count, as a sentence; empty where it was applied.
        reason: Why the violation is accepted, as a sentence.
        approval: Ticket, approvers and dates.
        scope: Which model and which findings it is about.
        place: Its line in the waiver file.
        anchor: Place of the rule on the page; empty where the policy has no such rule.
    """

    rule: str
    state: str
    outcome: str
    note: str
    reason: str
    approval: str
    scope: str
    place: str
    anchor: str


def waiver_lines(scan: Scan, cast: Cast, rules: tuple[RuleLine, ...]) -> tuple[WaiverLine, ...]:
    """The waivers of a scan: first those that did not count, each kind in the order of the file."""
    found = scan.verdict.waivers if scan.verdict else ()
    order = (
        WaiverStatus.EXPIRED,
        WaiverStatus.REFUSED,
        WaiverStatus.UNMATCHED,
        WaiverStatus.UNUSED,
        WaiverStatus.APPLIED,
    )
    anchors = {one.rule: one.anchor for one in rules}
    return tuple(_line(one, cast, anchors) for status in order for one in found if one.status is status)


def _line(one: WaiverResult, cast: Cast, anchors: dict[str, str]) -> WaiverLine:
    second = f" and {one.second_approver}" if one.second_approver else ""
    model = cast.subjects[one.subject].name if one.subject in cast.subjects else f"model {short(one.subject)}"
    findings = f"finding {short(one.finding)}" if one.finding else "every finding"
    return WaiverLine(
        rule=one.rule,
        state=_SIGNS[one.status],
        outcome=OUTCOMES[one.status],
        note=cast.sentence(one.note),
        reason=cast.sentence(one.reason),
        approval=(
            f"{one.ticket}, approved by {one.approver}{second} on {one.approved_on}, expires {one.expires}"
        ),
        scope=f"{findings} about {model}",
        place=f"line {one.line:,}",
        anchor=anchors.get(one.rule, ""),
    )


def idle_words(waivers: tuple[WaiverResult, ...]) -> str:
    """Words about waivers that did not count, or empty: ``Of 3 waivers, 1 expired and 1 unused``."""
    of = {status: sum(one.status is status for one in waivers) for status in _COUNTED}
    parts = [f"{n:,} {_COUNTED[status]}" for status, n in of.items() if n]
    if not parts:
        return ""
    said = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"Of {count(len(waivers), 'waiver')} put forward: {said}, without effect on the verdict."
