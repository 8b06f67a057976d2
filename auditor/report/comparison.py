"""Two scans side by side: which findings are new, which are gone, and which still stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.record.finding import Finding, Outcome
from auditor.record.scan import Scan
from auditor.record.verdict import RuleResult, RuleState
from auditor.report.cast import Cast
from auditor.report.inert import one_line
from auditor.report.wording import CLAIMS, strength


class Change(StrEnum):
    """What became of something between two scans.

    ``new``, ``gone`` and ``standing`` are about findings that support their claim and rules that failed;
    ``changed`` is any other difference.
    """

    NEW = "new"
    GONE = "gone"
    STANDING = "standing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One finding or rule in two scans.

    Attributes:
        change: What became of it.
        what: The claim or rule, in words.
        about: The probe and the teacher of a finding; empty for a rule.
        before: What the earlier scan said; empty where it said nothing.
        after: What the later one says.
    """

    change: Change
    what: str
    about: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two scans side by side.

    Attributes:
        remarks: What makes them hard to compare: another suspect, policy, or content of a probe.
        findings: Findings that support a claim in either, or differ; new ones first.
        rules: Rules that failed in either, or differ.
    """

    remarks: tuple[str, ...]
    findings: tuple[Difference, ...]
    rules: tuple[Difference, ...]

    @property
    def worse(self) -> bool:
        """Whether anything is new."""
        return any(one.change is Change.NEW for one in (*self.findings, *self.rules))


def compare(before: Scan, after: Scan) -> Comparison:
    """Compare a scan with a later one, finding by finding and rule by rule.

    Findings belong together if claim, probe and teacher are the same; the suspect may be another version.
    """
    return Comparison(
        remarks=_remarks(before, after),
        findings=_sorted(_findings(before, after)),
        rules=_sorted(_rules(before, after)),
    )


def _findings(before: Scan, after: Scan) -> list[Difference]:
    earlier, later = _by_subject_matter(before), _by_subject_matter(after)
    found = []
    for key, known in {**earlier, **later}.items():
        one, other = earlier.get(key), later.get(key)
        change = _change(
            one is not None and one.outcome is Outcome.SUPPORTS,
            other is not None and other.outcome is Outcome.SUPPORTS,
            (one and one.outcome) == (other and other.outcome),
        )
        if change is None:
            continue
        scan = after if other is not None else before
        teacher = Cast.of(scan).name(known.teacher) if known.teacher else ""
        found.append(
            Difference(
                change=change,
                what=CLAIMS[known.claim].title,
                about=one_line(f"{known.probe}, {teacher}" if teacher else known.probe),
                before="" if one is None else one_line(strength(one)),
                after="" if other is None else one_line(strength(other)),
            )
        )
    return found


def _rules(before: Scan, after: Scan) -> list[Difference]:
    earlier, later = _states(before), _states(after)
    found = []
    for rule, known in {**earlier, **later}.items():
        one, other = earlier.get(rule), later.get(rule)
        change = _change(
            one is not None and one.state is RuleState.FAIL,
            other is not None and other.state is RuleState.FAIL,
            (one and one.state) == (other and other.state),
        )
        if change is None:
            continue
        found.append(
            Difference(
                change=change,
                what=one_line(f"{rule} {known.title}"),
                about="",
                before="" if one is None else one.state.value,
                after="" if other is None else other.state.value,
            )
        )
    return found


def _change(before: bool, after: bool, same: bool) -> Change | None:
    if before and after:
        return Change.STANDING
    if after:
        return Change.NEW
    if before:
        return Change.GONE
    return None if same else Change.CHANGED


def _by_subject_matter(scan: Scan) -> dict[tuple[str, str, str | None], Finding]:
    return {(one.claim.value, one.probe, one.teacher): one for one in scan.findings}


def _states(scan: Scan) -> Mapping[str, RuleResult]:
    return {} if scan.verdict is None else {one.rule: one for one in scan.verdict.rules}


def _sorted(found: list[Difference]) -> tuple[Difference, ...]:
    order = list(Change)
    return tuple(sorted(found, key=lambda one: (order.index(one.change), one.what, one.about)))


def _remarks(before: Scan, after: Scan) -> tuple[str, ...]:
    remarks = []
    if before.plan.suspect.digest != after.plan.suspect.digest:
        names = one_line(before.plan.suspect.name), one_line(after.plan.suspect.name)
        remarks.append(f"The suspects are different models: {names[0]} before, {names[1]} after.")
    if before.plan.policy_digest != after.plan.policy_digest:
        names = one_line(before.plan.policy), one_line(after.plan.policy)
        remarks.append(f"The policies differ: {names[0]} before, {names[1]} after.")
    contents = {one.probe: one.digest for one in before.plan.probes}
    changed = [one.probe for one in after.plan.probes if contents.get(one.probe, one.digest) != one.digest]
    if changed:
        remarks.append(f"These probes asked other things before: {', '.join(map(one_line, changed))}.")
    return tuple(remarks)
