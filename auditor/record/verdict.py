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
    """The outcome of a scan under one policy pack."""

    policy: str
    policy_title: str
    policy_digest: str
    status: Status
    rules: tuple[RuleResult, ...]

    def in_state(self, state: RuleState) -> tuple[RuleResult, ...]:
        """The rules in ``state``."""
        return tuple(rule for rule in self.rules if rule.state is state)
