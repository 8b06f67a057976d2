"""A declaration held against the evidence of a scan and against what licences say about outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.disclosure.compute import ComputeAccount, about_compute, account_of
from auditor.disclosure.declaration import RELATIONS, Declaration
from auditor.disclosure.gaps import about_relation, unsaid
from auditor.disclosure.origin import Origin, is_named, origins_of
from auditor.disclosure.remark import Kind, Remark
from auditor.policy.facts import Reading, readings
from auditor.policy.spec import PolicyPack
from auditor.record.finding import Claim
from auditor.record.scan import Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A declaration and what is wrong with it.

    Attributes:
        declaration: What is declared.
        run: The scan whose evidence was used; None without one.
        origins: Where the model comes from.
        compute: What its training took, part by part.
        remarks: Contradictions first.
    """

    declaration: Declaration
    run: str | None
    origins: tuple[Origin, ...]
    compute: ComputeAccount
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
    origins = origins_of(declaration, scan, known, pack)
    compute = account_of(declaration, origins, _weights(scan))
    remarks = (
        *_undeclared(declaration, origins),
        *_unconfirmed(declaration, scan, known),
        *_about_licences(declaration, scan, origins),
        *about_relation(declaration),
        *unsaid(declaration, has_origins=bool(origins)),
        *about_compute(declaration, compute, origins),
        *(() if scan else (_UNMEASURED,)),
    )
    order = tuple(Kind)
    return Examination(
        declaration=declaration,
        run=scan.run if scan else None,
        origins=origins,
        compute=compute,
        remarks=tuple(sorted(remarks, key=lambda one: order.index(one.kind))),
    )


def _weights(scan: Scan | None) -> dict[str, int]:
    """Number of weights of every model of a scan, where its files told."""
    found = {}
    for one in scan.plan.subjects if scan else ():
        told = one.detail("parameters") or ""
        if told.isdecimal() and int(told):
            found[one.name] = int(told)
    return found


_UNMEASURED = Remark(
    kind=Kind.UNMEASURED,
    field="evidence",
    text="no scan of this model is at hand, so that nothing declared was held against a measurement",
    remedy="auditor scan MODEL --teacher CANDIDATE, then this command with the same --ledger",
)


def _undeclared(declaration: Declaration, origins: tuple[Origin, ...]) -> Iterator[Remark]:
    for one in origins:
        if not one.shown or one.declared or declaration.summarises(one.name):
            continue
        if declaration.mentions(one.name):
            yield Remark(
                kind=Kind.MISSING,
                field="base_model",
                text=f"the evidence points to {one.name}, which the card's text mentions and no field names",
                remedy="say what was learned from it; name it in base_model if weights came from it",
            )
            continue
        if all(shown.open for shown in one.shown):
            yield Remark(
                kind=Kind.MISSING,
                field="datasets",
                text=f"the evidence says of {one.name}: {one.evidence}; the card accounts for neither",
                remedy=f"name {one.name}, or the data that both were trained on",
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
        if finding.claim is not Claim.ANCESTRY or base is None or not is_named(base, declaration.base_models):
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
