"""What one probe concludes about one claim, with the exhibits that a reader follows to the answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from auditor.digest import digest_json
from auditor.record.result import TestResult


class Claim(StrEnum):
    """The claims, kept apart: scores of different claims are never added up."""

    ANCESTRY = "ancestry"
    DISTILLED_FROM = "distilled_from"
    TRAINED_ON_SERVED = "trained_on_served"
    SAFETY_LOSS = "safety_loss"
    OVER_REFUSAL = "over_refusal"
    BENCHMARK_OVERFIT = "benchmark_overfit"
    ERROR_INHERITANCE = "error_inheritance"
    MONOCULTURE = "monoculture"
    TRACE_CONTAMINATION = "trace_contamination"
    CALIBRATION_LOSS = "calibration_loss"
    TAIL_LOSS = "tail_loss"
    DECLARATION_MISMATCH = "declaration_mismatch"


class Outcome(StrEnum):
    """Whether the evidence supports the claim. ``does_not_support`` needs a design that could have."""

    SUPPORTS = "supports"
    DOES_NOT_SUPPORT = "does_not_support"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A named quantity for policy rules and for the report; ``unit`` is empty for words and counts."""

    name: str
    value: float | int | str | bool
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of plain values under named columns."""

    kind: Literal["table"] = "table"
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | bool | None, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One estimate with its interval."""

    label: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """Estimates of one quantity side by side; drawn as a forest plot with ``reference`` as a line."""

    kind: Literal["estimates"] = "estimates"
    title: str
    unit: str
    rows: tuple[Estimate, ...]
    reference: float | None = None
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPair:
    """Answers of two subjects to one prompt, with what a judge made of each."""

    item: str
    category: str
    prompt: str
    first: str
    first_label: str
    second: str
    second_label: str
    flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Answer pairs, worst first. ``harmful`` text is folded where it is shown."""

    kind: Literal["side-by-side"] = "side-by-side"
    title: str
    first_name: str
    second_name: str
    pairs: tuple[AnswerPair, ...]
    harmful: bool = False


Exhibit = Table | Estimates | SideBySide


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A conclusion about one claim, for one suspect and at most one teacher.

    Attributes:
        claim: What is claimed.
        probe: ``suite/probe-id``.
        method: Registered name of the method that measured it.
        suspect: Digest of the suspect.
        teacher: Digest of the teacher that the claim is about, or None.
        outcome: Whether the evidence supports the claim.
        reason: One sentence of what was seen and why it leads to the outcome; mandatory.
        result: The test, where one was made.
        decisive: What would decide it, for an inconclusive or not applicable finding.
        facts: Named quantities for policy and report.
        exhibits: Tables, plots and answers side by side.
        observation_ids: Identities of the observations it was measured from.
        limits: What this finding does not show.
    """

    claim: Claim
    probe: str
    method: str
    suspect: str
    outcome: Outcome
    reason: str
    teacher: str | None = None
    result: TestResult | None = None
    decisive: str = ""
    facts: tuple[Fact, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    observation_ids: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Identity of what is found, stable over reruns: claim, probe, suspect and teacher."""
        return digest_json([self.claim.value, self.probe, self.suspect, self.teacher])

    def fact(self, name: str) -> float | int | str | bool | None:
        """The value of a named fact, or None."""
        return next((one.value for one in self.facts if one.name == name), None)
