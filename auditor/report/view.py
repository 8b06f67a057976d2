"""The one view of a scan that every renderer prints: all arithmetic and all wording are done here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from auditor.record.scan import Scan
from auditor.report.answers import budget_for, keys_by_probe, unused
from auditor.report.attribution import Attribution, attribution
from auditor.report.cast import Cast
from auditor.report.claims import ClaimLine, OpenPoint, claim_lines, open_points
from auditor.report.dossier import (
    GlossaryLine,
    SubjectLine,
    assumptions,
    control_lines,
    environment_entries,
    glossary,
    limits,
    moment,
    record_entries,
    subject_lines,
    yardsticks_title,
)
from auditor.report.evidence import ProbeSection, probe_sections
from auditor.report.inert import inert_record
from auditor.report.lede import Entry, Lede, build_lede
from auditor.report.numerals import count
from auditor.report.rules import RuleGroup, rule_groups, rule_lines
from auditor.report.waivers import WaiverLine, waiver_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A scan as a reader meets it, in the order of the page. Every string in it is inert.

    Attributes:
        title: Title of the document.
        suspect: Name of the suspect.
        dated: When the scan finished, or began.
        lede: Verdict, reason, strength and limits.
        claims: One line for each claim and teacher.
        attribution: Who taught the suspect, or None where no method came to anything.
        open_points: What was not decided or not measured, and what would decide it.
        advice: What a further teacher, base or control would add.
        rule_groups: Every rule by state.
        waivers: Every waiver that was put forward.
        waivers_digest: Digest of the waivers as written, or empty.
        probes: Evidence.
        subjects: Everyone but the controls.
        controls: The controls.
        controls_title: How many controls, in words.
        record: Digests and seeds.
        environment: Times and versions.
        limits: Everything that bounds the findings.
        assumptions: What must hold for the guarantees.
        glossary: The claims in plain words.
        unused: Words about answers that no finding rests on, or empty.
    """

    title: str
    suspect: str
    dated: str
    lede: Lede
    claims: tuple[ClaimLine, ...]
    attribution: Attribution | None
    open_points: tuple[OpenPoint, ...]
    advice: tuple[str, ...]
    rule_groups: tuple[RuleGroup, ...]
    waivers: tuple[WaiverLine, ...]
    waivers_digest: str
    probes: tuple[ProbeSection, ...]
    subjects: tuple[SubjectLine, ...]
    controls: tuple[SubjectLine, ...]
    controls_title: str
    record: tuple[Entry, ...]
    environment: tuple[Entry, ...]
    limits: tuple[str, ...]
    assumptions: tuple[str, ...]
    glossary: tuple[GlossaryLine, ...]
    unused: str


def build_view(scan: Scan) -> View:
    """Work out everything that a report says about ``scan``; the same scan gives the same view."""
    scan = replace(
        scan,
        run=inert_record(scan.run),
        plan=inert_record(scan.plan),
        plan_digest=inert_record(scan.plan_digest),
        findings=inert_record(scan.findings),
        environment=inert_record(scan.environment),
        verdict=inert_record(scan.verdict),
        started_at=inert_record(scan.started_at),
        finished_at=inert_record(scan.finished_at),
        root=inert_record(scan.root),
        advice=inert_record(scan.advice),
    )
    cast = Cast.of(scan)
    keys = keys_by_probe(scan)
    bounds = tuple(cast.sentence(one) for one in limits(scan))
    rules = rule_lines(scan, cast)
    controls = control_lines(scan)
    spare = unused(scan, keys)
    return View(
        title=f"Distillation audit of {cast.suspect}",
        suspect=cast.suspect,
        dated=moment(scan.finished_at or scan.started_at),
        lede=build_lede(scan, cast, rules, bounds),
        claims=claim_lines(scan, cast),
        attribution=attribution(scan, cast),
        open_points=open_points(scan, cast),
        advice=tuple(cast.sentence(one) for one in scan.advice),
        rule_groups=rule_groups(rules),
        waivers=waiver_lines(scan, cast, rules),
        waivers_digest=scan.verdict.waivers_digest if scan.verdict else "",
        probes=probe_sections(scan, cast, keys, budget_for(scan, keys)),
        subjects=subject_lines(scan),
        controls=controls,
        controls_title=yardsticks_title(scan),
        record=record_entries(scan),
        environment=environment_entries(scan),
        limits=bounds,
        assumptions=tuple(cast.sentence(one) for one in assumptions(scan)),
        glossary=glossary(scan),
        unused=f"{count(spare, 'answer')} in the ledger served no finding on this page." if spare else "",
    )
