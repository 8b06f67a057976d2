"""What rules see: a scan as named values, multiplicity already settled.

Also the data that `auditor policy facts` prints for other policy engines, and the remarks that
`auditor policy check` makes about a pack.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.policy.spec import PolicyPack, Rule
from auditor.record.finding import Finding, Outcome
from auditor.record.result import Guarantee
from auditor.record.scan import Plan
from auditor.record.subject import Access, Role, Subject
from auditor.record.verdict import Mode
from auditor.stats.multiplicity import holm

#: Level at which p-values are believed where no pack says otherwise.
DEFAULT_ALPHA = 0.05
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A finding as rules see it.

    Attributes:
        finding: The finding.
        values: Its values by qualified name; an unknown one is absent.
        doubt: Why its outcome does not stand after multiplicity; empty where it does.
    """

    finding: Finding
    values: Mapping[str, object]
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something in a pack that is allowed and yet worth a second look."""

    rule: str
    line: int
    text: str


def facts(plan: Plan, findings: Sequence[Finding], pack: PolicyPack | None = None) -> dict[str, Any]:
    """Everything that conditions see, as JSON-able data; unknown values are absent.

    The keys ``suspect``, ``declared``, ``plan``, ``scan`` and ``policy`` hold the values of those
    names; ``findings`` has one entry for each finding about the suspect, with ``finding``, ``teacher``
    and ``fact`` in it, its fingerprint, and the doubt that multiplicity casts on it.
    """
    data = _nested(scan_values(plan, findings, pack))
    data["findings"] = [
        {"fingerprint": one.finding.fingerprint, "doubt": one.doubt, **_nested(one.values)}
        for one in readings(plan, findings, pack)
    ]
    return data


def check(pack: PolicyPack) -> list[Remark]:
    """What a reviewer of the pack should look at; what is wrong outright never gets this far."""
    remarks = [remark for rule in pack.rules for remark in _remarks(rule)]
    if not any(rule.mode is Mode.DENY for rule in pack.rules):
        text = "no rule is in mode deny, so this pack can never give more than inconclusive"
        remarks.append(Remark(rule="", line=1, text=text))
    return remarks


def _remarks(rule: Rule) -> list[Remark]:
    texts = []
    reads = rule.condition.reads
    if not reads:
        texts.append("its condition reads nothing, so that it always comes out the same")
    if rule.requires and not any(name.startswith(("finding.", "teacher.", "fact.")) for name in reads):
        texts.append("it requires a claim, and its condition looks at no finding")
    if not rule.maps:
        texts.append("it is mapped to no public framework")
    if not rule.decisive:
        texts.append("it does not say what would decide it")
    if rule.mode is Mode.DENY and rule.on_not_applicable.value == "not_applicable":
        texts.append("it lets a scan pass in which no probe of its claim could be applied")
    return [Remark(rule=rule.id, line=rule.line, text=text) for text in texts]


def scan_values(plan: Plan, findings: Sequence[Finding], pack: PolicyPack | None = None) -> dict[str, object]:
    """The values that every rule may use, by qualified name."""
    suspect = plan.suspect
    own = _own(plan, findings)
    failed = sorted({one.probe for one in own if one.outcome is Outcome.FAILED})
    measured = {one.probe for one in own}
    promised = [one.probe for one in plan.probes]
    unmeasured = [name for name in promised if name not in measured]
    controls = [one for one in plan.subjects if one.role is Role.CONTROL]
    bases = [one for one in plan.subjects if one.role is Role.BASE]
    declared = _declared_names(plan)
    values: dict[str, object | None] = {
        "suspect.name": suspect.name,
        "suspect.locator": suspect.locator,
        "suspect.digest": suspect.digest,
        "suspect.tokenizer_digest": suspect.tokenizer_digest,
        "suspect.access": suspect.access.name.lower().replace("_", "-"),
        "suspect.access_level": int(suspect.access),
        "suspect.kind": suspect.kind.value,
        "suspect.revision": suspect.revision,
        "suspect.organisation": suspect.organisation,
        "suspect.licence": suspect.detail("licence"),
        "suspect.base_model": suspect.detail("base_model") or suspect.detail("adapter_base"),
        "suspect.compute_stated": _compute_stated(suspect),
        "declared.teachers": list(plan.declared_teachers),
        "declared.licence": plan.declared_licence,
        "plan.probes": promised,
        "plan.teachers": sum(one.role is Role.TEACHER for one in plan.subjects),
        "plan.bases": [one.name for one in bases],
        "plan.undeclared_bases": [one.name for one in bases if declared.isdisjoint(_names_of(one))],
        "plan.controls": len(controls),
        "plan.unplaced_controls": sum(one.stratum is None for one in controls),
        "plan.seed_origin": plan.seed_origin,
        "scan.findings": len(own),
        "scan.failed": sum(one.outcome is Outcome.FAILED for one in own),
        "scan.failed_probes": failed,
        "scan.unmeasured": len(unmeasured),
        "scan.unmeasured_probes": unmeasured,
        "policy.alpha": pack.alpha if pack else DEFAULT_ALPHA,
    }
    return _known(values)


def _compute_stated(suspect: Subject) -> bool | None:
    """Whether the card says what the training took; unknown where the model's files are not at hand."""
    if suspect.detail("training_compute") == "stated":
        return True
    return False if suspect.access is Access.WEIGHTS else None


def readings(plan: Plan, findings: Sequence[Finding], pack: PolicyPack | None = None) -> tuple[Reading, ...]:
    """The findings about the suspect as rules see them, after multiplicity, in the order given."""
    alpha = pack.alpha if pack else DEFAULT_ALPHA
    terms = {term.licence.casefold(): term.outputs for term in pack.licence_terms} if pack else {}
    own = _own(plan, findings)
    declared = _declared_names(plan)
    # A model that is both counts as a teacher: being the base as well excuses nothing. A finding may name a
    # recorded model of the population too.
    by_digest = {
        one.digest: one
        for role in (Role.MEMBER, Role.BASE, Role.TEACHER)
        for one in plan.subjects
        if one.role is role
    }
    made = []
    for finding, (adjusted, family) in zip(own, _adjusted(own), strict=True):
        doubt = _doubt(finding, adjusted, family, alpha)
        values = _finding_values(finding, adjusted, family, stands=not doubt)
        teacher = by_digest.get(finding.teacher) if finding.teacher else None
        if teacher is not None:
            values.update(_teacher_values(teacher, declared, terms))
        values.update({f"fact.{one.name}": one.value for one in finding.facts})
        made.append(Reading(finding=finding, values=_known(values), doubt=doubt))
    return tuple(made)


def _own(plan: Plan, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    # A finding about another model must never speak for this one.
    return tuple(one for one in findings if one.suspect == plan.suspect.digest)


def _p_value(finding: Finding) -> float | None:
    p_value = finding.result.p_value if finding.result else None
    return p_value if p_value is not None and 0.0 <= p_value <= 1.0 else None


def _adjusted(findings: Sequence[Finding]) -> list[tuple[float | None, int]]:
    """Adjusted p-value and size of the family, finding by finding.

    A family is all tests of one claim in one suite that are about a teacher. A method that chose among
    the teachers inside its own null (fact ``selection_inside_null``) has paid already.
    """
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    out: list[tuple[float | None, int]] = [(_p_value(one), 1) for one in findings]
    for index, one in enumerate(findings):
        if out[index][0] is None or one.teacher is None or one.fact("selection_inside_null") is True:
            continue
        families[one.claim.value, one.probe.split("/", 1)[0]].append(index)
    for members in families.values():
        corrected = holm([float(out[index][0] or 0.0) for index in members])
        for index, value in zip(members, corrected, strict=True):
            out[index] = (value, len(members))
    return out


def _doubt(finding: Finding, adjusted: float | None, family: int, alpha: float) -> str:
    result = finding.result
    if result is None or result.p_value is None:
        return ""
    if adjusted is None:
        return "its p-value is not a number from 0 to 1"
    over = f" over {family} candidates" if family > 1 else ""
    if finding.outcome is Outcome.SUPPORTS and adjusted > alpha + _ROUNDING:
        return f"its p-value of {result.p_value:.3g} is {adjusted:.3g}{over}, above the level {alpha:g}"
    smallest = result.smallest_attainable_p
    if (
        finding.outcome is Outcome.DOES_NOT_SUPPORT
        and result.guarantee is Guarantee.CALIBRATED
        and smallest is not None
        and smallest * family > alpha + _ROUNDING
    ):
        return (
            f"its controls allow no p-value under {smallest * family:.3g}{over}, above the level {alpha:g}, "
            "so that it could not have found anything"
        )
    return ""


def _finding_values(
    finding: Finding, adjusted: float | None, family: int, *, stands: bool
) -> dict[str, object | None]:
    result = finding.result
    values: dict[str, object | None] = {
        "finding.claim": finding.claim.value,
        "finding.probe": finding.probe,
        "finding.suite": finding.probe.split("/", 1)[0],
        "finding.method": finding.method,
        "finding.outcome": finding.outcome.value,
        "finding.supports": stands and finding.outcome is Outcome.SUPPORTS,
        "finding.does_not_support": stands and finding.outcome is Outcome.DOES_NOT_SUPPORT,
        "finding.reason": finding.reason,
        "finding.limits": list(finding.limits),
        "finding.has_p_value": _p_value(finding) is not None,
        "finding.p_value": _p_value(finding),
        "finding.p_adjusted": adjusted,
        "finding.family": family if adjusted is not None else None,
    }
    if result is not None:
        low, high = result.interval or (None, None)
        values |= {
            "finding.log10_p_value": result.log10_p_value,
            "finding.smallest_attainable_p": result.smallest_attainable_p,
            "finding.e_value": result.e_value,
            "finding.guarantee": result.guarantee.value,
            "finding.effect": result.effect,
            "finding.effect_low": low,
            "finding.effect_high": high,
            "finding.effect_unit": result.effect_unit,
            "finding.n": result.n,
            "finding.controls": len(result.controls),
        }
    return values


def _teacher_values(
    teacher: Subject, declared: frozenset[str], terms: Mapping[str, str]
) -> dict[str, object | None]:
    licence = teacher.detail("licence")
    return {
        "teacher.name": teacher.name,
        "teacher.role": teacher.role.value,
        "teacher.locator": teacher.locator,
        "teacher.digest": teacher.digest,
        "teacher.organisation": teacher.organisation,
        "teacher.licence": licence,
        "teacher.declared": not declared.isdisjoint(_names_of(teacher)),
        "teacher.licence_outputs": terms.get(licence.casefold()) if licence else None,
    }


def _declared_names(plan: Plan) -> frozenset[str]:
    names = list(plan.declared_teachers)
    for detail in ("base_model", "adapter_base"):
        names += (plan.suspect.detail(detail) or "").split(",")
    return frozenset(plain for name in names if (plain := _plain(name)))


def _names_of(subject: Subject) -> frozenset[str]:
    """Every name by which a declaration may mean this model.

    A declaration without a revision means every revision; one with a revision means only that one.
    """
    scheme, _, rest = subject.locator.partition(":")
    address = rest if rest and scheme.isalpha() and len(scheme) > 1 else subject.locator
    spellings = [subject.name, subject.digest, subject.locator, address]
    spellings += [text.partition("@")[0] for text in (subject.locator, address)]
    if subject.revision:
        spellings.append(f"{address.partition('@')[0]}@{subject.revision}")
    return frozenset(plain for text in spellings if (plain := _plain(text)))


def _plain(name: str) -> str:
    text = name.strip().casefold().rstrip("/")
    return text.removeprefix("https://huggingface.co/").removeprefix("hf.co/")


def _known(values: Mapping[str, object | None]) -> dict[str, object]:
    return {
        name: value
        for name, value in values.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }


def _nested(values: Mapping[str, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in values.items():
        branch, _, leaf = name.partition(".")
        tree.setdefault(branch, {})[leaf] = value
    return tree
