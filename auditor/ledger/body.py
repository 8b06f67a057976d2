"""Bodies of the records that are the ledger's own: seals, conclusions and imports.

The bodies of plans, observations and findings are the frozen records of those names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.record.scan import Environment
from auditor.record.subject import Subject
from auditor.record.verdict import Verdict


class Point(StrEnum):
    """When a seal is set: after the plan, on going on in another environment, after the conclusion."""

    START = "start"
    RESUME = "resume"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A Merkle root over all records before the seal.

    Attributes:
        point: When it was set.
        leaves: How many records it covers.
        root: Their Merkle root.
        environment: Where the run starts or goes on; None at the end.
    """

    point: Point
    leaves: int
    root: str
    environment: Environment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The body of a ``verdict`` record: what a run ends with besides its findings.

    Attributes:
        verdict: What the policy makes of the findings, or None where nothing was judged.
        advice: What a further teacher, base or control would add.
        asked: Answers recorded during the run.
        reused: Answers that were there before the run began.
    """

    verdict: Verdict | None
    advice: tuple[str, ...]
    asked: int
    reused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Where the answers that follow were taken from, and whose they are."""

    source: str
    source_digest: str
    subjects: tuple[Subject, ...]
