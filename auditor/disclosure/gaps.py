"""What a model card does not say."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.disclosure.declaration import RELATIONS, Declaration
from auditor.disclosure.remark import Kind, Remark


def about_relation(declaration: Declaration) -> Iterator[Remark]:
    """A base without the way from it, or with a word that nobody reads."""
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


def unsaid(declaration: Declaration, *, has_origins: bool) -> Iterator[Remark]:
    """Fields that a reader looks for and does not find."""
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
        of_teachers = " and what its teachers took belongs to the account" if has_origins else ""
        yield Remark(
            kind=Kind.MISSING,
            field="compute",
            text=f"no compute or energy of training is stated{',' if of_teachers else ''}{of_teachers}",
            remedy="state operations or accelerator hours, those of teachers apart from the model's own",
        )
