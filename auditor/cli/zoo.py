"""``auditor zoo``: build the models of known ancestry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Build models whose ancestry is known.", rich_markup_mode="rich")

EXAMPLES = """
[bold]Examples[/bold]

  The population that continuous integration validates on:
    auditor zoo build --preset small --out zoo-small

  The whole population, with another seed and hence another world:
    auditor zoo build --preset full --seed 7 --out zoo-full-7

  On a machine with a GPU, shared by sixteen processes:
    auditor zoo build --preset full --workers 16 --device cuda
"""


@app.command(epilog=EXAMPLES)
def build(
    preset: Annotated[
        str, typer.Option(help="Population to build: demo, small, full or knowledge.")
    ] = "small",
    out: Annotated[Path, typer.Option(help="Folder to build in; an interrupted build goes on there.")] = Path(
        "zoo-build"
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes; each uses one thread.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the population and its world.")] = 0,
    device: Annotated[
        str,
        typer.Option(help="Where language models are trained: auto, cpu, cuda, cuda:N or mps."),
    ] = "cpu",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the build digest only.")] = False,
) -> int:
    """Train a population of small models and print its build digest.

    The same seed gives the same digest on one kind of machine and device. Every model gets a certificate
    of birth, and ``register.json`` says who descends from whom; no scan reads either.
    """
    from auditor.cli.follow import crafting
    from auditor.zoo.build import build as build_population

    with crafting(quiet=quiet) as progress:
        population = build_population(
            preset, out, workers=workers, seed=seed, device=device, progress=progress
        )
    if not quiet:
        Console(stderr=True).print(f"{len(population.births)} models in {out}", markup=False)
    typer.echo(population.digest)
    return 0
