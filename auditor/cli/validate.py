"""``auditor validate``: how often the auditor is right, on models whose ancestry is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from auditor.cli.perform import INTERRUPTED
from auditor.error import UsageError

EXAMPLES = """
[bold]Examples[/bold]

  A population that was built before:
    auditor zoo build --preset small --out zoo-small
    auditor validate zoo-small

  Build it first, in the same folder of results:
    auditor validate --preset small --out results

  With somebody else's models held out, judged by thresholds of the first:
    auditor validate zoo-full --against their-models

  One method, and the figures as JSON:
    auditor validate zoo-small --method reference_likelihood --json
"""


def validate(
    population: Annotated[
        Path | None,
        typer.Argument(metavar="[POPULATION]", help="Folder with register.json and the models."),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Build this population first, below --out.")] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Held-out population, judged by thresholds and calibrations of the first."),
    ] = None,
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help="Only this method.")] = None,
    suite: Annotated[
        list[str] | None, typer.Option("--suite", "-s", help="Suite, or single probe as suite/probe.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for ledger and reports; a run goes on there.")] = Path(
        "auditor-validation"
    ),
    workers: Annotated[int, typer.Option(min=0, help="Processes that ask; 0 asks in this one.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of fresh items, halves, and a preset.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N or mps.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures and rows as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")] = False,
) -> int:
    """Audit every model of a population whose ancestry is known, and count how often that was right.

    Writes validation.html, validation.json and validation.md, and calibration.json for `auditor scan
    --calibration`. Thresholds come from control models; nothing
    is chosen on the figures that are reported.
    """
    from auditor.target.protocol import OpenOptions
    from auditor.validation.output.json_document import render_json
    from auditor.validation.output.terminal import render_terminal
    from auditor.validation.output.write import write_all
    from auditor.validation.run import Wanted
    from auditor.validation.run import validate as conduct_interview

    silent = quiet or as_json
    try:
        folder = _population(population, preset, out, workers=workers, seed=seed, quiet=silent)
        wanted = Wanted(
            population=folder,
            out=out,
            against=against,
            suites=tuple(suite or ()),
            methods=tuple(method or ()),
            workers=workers,
            seed=seed,
            options=OpenOptions(device=device, dtype="float32"),
        )
        with Console(stderr=True, quiet=silent).status("validating") as status:
            found = conduct_interview(wanted, lambda line: status.update(escape(line)))
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on from here", err=True)
        return INTERRUPTED
    paths = write_all(found, out)
    if as_json:
        typer.echo(render_json(found), nl=False)
    elif not quiet:
        console = Console()
        render_terminal(found, console)
        for path in paths:
            console.print(f"Report: {escape(str(path))}", highlight=False, soft_wrap=True)
    return 0


def _population(
    population: Path | None, preset: str | None, out: Path, *, workers: int, seed: int, quiet: bool
) -> Path:
    """The folder to examine, built first where a preset is named."""
    if (population is None) == (preset is None):
        raise UsageError(
            "give either a folder with a population or a preset",
            fix="write `auditor validate FOLDER` or `auditor validate --preset small`",
        )
    if population is not None:
        return population
    from auditor.cli.follow import crafting
    from auditor.zoo.build import build

    folder = out / "population"
    with crafting(quiet=quiet) as progress:
        build(str(preset), folder, workers=max(workers, 1), seed=seed, progress=progress)
    return folder
