"""A declaration held against the evidence of a scan and against what licences say about outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from auditor.disclosure.declaration import RELATIONS, Declaration
from auditor.policy.facts import Reading, readings
from auditor.policy.spec import LicenceTerm, PolicyPack
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


class Kind(StrEnum):
    """What a remark is about.

    ``contradiction``: the evidence, or the card itself, says otherwise. ``obligation``: a licence asks for
    something, or forbids. ``missing``: the card does not say. ``unmeasured``: nobody looked.
    """

    CONTRADICTION = "contradiction"
    OBLIGATION = "obligation"
    MISSING = "missing"
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that whoever releases the model should know.

    Attributes:
        kind: What it is about.
        field: Field of the card, or part of its text.
        text: What was seen, in one sentence.
        remedy: What would settle it.
    """

    kind: Kind
    field: str
    text: str
    remedy: str


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
    def words(self) -> str:
        """The same as a clause about the other model."""
        return f"{_HOW[self.claim]} ({self.probe}{': ' if self.answer else ''}{self.answer})"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A declaration and what is wrong with it.

    Attributes:
        declaration: What is declared.
        run: The scan whose evidence was used; None without one.
        origins: Where the model comes from.
        remarks: Contradictions first.
    """

    declaration: Declaration
    run: str | None
    origins: tuple[Origin, ...]
    remarks: tuple[Remark, ...]

    @property
    def contradicted(self) -> bool:
        """Whether anything declared disagrees with what is known."""
        return any(one.kind is Kind.CONTRADICTION for one in self.remarks)


def examine(declaration: Declaration, scan: Scan | None, pack: PolicyPack) -> Examination:
    """Hold a declaration against evidence and licences.

    Args:
        declaration: What is declared.
        scan: A scan with this model as suspect, or None.
        pack: Policy pack whose level and table of licence terms are used.
    """
    known = readings(scan.plan, scan.findings, pack) if scan else ()
    origins = _origins(declaration, scan, known, pack)
    remarks = (
        *_undeclared(declaration, origins),
        *_unconfirmed(declaration, scan, known),
        *_about_licences(declaration, scan, origins),
        *_about_relation(declaration),
        *_unsaid(declaration, origins),
        *(() if scan else (_UNMEASURED,)),
    )
    order = tuple(Kind)
    return Examination(
        declaration=declaration,
        run=scan.run if scan else None,
        origins=origins,
        remarks=tuple(sorted(remarks, key=lambda one: order.index(one.kind))),
    )


_UNMEASURED = Remark(
    kind=Kind.UNMEASURED,
    field="evidence",
    text="no scan of this model is at hand, so that nothing declared was held against a measurement",
    remedy="auditor scan MODEL --teacher CANDIDATE, then this command with the same --ledger",
)


def _origins(
    declaration: Declaration, scan: Scan | None, known: tuple[Reading, ...], pack: PolicyPack
) -> tuple[Origin, ...]:
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
            subject.name, tuple(shown[digest]), _is_named(subject, stated), subject.detail("licence"), terms
        )
        for digest, subject in subjects.items()
        if digest in shown
    ]
    for name in dict.fromkeys(stated):
        subject = next((one for one in subjects.values() if _is_named(one, (name,))), None)
        if subject is None or subject.digest not in shown:
            licence = subject.detail("licence") if subject else None
            found.append(_origin(name, (), True, licence, terms))
    return tuple(found)


def _origin(
    name: str,
    shown: tuple[Shown, ...],
    declared: bool,
    licence: str | None,
    terms: dict[str, LicenceTerm],
) -> Origin:
    term = terms.get(licence.casefold()) if licence else None
    return Origin(name=name, shown=shown, declared=declared, licence=licence, term=term)


def _is_named(subject: Subject, stated: tuple[str, ...]) -> bool:
    names = {
        subject.name.casefold(),
        subject.locator.casefold(),
        subject.locator.rsplit("/", 1)[-1].casefold(),
    }
    return any(one.casefold() in names or one.rsplit("/", 1)[-1].casefold() in names for one in stated)


def _undeclared(declaration: Declaration, origins: tuple[Origin, ...]) -> Iterator[Remark]:
    for one in origins:
        if not one.shown or one.declared:
            continue
        if declaration.mentions(one.name):
            yield Remark(
                kind=Kind.MISSING,
                field="base_model",
                text=f"the evidence points to {one.name}, which the card's text mentions and no field names",
                remedy="say what was learned from it; name it in base_model if weights came from it",
            )
            continue
        yield Remark(
            kind=Kind.CONTRADICTION,
            field="base_model",
            text=f"the evidence says of {one.name}: {one.evidence}; neither maker nor card names it",
            remedy=f"disclose {one.name}, or explain the evidence",
        )


def _unconfirmed(declaration: Declaration, scan: Scan | None, known: tuple[Reading, ...]) -> Iterator[Remark]:
    if scan is None or declaration.relation not in RELATIONS:
        return
    subjects = {one.digest: one for one in scan.plan.subjects}
    for one in known:
        finding = one.finding
        base = subjects.get(finding.teacher or "")
        if (
            finding.claim is not Claim.ANCESTRY
            or base is None
            or not _is_named(base, declaration.base_models)
        ):
            continue
        if one.values.get("finding.does_not_support"):
            yield Remark(
                kind=Kind.CONTRADICTION,
                field="base_model",
                text=f"the card says {declaration.relation} of {base.name}, and no ancestry is found: "
                f"{finding.reason}",
                remedy="name the model that the weights come from, or say that they are fresh",
            )


def _about_licences(
    declaration: Declaration, scan: Scan | None, origins: tuple[Origin, ...]
) -> Iterator[Remark]:
    said = scan.plan.declared_licence if scan else None
    if (
        said
        and declaration.licence
        and said.casefold() not in {one.casefold() for one in declaration.licence}
    ):
        yield Remark(
            kind=Kind.CONTRADICTION,
            field="license",
            text=f"the card says {', '.join(declaration.licence)}, and its maker has declared {said}",
            remedy="let both say the same",
        )
    for one in origins:
        if one.term is None:
            unknown = f"licence {one.licence}" if one.licence else "licence"
            yield Remark(
                kind=Kind.MISSING,
                field="license",
                text=f"what the {unknown} of {one.name} says about its outputs is not known here",
                remedy="look it up, and add it to licence_terms of the policy pack",
            )
        elif one.term.outputs != "allowed":
            note = f": {one.term.note}" if one.term.note else ""
            how = "forbids" if one.term.outputs == "forbidden" else "sets conditions for"
            yield Remark(
                kind=Kind.OBLIGATION,
                field="license",
                text=f"{one.licence}, the licence of {one.name}, {how} learning from its outputs{note} "
                f"({one.term.source}, {one.term.dated})",
                remedy="permission of its owner, or a release that meets the terms",
            )


def _about_relation(declaration: Declaration) -> Iterator[Remark]:
    relation = declaration.relation
    if declaration.base_models and relation is None:
        yield Remark(
            kind=Kind.MISSING,
            field="base_model_relation",
            text="a base model is named, and how this model came from it is not",
            remedy=f"one of {', '.join(RELATIONS)}; for distillation there is no word, so say it in the text",
        )
    elif relation is not None and relation not in RELATIONS:
        yield Remark(
            kind=Kind.MISSING,
            field="base_model_relation",
            text=f"'{relation}' is none of the words that registries read",
            remedy=f"one of {', '.join(RELATIONS)}; say in the text what they cannot express",
        )


def _unsaid(declaration: Declaration, origins: tuple[Origin, ...]) -> Iterator[Remark]:
    if declaration.card is None:
        yield Remark(
            kind=Kind.MISSING,
            field="card",
            text="there is no model card",
            remedy="start from the draft",
        )
        return
    if declaration.broken:
        yield Remark(
            kind=Kind.MISSING,
            field="card",
            text="the card's front matter is not valid YAML, so that nobody can read what it declares",
            remedy="mend it",
        )
    if not declaration.licence:
        yield Remark(kind=Kind.MISSING, field="license", text="no licence is stated", remedy="state one")
    if not declaration.datasets:
        yield Remark(
            kind=Kind.MISSING,
            field="datasets",
            text="no training data are stated",
            remedy="name data sets, and models whose outputs are among the data",
        )
    if not declaration.compute:
        of_teachers = " and what its teachers took belongs to the account" if origins else ""
        yield Remark(
            kind=Kind.MISSING,
            field="compute",
            text=f"no compute or energy of training is stated{',' if of_teachers else ''}{of_teachers}",
            remedy="state operations or accelerator hours, those of teachers apart from the model's own",
        )
