"""Five steps by which a stranger checks a bundle: without a model, a network, or trust in who packed it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor import __version__
from auditor.attestation.bundle import (
    CALIBRATION,
    EVIDENCE,
    POLICY,
    REPORTS,
    SEAL,
    TOKEN,
    WAIVERS,
    Bundle,
    unpack,
)
from auditor.attestation.envelope import opened
from auditor.attestation.likeness import difference
from auditor.attestation.redaction import REDACTED_REPORT, REDACTION, Redaction, read_redaction
from auditor.attestation.statement import SealedRun, read_statement
from auditor.attestation.timestamp import Attested, attested
from auditor.digest import digest_bytes
from auditor.error import AuditorError, EvidenceIntegrityError
from auditor.ledger import Ledger
from auditor.policy.evaluate import evaluate
from auditor.policy.spec import PolicyPack, load_policy
from auditor.policy.waiver import Waiver, load_waivers
from auditor.probe.registry import method
from auditor.record.codec import encode
from auditor.record.finding import Finding, Outcome
from auditor.record.scan import Scan
from auditor.report.numerals import count
from auditor.report.write import render
from auditor.scan.calibration_file import read_calibration
from auditor.scan.conduct import measured
from auditor.scan.ratio_findings import weighed
from auditor.scan.weighing import METHOD, weighing_for


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a verification that was passed.

    Attributes:
        title: What was checked.
        found: What it showed.
    """

    title: str
    found: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle that is whole.

    Attributes:
        scan: The run in it.
        sealed: What was signed of it.
        attested: When it existed at the latest, by a time-stamp authority; None where that was not checked.
        redaction: What is withheld, and could not be checked for that; None in a whole bundle.
        steps: The steps, in order.
    """

    scan: Scan
    sealed: SealedRun
    attested: Attested | None
    redaction: Redaction | None
    steps: tuple[Step, ...]


def verify_bundle(
    path: Path,
    key: Path,
    told: Callable[[Step], None] = lambda _step: None,
    *,
    authority: Path | None = None,
) -> Verified:
    """Check a bundle in five steps.

    Args:
        path: The bundle.
        key: The signer's public key.
        told: Told of every step as it is passed.
        authority: Trusted certificates of a time-stamp authority, in PEM; the bundle must then hold a token
            of it. Without them the time is taken as the signer states it.

    Raises:
        EvidenceIntegrityError: At the first thing that is not as it was sealed; the message names it.
        UsageError: If the bundle, the key or the certificates cannot be read, or time stamps cannot be
            checked for want of a package.
    """
    steps: list[Step] = []

    def passed(title: str, found: str) -> None:
        steps.append(Step(title, found))
        told(steps[-1])

    bundle = unpack(path)
    sealed = read_statement(opened(bundle[SEAL], key))
    at, words = _time(bundle, sealed, authority)
    signed = f"run {sealed.run}, sealed by this key with version {sealed.tool_version}"
    passed("signature and time", f"{signed}; {words}")
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        redaction = read_redaction(bundle)
        scan, found = sealed_evidence(bundle, sealed, redaction, room)
        passed("chain and root", found)
        passed("answers to statistics", _findings(bundle, scan, redaction, room))
        _verdict(bundle, sealed, scan, room)
        status = scan.verdict.status.value if scan.verdict else "none"
        based = ", in part from findings that were taken as recorded" if redaction and redaction.taken else ""
        passed("statistics to verdict", f"{scan.plan.policy}: {status}{based}")
    passed("report", _reports(bundle, sealed, scan, redaction))
    return Verified(scan, sealed, at, redaction, tuple(steps))


def _time(bundle: Bundle, sealed: SealedRun, authority: Path | None) -> tuple[Attested | None, str]:
    token = bundle.get(TOKEN)
    if authority is None:
        own = f"that its run ended at {sealed.finished_at} is the signer's own word"
        unchecked = "; its time stamp was not checked, for no certificate of an authority was given"
        return None, own + (unchecked if token is not None else "")
    if token is None:
        raise EvidenceIntegrityError(
            "the bundle holds no time stamp, and there was one to check",
            where=TOKEN,
            fix="ask for the bundle as it was packed, or leave --tsa-certificate out",
        )
    at = attested(token, bundle[SEAL], sealed.finished_at, authority)
    return at, f"it existed at {at.at}, attested by {at.authority}"


def sealed_evidence(
    bundle: Bundle, sealed: SealedRun, redaction: Redaction | None, room: Path
) -> tuple[Scan, str]:
    """The run that was sealed, its records checked one by one, and what was checked in words.

    Raises:
        EvidenceIntegrityError: If the evidence is not as it was sealed.
    """
    copy = room / EVIDENCE
    copy.write_bytes(bundle[EVIDENCE])
    try:
        with Ledger.open(copy, create=False, readonly=True) as ledger:
            whole = ledger.verify(root=sealed.root)
            scan = ledger.scan(sealed.run)
    except EvidenceIntegrityError as error:
        raise EvidenceIntegrityError(error.what, where=EVIDENCE, fix=error.fix) from None
    except AuditorError as error:
        raise EvidenceIntegrityError(f"the evidence cannot be read: {error.what}", where=EVIDENCE) from error
    for name, noted, found in (
        ("run", sealed.run, scan.run),
        ("root", sealed.root, scan.root),
        ("plan", sealed.plan_digest, scan.plan_digest),
        ("policy", sealed.policy_digest, scan.plan.policy_digest),
        ("end", sealed.finished_at, scan.finished_at),
    ):
        if noted != found:
            raise EvidenceIntegrityError(
                f"the seal is about another {name}: {noted}, not {found}", where=SEAL
            )
    said = (redaction.answers, redaction.findings) if redaction else (0, 0)
    withheld = (whole.withheld.get("observation", 0), whole.withheld.get("finding", 0))
    if said != withheld or (redaction and not any(said)):
        raise EvidenceIntegrityError(
            f"{withheld[0]} answers and {withheld[1]} findings are withheld, and {said[0]} and {said[1]} "
            "are said to be",
            where=REDACTION,
        )
    words = f"{whole.records} records are whole; root {sealed.root}"
    if redaction:
        words += (
            f"; withheld are {count(said[0], 'answer')}, and what may quote them of "
            f"{count(said[1], 'finding')}: that they are in their places is proven, what they say not shown"
        )
    return scan, words


def _findings(bundle: Bundle, scan: Scan, redaction: Redaction | None, room: Path) -> str:
    """Which findings were worked out again, and which were taken as they are, in words."""
    taken = frozenset(redaction.taken) if redaction else frozenset()
    if strange := taken - {one.fingerprint for one in scan.findings}:
        raise EvidenceIntegrityError(f"the run has no finding {min(strange)}", where=REDACTION)
    if len(taken) != scan.withheld_findings:
        raise EvidenceIntegrityError(
            f"{scan.withheld_findings} findings of the run lack their exhibits, and {len(taken)} are said to",
            where=REDACTION,
        )
    # A probe that lacks answers may find more or less than it did; what it recorded must follow anyhow.
    touched = {one.probe for one in scan.findings if one.fingerprint in taken}
    again = _measured_again(bundle, scan, redaction, touched, room)
    broken = {one.probe for one in scan.findings if one.outcome is Outcome.FAILED} - touched
    recorded = [one for one in scan.findings if one.probe not in broken and one.fingerprint not in taken]
    known = {one.fingerprint for one in recorded}
    computed = [
        one
        for one in again
        if one.probe not in broken and (one.fingerprint in known or one.probe not in touched)
    ]
    if len(recorded) != len(computed):
        raise EvidenceIntegrityError(
            f"{len(recorded)} findings are recorded, and {len(computed)} follow from the answers"
        )
    for one, other in zip(recorded, computed, strict=True):
        if apart := difference(encode(one), encode(other)):
            raise EvidenceIntegrityError(
                f"the finding {one.fingerprint} of {one.probe} does not follow from the answers: {apart}",
                fix=f"it was worked out by version {scan.plan.tool_version}; this is {__version__}",
            )
    words = f"{len(recorded)} findings worked out again from the answers"
    if broken:
        number = sum(one.probe in broken for one in scan.findings)
        words += f"; {number} of probes that broke down are taken as recorded"
    if taken:
        named = [f"{one.claim.value} by {one.probe}" for one in scan.findings if one.fingerprint in taken]
        held = count(len(named), "finding")
        words += f"; taken as recorded, for want of answers that are withheld: {held} ({', '.join(named)})"
    return words


def _measured_again(
    bundle: Bundle, scan: Scan, redaction: Redaction | None, touched: Collection[str], room: Path
) -> Sequence[Finding]:
    """Findings as they follow from the answers; of probes whose content is withheld, none."""
    known = bundle.probes()
    findings: list[Finding] = []
    weighable: list[Finding] = []
    weighing = None
    for planned in scan.plan.probes:
        if planned.method == METHOD:
            weighing = planned
            continue
        recorded = [one for one in scan.findings if one.probe == planned.probe]
        if redaction and planned.probe in redaction.contents and planned.digest not in known:
            weighable += recorded
            if not {one.fingerprint for one in recorded} <= set(redaction.taken):
                raise EvidenceIntegrityError(
                    f"the content of probe {planned.probe} is withheld, and its findings are said to follow",
                    where=REDACTION,
                )
            continue
        if planned.digest not in known:
            raise EvidenceIntegrityError(
                f"the content of probe {planned.probe} is not the one that its plan names",
                where=planned.digest,
            )
        spec = known[planned.digest]
        again = measured(spec, method(spec.file.method), scan.observations, {})
        findings += again
        weighable += recorded if planned.probe in touched else again
    if weighing is not None and weighing.probe not in touched:
        (room / CALIBRATION).write_bytes(bundle[CALIBRATION])
        calibration = read_calibration(room / CALIBRATION)
        if calibration.digest != weighing.digest:
            raise EvidenceIntegrityError(
                "the calibration is not the one that the plan names", where=CALIBRATION
            )
        findings += weighed(
            weighing_for(calibration, scan.plan.subjects, tuple(known.values())), scan.plan, weighable
        )
    return findings


def sealed_rules(
    bundle: Bundle, sealed: SealedRun, scan: Scan, room: Path
) -> tuple[PolicyPack, tuple[Waiver, ...]]:
    """The policy that the run was judged by, and what was waived.

    Raises:
        EvidenceIntegrityError: If either is not what was sealed.
    """
    (room / POLICY).write_bytes(bundle[POLICY])
    pack = load_policy(room / POLICY)
    if pack.digest != scan.plan.policy_digest:
        raise EvidenceIntegrityError("the policy pack is not the one that the plan names", where=POLICY)
    waivers_file = bundle.get(WAIVERS)
    if (digest_bytes(waivers_file) if waivers_file is not None else "") != sealed.waivers_digest:
        raise EvidenceIntegrityError("the waivers are not those that were sealed", where=WAIVERS)
    if waivers_file is not None:
        (room / WAIVERS).write_bytes(waivers_file)
    return pack, load_waivers(room / WAIVERS) if waivers_file is not None else ()


def _verdict(bundle: Bundle, sealed: SealedRun, scan: Scan, room: Path) -> None:
    pack, waivers = sealed_rules(bundle, sealed, scan, room)
    today = datetime.fromisoformat(sealed.finished_at).date()
    again = evaluate(pack, scan.plan, scan.findings, waivers=waivers, today=today)
    if scan.verdict is None:
        raise EvidenceIntegrityError("the run was never judged")
    if apart := difference(encode(scan.verdict), encode(again)):
        raise EvidenceIntegrityError(f"the verdict does not follow from the findings: {apart}")


def _reports(bundle: Bundle, sealed: SealedRun, scan: Scan, redaction: Redaction | None) -> str:
    if redaction:
        for name in sealed.reports:
            if render(scan, name).encode() != bundle[f"{REDACTED_REPORT}{name}"]:
                raise EvidenceIntegrityError(
                    "the report does not follow from the evidence that is left",
                    where=f"redacted.{name}",
                    fix=f"it was rendered by another version than {__version__}, or edited",
                )
        return (
            f"{len(sealed.reports)} reports of what is left rendered again, byte for byte; those that were "
            "sealed may quote what is withheld and are not in here, but their digests are signed"
        )
    for name, digest in sealed.reports.items():
        shipped = bundle[f"{REPORTS}report.{name}"]
        if digest_bytes(shipped) != digest:
            raise EvidenceIntegrityError("the report was edited after it was sealed", where=f"report.{name}")
        if render(scan, name).encode() != shipped:
            raise EvidenceIntegrityError(
                "the report does not follow from the evidence",
                where=f"report.{name}",
                fix=f"it was rendered by version {sealed.tool_version}; this is {__version__}",
            )
    return f"{len(sealed.reports)} reports rendered again, byte for byte"
