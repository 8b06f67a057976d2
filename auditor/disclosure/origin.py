"""Models that another one comes from, by evidence or by declaration."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.disclosure.declaration import Declaration
from auditor.policy.facts import Reading
from auditor.policy.spec import LicenceTerm, PolicyPack
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING
from auditor.record.finding import Claim
from auditor.record.scan import Scan
from auditor.record.subject import Role, Subject

#: Claims that say where a model comes from.
ORIGIN = (Claim.ANCESTRY, Claim.DISTILLED_FROM, Claim.TRAINED_ON_SERVED)
_HOW = {
    Claim.ANCESTRY: "the weights come from it",
    Claim.DISTILLED_FROM: "the model learned from its outputs",
    Claim.TRAINED_ON_SERVED: "the model learned from its logged answers",
}
#: What graded answers say that leave more open.
_LESS = {
    FROM_SHARED_DATA: "the model learned from it or from something that shares its data",
    FROM_SIBLING: "the model learned from it or a sibling of it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A finding that says where the model comes from.

    Attributes:
        claim: What it says.
        probe: The probe that it is from.
        answer: Its graded answer, where the method gives one.
    """

    claim: Claim
    probe: str
    answer: str = ""

    @property
    def open(self) -> bool:
        """Whether the evidence leaves open that the other model itself had any part in it."""
        return self.answer == FROM_SHARED_DATA

    @property
    def words(self) -> str:
        """The same as a clause about the other model."""
        said = _LESS.get(self.answer, _HOW[self.claim])
        return f"{said} ({self.probe})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A model that the examined one comes from, by evidence or by declaration.

    Attributes:
        name: Its name.
        shown: How the evidence says so; none where it is only declared.
        declared: Whether the maker names it.
        licence: Its licence, where known.
        term: What this licence says about outputs; None where that is not known.
    """

    name: str
    shown: tuple[Shown, ...]
    declared: bool
    licence: str | None
    term: LicenceTerm | None

    @property
    def evidence(self) -> str:
        """What the evidence says of it, as clauses."""
        return "; ".join(one.words for one in self.shown)


def origins_of(
    declaration: Declaration, scan: Scan | None, known: tuple[Reading, ...], pack: PolicyPack
) -> tuple[Origin, ...]:
    """What the evidence points to, then what is only declared."""
    terms = {one.licence.casefold(): one for one in pack.licence_terms}
    subjects = {one.digest: one for one in scan.plan.subjects if one.role is not Role.SUSPECT} if scan else {}
    shown: dict[str, list[Shown]] = {}
    for one in known:
        finding = one.finding
        if finding.claim in ORIGIN and finding.teacher in subjects and one.values.get("finding.supports"):
            said = Shown(claim=finding.claim, probe=finding.probe, answer=str(finding.fact("answer") or ""))
            shown.setdefault(finding.teacher, []).append(said)
    stated = (*declaration.base_models, *(scan.plan.declared_teachers if scan else ()))
    found = [
        _origin(
            subject.name, tuple(shown[digest]), is_named(subject, stated), subject.detail("licence"), terms
        )
        for digest, subject in subjects.items()
        if digest in shown
    ]
    for name in dict.fromkeys(stated):
        subject = next((one for one in subjects.values() if is_named(one, (name,))), None)
        if subject is None or subject.digest not in shown:
            licence = subject.detail("licence") if subject else None
            found.append(_origin(name, (), True, licence, terms))
    return tuple(found)


def is_named(subject: Subject, stated: tuple[str, ...]) -> bool:
    """Whether one of the names is a model's, be it with its owner's or without."""
    names = {
        subject.name.casefold(),
        subject.locator.casefold(),
        subject.locator.rsplit("/", 1)[-1].casefold(),
    }
    return any(one.casefold() in names or one.rsplit("/", 1)[-1].casefold() in names for one in stated)


def _origin(
    name: str,
    shown: tuple[Shown, ...],
    declared: bool,
    licence: str | None,
    terms: dict[str, LicenceTerm],
) -> Origin:
    term = terms.get(licence.casefold()) if licence else None
    return Origin(name=name, shown=shown, declared=declared, licence=licence, term=term)
