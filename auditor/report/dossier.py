"""Who was examined, where, under which digests, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.record.finding import Outcome
from auditor.record.scan import Scan
from auditor.record.subject import Access, Role, Subject
from auditor.report.lede import Entry
from auditor.report.numerals import count
from auditor.report.wording import CLAIMS, ROLES, stratum

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_TEXT_ONLY = (
    "The suspect's text alone was available. A distiller that rewrites every answer can evade methods that "
    "read only text, and could even make another model look like the teacher."
)
_CANDIDATES = (
    "Only the named candidates were compared: a teacher that is not among them stays unnamed, and “no "
    "evidence found” against these says nothing about others."
)
#: Roles of the models that the suspect is measured by; they are listed apart.
_YARDSTICKS = (Role.CONTROL, Role.MEMBER)
_RANK = {
    Outcome.SUPPORTS: 0,
    Outcome.INCONCLUSIVE: 1,
    Outcome.DOES_NOT_SUPPORT: 2,
    Outcome.FAILED: 3,
    Outcome.NOT_APPLICABLE: 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLine:
    """One model of the scan."""

    name: str
    role: str
    stratum: str
    access: str
    locator: str
    revision: str
    organisation: str
    digest: str
    tokenizer: str
    details: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryLine:
    """A claim, what it would mean, and what it must not be confused with."""

    title: str
    says: str
    beware: str


def subject_lines(scan: Scan) -> tuple[SubjectLine, ...]:
    """Everyone but the controls and the population, in the order of the plan."""
    return tuple(_line(one) for one in scan.plan.subjects if one.role not in _YARDSTICKS)


def control_lines(scan: Scan) -> tuple[SubjectLine, ...]:
    """The controls and the recorded population, in the order of the plan."""
    return tuple(_line(one) for one in scan.plan.subjects if one.role in _YARDSTICKS)


def yardsticks_title(scan: Scan) -> str:
    """How many controls and recorded models, in words; empty where there are none."""
    numbers = [
        (sum(one.role is role for one in scan.plan.subjects), noun)
        for role, noun in ((Role.CONTROL, "control model"), (Role.MEMBER, "recorded model"))
    ]
    return " and ".join(count(n, noun) for n, noun in numbers if n)


def _line(subject: Subject) -> SubjectLine:
    placed = ""
    if subject.role is Role.CONTROL:
        placed = stratum(subject.stratum.value) if subject.stratum else "unrelated (assumed)"
    return SubjectLine(
        name=subject.name,
        role=ROLES[subject.role],
        stratum=placed,
        access=subject.access.label,
        locator=subject.locator,
        revision=subject.revision or "",
        organisation=subject.organisation or "",
        digest=subject.digest,
        tokenizer=subject.tokenizer_digest or "",
        details=tuple(Entry(label=name, value=value) for name, value in subject.details),
    )


def record_entries(scan: Scan) -> tuple[Entry, ...]:
    """What pins this page to its evidence."""
    plan = scan.plan
    seed = "drawn when the scan began" if plan.seed_origin == "drawn" else "given by the user"
    entries = [
        Entry(label="Run", value=scan.run, code=True),
        Entry(label="Plan, sealed before the first question", value=scan.plan_digest, code=True),
        Entry(label="Root over the evidence", value=scan.root or "not sealed", code=bool(scan.root)),
        Entry(label="Policy", value=plan.policy),
        Entry(label="Policy digest", value=plan.policy_digest, code=True),
        Entry(label="Seed", value=f"{plan.seed} ({seed})"),
        Entry(label="Declared teachers", value=", ".join(plan.declared_teachers) or "none"),
        Entry(label="Declared licence", value=plan.declared_licence or "none"),
        Entry(label="Asked in this run", value=count(scan.asked, "question")),
        Entry(label="Reused from the ledger", value=count(scan.reused, "answer")),
    ]
    if scan.verdict is not None and scan.verdict.policy_digest != plan.policy_digest:
        entries.insert(
            5, Entry(label="Judged under policy digest", value=scan.verdict.policy_digest, code=True)
        )
    if scan.verdict is not None and scan.verdict.waivers:
        entries.append(Entry(label="Waivers", value=count(len(scan.verdict.waivers), "waiver")))
        entries.append(Entry(label="Digest of the waivers", value=scan.verdict.waivers_digest, code=True))
    return tuple(entries)


def environment_entries(scan: Scan) -> tuple[Entry, ...]:
    """Where the scan ran, and with which versions."""
    place = scan.environment
    entries = [
        Entry(label="Started", value=moment(scan.started_at)),
        Entry(label="Finished", value=moment(scan.finished_at) if scan.finished_at else "not finished"),
        Entry(label="Distillation Auditor", value=scan.plan.tool_version or "unknown"),
        Entry(label="Python", value=place.python),
        Entry(label="Platform", value=place.platform),
        Entry(label="Device", value=place.device),
    ]
    entries += [Entry(label=name, value=version) for name, version in place.packages]
    return tuple(entries)


def moment(stamp: str) -> str:
    """An ISO 8601 time written out, in UTC; anything else as it is."""
    try:
        when = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return stamp
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def limits(scan: Scan) -> tuple[str, ...]:
    """Everything that bounds the findings, each once: those of the weightiest findings first."""
    ranked = sorted(scan.findings, key=lambda one: _RANK[one.outcome])
    found = dict.fromkeys(limit for finding in ranked for limit in finding.limits)
    suspect = next((one for one in scan.plan.subjects if one.role is Role.SUSPECT), None)
    if suspect is not None and suspect.access is Access.TEXT:
        found = {_TEXT_ONLY: None, **found}
    if any(one.role in (Role.TEACHER, Role.MEMBER) for one in scan.plan.subjects):
        found[_CANDIDATES] = None
    if scan.withheld_answers or scan.withheld_findings:
        redacted = (
            f"Made from redacted evidence: {count(scan.withheld_answers, 'answer')} and the exhibits of "
            f"{count(scan.withheld_findings, 'finding')} are withheld. The report that was sealed shows more."
        )
        found = {redacted: None, **found}
    return tuple(found)


def assumptions(scan: Scan) -> tuple[str, ...]:
    """What must hold for the guarantees, each once."""
    return tuple(
        dict.fromkeys(one for each in scan.findings if each.result for one in each.result.assumptions)
    )


def glossary(scan: Scan) -> tuple[GlossaryLine, ...]:
    """The claims of this scan in plain words."""
    claims = dict.fromkeys(finding.claim for finding in scan.findings)
    return tuple(
        GlossaryLine(title=CLAIMS[one].title, says=CLAIMS[one].says, beware=CLAIMS[one].beware)
        for one in claims
    )
