"""Waivers: a named person accepts a fired rule for one model, for a stated time.

A waiver never decides what the evidence left open: it is applied to violations only, the finding stays
visible, and the model is named by its digest, so that other weights under the same name are not covered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from auditor.digest import digest_json
from auditor.policy.document import IsoDate, read_document
from auditor.record.verdict import Severity, WaiverResult, WaiverStatus

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

#: Severities that one person alone cannot waive.
NEEDS_TWO = frozenset({Severity.HIGH, Severity.CRITICAL})


class _WrittenWaiver(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Text
    subject: Digest
    finding: Digest | None = None
    reason: Text
    ticket: Text
    approver: Text
    second_approver: Text | None = None
    approved_on: IsoDate
    expires: IsoDate


class _WaiverFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    waivers: tuple[_WrittenWaiver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One waiver.

    Attributes:
        rule: Id of the rule that it is about.
        subject: Digest of the suspect that it is about.
        finding: Fingerprint of the one finding that it covers; None covers every finding of the rule.
        reason: Why the violation is accepted.
        ticket: Where the decision is on record.
        approver: Who accepts it.
        second_approver: Who else does; needed for severity high and above.
        approved_on: First day on which it counts.
        expires: Last day on which it counts.
        line: Its line in the waiver file, counted from 1.
    """

    rule: str
    subject: str
    reason: str
    ticket: str
    approver: str
    approved_on: date
    expires: date
    finding: str | None = None
    second_approver: str | None = None
    line: int = 1

    def covers(self, rule: str, subject: str, fingerprint: str | None) -> bool:
        """Whether it is about this rule, this suspect and this finding."""
        return (
            self.rule == rule
            and self.subject == subject
            and (self.finding is None or self.finding == fingerprint)
        )

    def objection(self, severity: Severity, longest: int, today: date | None) -> str:
        """Why it does not count for a rule of this severity on this day; empty where it counts.

        Args:
            severity: Severity of the rule.
            longest: Most days from approval to expiry that the pack allows.
            today: The day of judgement; without one, no waiver counts.
        """
        if today is None:
            return "the day of judgement is not known"
        if self.expires < self.approved_on:
            return "it expires before it was approved"
        if (self.expires - self.approved_on).days > longest:
            return f"it runs for more than the {longest} days that this policy allows"
        if today < self.approved_on:
            return f"it counts from {self.approved_on.isoformat()} on"
        if today > self.expires:
            return f"it expired on {self.expires.isoformat()}"
        if severity in NEEDS_TWO:
            if self.second_approver is None:
                return f"severity {severity.value} needs a second approver"
            if self.second_approver.strip().casefold() == self.approver.strip().casefold():
                return "both approvers are the same person"
        return ""

    def written(self) -> dict[str, str | None]:
        """What the file says of it, without the place: dates as YYYY-MM-DD, no value as None."""
        found: dict[str, str | None] = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
            if name != "line"
        }
        return found

    def result(self, status: WaiverStatus, note: str = "") -> WaiverResult:
        """The record of what became of it."""
        return WaiverResult(
            rule=self.rule,
            subject=self.subject,
            finding=self.finding,
            reason=self.reason,
            ticket=self.ticket,
            approver=self.approver,
            second_approver=self.second_approver,
            approved_on=self.approved_on.isoformat(),
            expires=self.expires.isoformat(),
            status=status,
            note=note,
            line=self.line,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What a rule had for waivers to cover.

    Attributes:
        severity: Severity of the rule.
        findings: Fingerprints of the findings that it looked at.
    """

    severity: Severity
    findings: frozenset[str]


def load_waivers(path: str | Path) -> tuple[Waiver, ...]:
    """Read a waiver file: one key ``waivers`` with a list.

    Raises:
        PolicyError: If a key is unknown or missing, or a date or digest malformed; with file and line.
    """
    document = read_document(Path(path))
    written = document.parse(
        _WaiverFile, kind="the waiver file", fix="a waiver needs rule, subject, reason, ticket and its dates"
    )
    return tuple(
        Waiver(line=document.line(("waivers", index)), **one.model_dump())
        for index, one in enumerate(written.waivers)
    )


def waivers_digest(waivers: Sequence[Waiver]) -> str:
    """Digest of what waivers say, whatever their file looks like; empty where there are none."""
    return digest_json([one.written() for one in waivers]) if waivers else ""


def review(
    waivers: Sequence[Waiver],
    *,
    applied: Sequence[Waiver],
    rules: Mapping[str, Covered],
    subject: str,
    longest: int,
    today: date | None,
) -> tuple[WaiverResult, ...]:
    """What became of each waiver, with the reason.

    Args:
        waivers: Everything that was put forward.
        applied: Those that covered a violation.
        rules: What each rule of the policy had to cover, by its id.
        subject: Digest of the suspect.
        longest: Most days from approval to expiry that the policy allows.
        today: The day of judgement; without one, no waiver counts.
    """
    return tuple(
        one.result(WaiverStatus.APPLIED)
        if one in applied
        else one.result(*_unapplied(one, applied, rules, subject, longest, today))
        for one in waivers
    )


def _unapplied(
    waiver: Waiver,
    applied: Sequence[Waiver],
    rules: Mapping[str, Covered],
    subject: str,
    longest: int,
    today: date | None,
) -> tuple[WaiverStatus, str]:
    rule = rules.get(waiver.rule)
    if rule is None:
        return WaiverStatus.UNMATCHED, f"this policy has no rule '{waiver.rule}'"
    if waiver.subject != subject:
        return WaiverStatus.UNMATCHED, "it is about another model"
    if objection := waiver.objection(rule.severity, longest, today):
        expired = today is not None and today > waiver.expires
        return (WaiverStatus.EXPIRED if expired else WaiverStatus.REFUSED), objection
    if waiver.finding is not None and waiver.finding not in rule.findings:
        return WaiverStatus.UNMATCHED, "the rule looked at no finding with this fingerprint"
    shared = any(one.rule == waiver.rule for one in applied)
    beside = " beside what another waiver covers" if shared else ""
    return WaiverStatus.UNUSED, f"the rule found nothing that it could cover{beside}"
