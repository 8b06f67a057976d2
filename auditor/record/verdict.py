"""What a policy makes of the findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The three-valued outcome of a scan under a policy."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class RuleState(StrEnum):
    """The state of one rule."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """How much a fired rule weighs."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Mode(StrEnum):
    """What a fired rule does: fail the scan, warn, or inform."""

    DENY = "deny"
    WARN = "warn"
    INFO = "info"


class WaiverStatus(StrEnum):
    """What became of a waiver on the day of judgement.

    ``applied``: it covered a violation. ``unused``: it is in force, and its rule found nothing to cover.
    ``unmatched``: it is about a rule, a model or a finding that is not here. ``expired``: its time is over.
    ``refused``: it does not count for another reason, such as a missing second approver.
    """

    APPLIED = "applied"
    UNUSED = "unused"
    UNMATCHED = "unmatched"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverResult:
    """One waiver as it was written, and what became of it.

    Attributes:
        rule: Id of the rule that it is about.
        subject: Digest of the model that it is about.
        finding: Fingerprint of the one finding that it covers; None covers every finding of the rule.
        reason: Why the violation is accepted.
        ticket: Where the decision is on record.
        approver: Who accepts it.
        second_approver: Who else does.
        approved_on: First day on which it counts, as YYYY-MM-DD.
        expires: Last day on which it counts, as YYYY-MM-DD.
        status: What became of it.
        note: Why, in words; empty where it was applied.
        line: Its line in the waiver file, counted from 1.
    """

    rule: str
    subject: str
    reason: str
    ticket: str
    approver: str
    approved_on: str
    expires: str
    status: WaiverStatus
    finding: str | None = None
    second_approver: str | None = None
    note: str = ""
    line: int = 1

    @property
    def summary(self) -> str:
        """Reason, ticket, approvers and expiry on one line."""
        people = self.approver + (f" and {self.second_approver}" if self.second_approver else "")
        return (
            f"{self.reason} ({self.ticket}; approved by {people} on {self.approved_on}; "
            f"expires {self.expires})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One rule, evaluated: its state, the message for a reader, and the findings it looked at.

    Attributes:
        line: Line of the rule in its policy file, counted from 1.
        findings: Fingerprints of the findings that led to this state.
        decisive: What would decide it, where the state is inconclusive.
        waiver: Reason, approver and expiry of the waiver, where the state is waived.
    """

    rule: str
    title: str
    severity: Severity
    mode: Mode
    state: RuleState
    message: str
    why: str = ""
    maps: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    decisive: str = ""
    waiver: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a scan under one policy pack.

    Attributes:
        policy: Name of the pack.
        policy_title: Its title.
        policy_digest: Its digest.
        status: The outcome.
        rules: Every rule, evaluated, in the order of the pack.
        waivers: Every waiver that was put forward, in the order of its file, with what became of it.
        waivers_digest: Digest of the waivers as they were written; empty where none was put forward.
    """

    policy: str
    policy_title: str
    policy_digest: str
    status: Status
    rules: tuple[RuleResult, ...]
    waivers: tuple[WaiverResult, ...] = ()
    waivers_digest: str = ""

    def in_state(self, state: RuleState) -> tuple[RuleResult, ...]:
        """The rules in ``state``."""
        return tuple(rule for rule in self.rules if rule.state is state)
