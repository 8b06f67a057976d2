"""``auditor zoo``: build the models of known ancestry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Build models whose ancestry is known.", rich_markup_mode="rich")


@app.command(epilog="[bold]Example[/bold]\n\n  auditor zoo build --preset demo --workers 2 --out zoo-build")
def build(
    preset: Annotated[str, typer.Option(help="Population to build.")] = "demo",
    out: Annotated[Path, typer.Option(help="Folder to build in; an interrupted build goes on there.")] = Path(
        "zoo-build"
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes; each uses one thread.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the population.")] = 0,
) -> int:
    """Train a population and print its build digest; the same seed gives the same digest."""
    from auditor.zoo.build import build as build_population

    console = Console(stderr=True)
    population = build_population(preset, out, workers=workers, seed=seed, progress=console.print)
    typer.echo(population.digest)
    return 0
