"""A scan: what was promised before the first question, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from auditor.digest import digest_json
from auditor.record.codec import encode
from auditor.record.finding import Finding
from auditor.record.observation import Observations
from auditor.record.request import Request
from auditor.record.subject import Role, Subject
from auditor.record.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProbe:
    """A probe as it was when the plan was sealed: content digest and parameters included."""

    probe: str
    title: str
    method: str
    digest: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sealed before the first question, so that choosing after looking shows.

    Attributes:
        subjects: Everyone who may be asked, in order; the suspect first.
        probes: What will be asked and measured.
        seed: Seeds fresh items and resampling.
        seed_origin: ``drawn`` at the start of the run, or ``given`` by the user.
        policy: Name of the policy pack.
        policy_digest: Digest of the pack.
        declared_teachers: Teachers that the suspect's maker has declared.
        declared_licence: Licence that the maker has declared, where known.
        tool_version: Version of this tool.
    """

    subjects: tuple[Subject, ...]
    probes: tuple[PlannedProbe, ...]
    seed: int
    seed_origin: Literal["drawn", "given"]
    policy: str
    policy_digest: str
    declared_teachers: tuple[str, ...] = ()
    declared_licence: str | None = None
    tool_version: str = ""

    @property
    def digest(self) -> str:
        """Identity of the plan, seed included."""
        return digest_json(encode(self))

    @property
    def intent_digest(self) -> str:
        """Identity of what the user asked for: the same command gives the same one, drawn seed or not."""
        body = encode(self)
        if self.seed_origin == "drawn":
            del body["seed"]
        return digest_json(body)

    @property
    def suspect(self) -> Subject:
        """The subject under suspicion."""
        return next(one for one in self.subjects if one.role is Role.SUSPECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the scan ran; recorded beside the evidence and never digested into a finding."""

    python: str
    platform: str
    device: str
    packages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Everything a report needs, read from the ledger alone. Times are ISO 8601 in UTC.

    Attributes:
        run: Identity of the run in its ledger.
        plan: What was sealed at the start.
        plan_digest: Digest of the sealed plan, as recorded.
        findings: What was concluded, in the order of the plan.
        verdict: What the policy makes of it, or None before judgement.
        environment: Where it ran.
        started_at: When the plan was sealed.
        finished_at: When the last finding was recorded, or None while unfinished.
        asked: Questions answered during this run.
        reused: Answers that the ledger already held.
        root: Merkle root over the evidence up to the end of the run.
        advice: What a further teacher, base or control would add, one line each.
        observations: The answers, for exhibits and for recomputation.
        withheld_answers: Answers in the ledger that are withheld.
        withheld_findings: Findings of this run of which is withheld what may quote answers.
        requests: What was asked, by request digest, so that a report can print questions beside answers.
    """

    run: str
    plan: Plan
    plan_digest: str
    findings: tuple[Finding, ...]
    environment: Environment
    started_at: str
    observations: Observations
    verdict: Verdict | None = None
    finished_at: str | None = None
    asked: int = 0
    reused: int = 0
    root: str = ""
    advice: tuple[str, ...] = ()
    withheld_answers: int = 0
    withheld_findings: int = 0
    requests: Mapping[str, Request] = field(default_factory=dict)

    def subject(self, digest: str) -> Subject:
        """The subject with this digest."""
        return next(one for one in self.plan.subjects if one.digest == digest)
