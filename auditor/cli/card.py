"""``auditor card``: what a model declares about its origin, beside what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from auditor.error import UsageError
from auditor.ledger import Ledger
from auditor.report.inert import one_line
from auditor.scan.plan_file import DEFAULT_POLICY
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions

if TYPE_CHECKING:
    from auditor.disclosure.compute import ComputeAccount
    from auditor.disclosure.declaration import Declaration
    from auditor.disclosure.examination import Examination
    from auditor.record.scan import Scan

EXAMPLES = """
[bold]Examples[/bold]

  What the card leaves unsaid, and the text that is missing:
    auditor card ./student

  Held against the newest scan of this model in another ledger than audit.db:
    auditor card ./student --ledger review.db

  The drafted text into a file, to be completed and put into README.md:
    auditor card ./student --draft disclosure.md
"""
#: Where a scan leaves its evidence unless it is told otherwise.
_USUAL = Path("audit.db")


def card(
    model: Annotated[str, typer.Argument(metavar="MODEL-ID", help="Folder, .gguf file or hub id.")],
    ledger: Annotated[
        Path | None,
        typer.Option(help="Evidence ledger with a scan of this model; audit.db where there is one."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(help="The scan, or the beginning of its name; else the model's newest."),
    ] = None,
    policy: Annotated[
        str, typer.Option("--policy", help="Pack whose level and table of licence terms are used.")
    ] = DEFAULT_POLICY,
    summary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Public summary of training (text); read as part of the card."),
    ] = None,
    draft_file: Annotated[
        Path | None, typer.Option("--draft", help="Write the drafted text to a file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """Compare what a model's card declares with what was measured, and draft what it leaves unsaid.

    Leaves with 1 where evidence, licence or card contradict each other.
    """
    from auditor.disclosure.declaration import read_declaration
    from auditor.disclosure.draft import draft
    from auditor.disclosure.examination import examine
    from auditor.policy.spec import load_policy
    from auditor.record.codec import encode

    options = OpenOptions()
    declaration = read_declaration(model, options, summary)
    scan = _scan(model, options, ledger, run)
    found = examine(declaration, scan, load_policy(policy))
    text = draft(found)
    if draft_file is not None:
        draft_file.write_text(text, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({**encode(found), "draft": text}, indent=2, default=str))
    else:
        _show(found, None if draft_file is not None else text)
        if draft_file is not None:
            typer.echo(f"Draft: {draft_file}")
    return int(found.contradicted)


def _scan(model: str, options: OpenOptions, path: Path | None, run: str | None) -> Scan | None:
    """The scan whose evidence is used: the one that is named, or the newest with this very model as suspect.

    Raises:
        UsageError: If a ledger or a run is named, and has no scan of this model.
    """
    wanted = path is not None or run is not None
    path = path or _USUAL
    if not wanted and not path.is_file():
        return None
    digest = open_target(model, options).description.digest
    with Ledger.open(path, create=False, readonly=True) as evidence:
        names = [run] if run else [one.run for one in reversed(evidence.runs()) if one.finished_at]
        for name in names:
            scan = evidence.scan(name)
            if scan.plan.suspect.digest == digest:
                return scan
    if not wanted:
        return None
    lack = f"run {run} is a scan of another model" if run else "it holds no finished scan of this model"
    raise UsageError(lack, where=str(path), fix=f"auditor scan {model} --teacher CANDIDATE --ledger {path}")


def _show(found: Examination, text: str | None) -> None:
    from auditor.disclosure.remark import Kind

    styles = {
        Kind.CONTRADICTION: "red",
        Kind.OBLIGATION: "magenta",
        Kind.MISSING: "yellow",
        Kind.UNMEASURED: "dim",
    }
    console = Console()
    console.print(_declared(found.declaration))
    if not found.remarks:
        console.print("Nothing is missing, and nothing contradicts the evidence.")
    for one in found.remarks:
        style = styles[one.kind]
        console.print(
            f"[{style}]{one.kind.value}[/] [bold]{escape(one.field)}[/]: {escape(one_line(one.text))}",
            highlight=False,
        )
        console.print(f"  [dim]{escape(one_line(one.remedy))}[/]", highlight=False)
    console.print(_compute(found.compute))
    for line in found.compute.marks:
        console.print(f"[dim]·[/] {escape(one_line(line))}", highlight=False)
    if text is not None:
        console.rule("Draft for the card")
        console.print(escape(text), highlight=False)


def _declared(declaration: Declaration) -> Table:
    table = Table("field", f"what the card of {escape(one_line(declaration.name))} declares")
    for name, value in (
        ("base_model", ", ".join(declaration.base_models)),
        ("base_model_relation", declaration.relation or ""),
        ("datasets", ", ".join(declaration.datasets)),
        ("license", ", ".join(declaration.licence)),
        ("compute", "stated" if declaration.compute else ""),
    ):
        table.add_row(name, escape(one_line(value)) or "[dim]nothing[/]")
    return table


def _compute(account: ComputeAccount) -> Table:
    table = Table("compute", "operations", "worked out from")
    for one in account.amounts:
        cells = (one.part, one.words, one.basis)
        table.add_row(*(escape(one_line(cell)) for cell in cells), style="dim" if one.indicative else None)
    return table
