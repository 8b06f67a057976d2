"""Who is who on the page, and where on it a finding stands."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.record.finding import Finding
from auditor.record.scan import Scan
from auditor.record.subject import Role, Subject
from auditor.report.wording import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place on the page with the words that lead there."""

    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Names by digest, and findings by fingerprint in the order of the plan."""

    subjects: dict[str, Subject]
    suspect: str
    findings: dict[str, tuple[str, Finding]]

    @staticmethod
    def of(scan: Scan) -> Cast:
        """The cast of a scan; each finding gets an anchor by its position."""
        subjects: dict[str, Subject] = {}
        for one in scan.plan.subjects:
            subjects.setdefault(one.digest, one)
        suspect = next((one.name for one in scan.plan.subjects if one.role is Role.SUSPECT), "the suspect")
        findings: dict[str, tuple[str, Finding]] = {}
        for place, finding in enumerate(scan.findings, start=1):
            findings.setdefault(finding.fingerprint, (f"finding-{place}", finding))
        return Cast(subjects, suspect, findings)

    def sentence(self, text: str) -> str:
        """``text`` as a sentence; a model's name keeps its own letters."""
        return sentence(text, (one.name for one in self.subjects.values()))

    def name(self, digest: str | None) -> str | None:
        """Short name of a subject; a digest that is not in the plan is shortened."""
        if digest is None:
            return None
        known = self.subjects.get(digest)
        return known.name if known is not None else short(digest)


def short(digest: str) -> str:
    """The first twelve hex digits, enough to find a record by."""
    return digest.removeprefix("sha256:")[:12]
