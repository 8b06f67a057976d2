"""Compute that a declaration leaves out: what is stated, against what can be worked out and against teachers.

Training a dense model of N weights on D tokens takes about 6 N D operations, and writing a token about 2 N.
So a statement of operations or hours can be held against the model's own tokens and weights; and a student of
another model stands on operations that nobody spent on the student. Every figure is a range, and where one is
missing it is said that it is not stated, instead of a guess.

Source: Kaplan et al. 2020, section 2.1 (6 N D, 2 N); Hoffmann et al. 2022 (about 20 tokens a weight), which
is shown as an indication only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.disclosure.declaration import Declaration
from auditor.disclosure.marks import COUNTS_TOGETHER, MARKS, MODIFIED, Mark
from auditor.disclosure.origin import Origin
from auditor.disclosure.remark import Kind, Remark
from auditor.record.finding import Claim

#: Tokens of an example that a teacher wrote: from a short answer to a long trace.
TOKENS_PER_EXAMPLE = (50.0, 4000.0)
#: Tokens that a compute-optimal training takes for each weight.
_TOKENS_PER_WEIGHT = 20.0
#: A statement contradicts the bound only where it is below half of it: 6 N D is an approximation.
_SLACK = 0.5
_BILLIONS = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*b(?:illion)?\b", re.IGNORECASE)
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Operations of one part of a training, as a range.

    Attributes:
        part: What they were spent on.
        low: Lower end; None where nothing can be worked out.
        high: Upper end; None where there is none.
        basis: What it was worked out from, or what is not stated.
        indicative: Whether it rests on a rule of thumb.
    """

    part: str
    low: float | None = None
    high: float | None = None
    basis: str
    indicative: bool = False

    @property
    def words(self) -> str:
        """The range in words."""
        if self.low is None and self.high is None:
            return NOT_STATED
        if self.low is None:
            return f"at most {self.high:.2g} FLOP"
        if self.high is None or self.high == self.low:
            return f"{self.low:.2g} FLOP"
        return f"{self.low:.2g} to {self.high:.2g} FLOP"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeAccount:
    """What a training took, part by part.

    Attributes:
        stated: Operations that are stated.
        hardware: Most that the stated hours could have done.
        own: Worked out from the model's weights and stated tokens.
        usual: What a training of this size usually takes; an indication.
        teachers: What models that it learned from took to write what it learned from.
        marks: Marks of law, and where the model stands.
    """

    stated: Amount
    hardware: Amount
    own: Amount
    usual: Amount
    teachers: tuple[Amount, ...]
    marks: tuple[str, ...]

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """Every part, the model's own first."""
        return (self.stated, self.hardware, self.own, self.usual, *self.teachers)


def account_of(
    declaration: Declaration, origins: tuple[Origin, ...], weights_of: Mapping[str, int]
) -> ComputeAccount:
    """What can be said of the compute behind a model.

    Args:
        declaration: What is declared.
        origins: Where the model comes from.
        weights_of: Number of weights by name of a model, where known.
    """
    own = _own(declaration)
    teachers = tuple(_writing(declaration, one, weights_of) for one in origins if is_teacher(one))
    stated = _stated(declaration)
    return ComputeAccount(
        stated=stated,
        hardware=_hardware(declaration),
        own=own,
        usual=_usual(declaration),
        teachers=teachers,
        marks=tuple(_marks(declaration, stated, own, teachers)),
    )


def is_teacher(origin: Origin) -> bool:
    """Whether the evidence says that the model learned from this one's outputs."""
    return any(one.claim is not Claim.ANCESTRY and not one.open for one in origin.shown)


def _stated(declaration: Declaration) -> Amount:
    found = declaration.figures.operations
    part = "this model, as stated"
    if not found:
        return Amount(part=part, basis="the card states no number of operations")
    basis = "the card" if len(found) == 1 else f"{len(found)} figures of the card, perhaps of several stages"
    return Amount(part=part, low=min(found), high=sum(found), basis=basis)


def _hardware(declaration: Declaration) -> Amount:
    figures = declaration.figures
    part = "this model, by hours of hardware"
    if not figures.hours:
        return Amount(part=part, basis="the card states no accelerator hours")
    hours = sum(figures.hours)
    if not figures.accelerators:
        basis = f"{hours:,.0f} hours of accelerators whose kind is {NOT_STATED} or not known here"
        return Amount(part=part, basis=basis)
    fastest = max(figures.accelerators, key=lambda one: one.peak)
    basis = (
        f"{hours:,.0f} hours at the peak of {fastest.name} ({fastest.peak:.3g} a second; {fastest.source})"
    )
    return Amount(part=part, high=hours * 3600 * fastest.peak, basis=basis)


def _own(declaration: Declaration) -> Amount:
    part = "this model, by its weights and tokens"
    weights, tokens = declaration.weights, declaration.figures.tokens
    if not weights:
        return Amount(part=part, basis="the number of weights cannot be read without loading them")
    if declaration.sparse:
        return Amount(
            part=part, basis="it has experts, and how many of them a token passes is not known here"
        )
    if not tokens:
        return Amount(part=part, basis="the card states no number of training tokens")
    dense = max(weights - declaration.embedding, 1)
    # Of several figures it is not known which were trained on, one after the other or not at all.
    low, high = 6.0 * dense * min(tokens), 6.0 * weights * sum(tokens)
    several = "" if len(tokens) == 1 else f", {len(tokens)} figures"
    return Amount(
        part=part,
        low=low,
        high=high,
        basis=f"6 N D: {weights:,} weights, {dense:,} without embeddings, {_range(min(tokens), sum(tokens))} "
        f"stated tokens{several}",
    )


def _usual(declaration: Declaration) -> Amount:
    part = "a training of this size from the beginning"
    if not declaration.weights or declaration.sparse:
        return Amount(part=part, basis="the weights that a token passes are not known", indicative=True)
    usual = 6.0 * declaration.weights**2 * _TOKENS_PER_WEIGHT
    return Amount(
        part=part,
        low=usual,
        high=usual,
        basis="an indication only: 20 tokens a weight (Hoffmann et al. 2022); students may see far less",
        indicative=True,
    )


def _writing(declaration: Declaration, origin: Origin, weights_of: Mapping[str, int]) -> Amount:
    part = f"{origin.name}, writing what this model learned from"
    weights, how = float(weights_of.get(origin.name, 0)), "its weights"
    if not weights and (found := _BILLIONS.search(origin.name)):
        weights, how = float(found[1]) * 1e9, "the size in its name"
    examples = declaration.figures.examples
    lacking = [
        lack
        for lack, there in (("its number of weights", weights), ("how many examples it wrote", examples))
        if not there
    ]
    if lacking:
        return Amount(part=part, basis=f"{' and '.join(lacking)}: {NOT_STATED}; its training comes on top")
    few, many = TOKENS_PER_EXAMPLE
    return Amount(
        part=part,
        low=2.0 * weights * min(examples) * few,
        high=2.0 * weights * sum(examples) * many,
        basis=f"2 N a token, if all weights take part: {weights:,.0f} by {how}, "
        f"{_range(min(examples), sum(examples))} stated examples of {few:g} to {many:g} tokens each; its "
        f"training comes on top and is {NOT_STATED} here",
        indicative=True,
    )


def _range(low: float, high: float) -> str:
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"


def _marks(
    declaration: Declaration, stated: Amount, own: Amount, teachers: tuple[Amount, ...]
) -> Iterator[str]:
    best = stated if stated.low is not None else own
    for mark in (*MARKS, *((MODIFIED,) if declaration.base_models else ())):
        said = f"{mark.operations:.2g} FLOP, {mark.meaning} ({mark.source}, {mark.dated})"
        yield f"{said}: {_standing(best, mark)}"
    if teachers:
        yield f"{COUNTS_TOGETHER}; whose computation at another provider counts is a question of law"


def _standing(amount: Amount, mark: Mark) -> str:
    if amount.low is None or amount.high is None:
        return f"{NOT_STATED}, so that nothing follows"
    if amount.low > mark.operations:
        return f"above it, by {amount.basis}"
    if amount.high <= mark.operations:
        return "below it"
    return f"within {amount.words}, so that it may be on either side"


def about_compute(
    declaration: Declaration, account: ComputeAccount, origins: tuple[Origin, ...]
) -> Iterator[Remark]:
    """Statements that do not fit together, and operations of teachers that nobody accounts for."""
    own, figures = account.own, declaration.figures
    certain = own.low is not None and len(figures.tokens) == 1 and not declaration.base_models
    if certain and own.low is not None:
        for amount, what in ((account.stated, "operations"), (account.hardware, "hours")):
            if amount.high is not None and amount.high < _SLACK * own.low:
                yield Remark(
                    kind=Kind.CONTRADICTION,
                    field="compute",
                    text=f"the stated {what} come to {amount.words} ({amount.basis}), and the stated tokens "
                    f"alone take {own.low:.2g} FLOP or more ({own.basis})",
                    remedy="say which figure is of which stage, or correct it",
                )
    written = dict(zip((one.name for one in origins if is_teacher(one)), account.teachers, strict=True))
    for name, amount in written.items():
        if declaration.compute and not declaration.accounts_for(name):
            yield Remark(
                kind=Kind.MISSING,
                field="compute",
                text=f"compute is stated, and what {name} took to write what this model learned from is not "
                f"part of it: {amount.words} ({amount.basis})",
                remedy=f"state it apart from the model's own, with how many tokens {name} wrote",
            )
