"""The text that a card lacks, drafted from what is known. A person has to confirm every word of it."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from auditor.disclosure.compute import NOT_STATED
from auditor.disclosure.declaration import Declaration
from auditor.disclosure.examination import Examination
from auditor.disclosure.origin import Origin
from auditor.record.finding import Claim

_OPEN = "TO BE STATED"


def draft(examination: Examination) -> str:
    """Front matter and a section on origin, in Markdown, with gaps marked where only the maker knows."""
    declaration = examination.declaration
    return "\n".join((*_front(declaration, examination.origins), "", *_section(examination), ""))


def _front(declaration: Declaration, origins: tuple[Origin, ...]) -> Iterator[str]:
    bases = [*declaration.base_models]
    bases += [
        one.name
        for one in origins
        if any(shown.claim is Claim.ANCESTRY for shown in one.shown) and one.name not in bases
    ]
    fields: dict[str, object] = {"license": _one_or_all(declaration.licence) or _OPEN}
    if bases:
        fields["base_model"] = _one_or_all(tuple(bases))
        fields["base_model_relation"] = declaration.relation or _OPEN
    fields["datasets"] = list(declaration.datasets) or [_OPEN]
    yield "---"
    yield yaml.safe_dump(fields, sort_keys=False, allow_unicode=True).rstrip()
    yield "---"


def _one_or_all(values: tuple[str, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)


def _section(examination: Examination) -> Iterator[str]:
    yield "## Where this model comes from"
    yield ""
    if not examination.origins:
        yield f"Models whose weights or outputs went into it: {_OPEN} (or: none)."
    for one in examination.origins:
        yield f"- **{_plain(one.name)}** ({_plain(one.licence or 'licence ' + _OPEN)})"
        if one.shown:
            yield f"  - An audit found that {_plain('; and that '.join(shown.words for shown in one.shown))}."
        if not one.shown:
            yield "  - Declared by the maker; no audit at hand confirms or refutes it."
        yield f"  - What was taken (weights, answers, probabilities, hidden states, traces): {_OPEN}."
        yield f"  - When, how many examples, under which agreement: {_OPEN}."
        if one.term is not None and one.term.outputs != "allowed":
            terms = one.term.note or one.term.outputs
            yield f"  - Terms on outputs ({_plain(one.term.source)}): {_plain(terms)}."
    yield ""
    yield "## What its training took"
    yield ""
    account = examination.compute
    known = account.stated if account.stated.low is not None else account.own
    if known.low is None:
        yield f"- This model: {_OPEN} (operations, or accelerator hours and kind)."
    else:
        yield f"- This model: {_plain(known.words)} ({_plain(known.basis)}); to be confirmed."
    for amount in account.teachers:
        words = _OPEN if amount.words == NOT_STATED else f"{amount.words}; to be confirmed"
        yield f"- {_plain(amount.part)}: {_plain(words)} ({_plain(amount.basis)})."
    if examination.origins and not account.teachers:
        yield f"- The models it learned from, as far as known: {_OPEN}."
    if examination.run:
        yield ""
        yield f"Evidence: run `{_plain(examination.run)}` of the audit ledger."


def _plain(text: str) -> str:
    """Text on one line in which Markdown and markup mean nothing."""
    kept = " ".join(text.split())
    for mark in "\\`*_[]<>|#":
        kept = kept.replace(mark, f"\\{mark}")
    return kept
