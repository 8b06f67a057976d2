"""What is signed of a run: an in-toto statement that names the suspect, the evidence and the verdict.

Source: in-toto Attestation Framework, Statement v1 and the predicate test-result v0.1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor import __version__
from auditor.digest import digest_bytes
from auditor.error import EvidenceIntegrityError, UsageError
from auditor.record.codec import decode, encode
from auditor.record.scan import Scan
from auditor.record.verdict import RuleState, Status
from auditor.report.write import render

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
#: Reports that are sealed with a run.
SEALED_REPORTS = ("json", "html")

_RESULT = {Status.PASS: "PASSED", Status.FAIL: "FAILED", Status.INCONCLUSIVE: "WARNED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRun:
    """What a seal holds of a run beside the fields of its predicate.

    Attributes:
        run: Identity of the run.
        root: Merkle root over the evidence up to the run's end.
        plan_digest: Digest of the plan as it was sealed before the first question.
        policy_digest: Digest of the policy pack.
        waivers_digest: Digest of the file of waivers; empty without one.
        finished_at: When the run ended, in UTC.
        reports: Format -> digest of the report.
        tool_version: Version of the tool that sealed it.
    """

    run: str
    root: str
    plan_digest: str
    policy_digest: str
    waivers_digest: str
    finished_at: str
    reports: dict[str, str]
    tool_version: str


def sealed_run(scan: Scan, waivers: bytes | None = None) -> SealedRun:
    """What is to be sealed of a finished run.

    Raises:
        UsageError: If the run has no end or was never judged.
    """
    if scan.finished_at is None or scan.verdict is None:
        raise UsageError(
            f"run {scan.run} is not finished", fix="run the same scan again; it goes on where it stood"
        )
    return SealedRun(
        run=scan.run,
        root=scan.root,
        plan_digest=scan.plan_digest,
        policy_digest=scan.plan.policy_digest,
        waivers_digest=digest_bytes(waivers) if waivers is not None else "",
        finished_at=scan.finished_at,
        reports={one: digest_bytes(render(scan, one).encode()) for one in SEALED_REPORTS},
        tool_version=__version__,
    )


def statement_of(scan: Scan, sealed: SealedRun) -> bytes:
    """The statement that is signed, as JSON."""
    verdict = scan.verdict
    if verdict is None:
        raise UsageError(f"run {scan.run} was never judged")
    states: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for rule in verdict.rules:
        states[_list_of(rule.state)].append(rule.rule)
    body = {
        "_type": STATEMENT,
        "subject": [_resource(scan.plan.suspect.name, scan.plan.suspect.digest)],
        "predicateType": PREDICATE,
        "predicate": {
            "result": _RESULT[verdict.status],
            "configuration": [
                _resource("plan", sealed.plan_digest),
                _resource(f"policy {scan.plan.policy}", sealed.policy_digest),
                *(_resource(one.probe, one.digest) for one in scan.plan.probes),
            ],
            **states,
            "distillationAudit": encode(sealed),
        },
    }
    return (json.dumps(body, sort_keys=True, indent=1) + "\n").encode()


def read_statement(data: bytes) -> SealedRun:
    """What a statement says of its run.

    Raises:
        EvidenceIntegrityError: If it is no statement of this tool.
    """
    try:
        body: Mapping[str, Any] = json.loads(data)
        kinds = body["_type"], body["predicateType"]
        inner = body["predicate"]["distillationAudit"]
    except (ValueError, LookupError, TypeError) as error:
        raise EvidenceIntegrityError(f"the seal holds no statement about a run: {error!r}") from error
    if kinds != (STATEMENT, PREDICATE):
        raise EvidenceIntegrityError(f"the seal is of another kind: {kinds[1]}")
    return decode(SealedRun, inner, where="the seal")


def _resource(name: str, digest: str) -> dict[str, Any]:
    algorithm, _, value = digest.partition(":")
    return {"name": name, "digest": {algorithm: value}}


def _list_of(state: RuleState) -> str:
    if state in (RuleState.PASS, RuleState.NOT_APPLICABLE):
        return "passedTests"
    return "failedTests" if state is RuleState.FAIL else "warnedTests"
