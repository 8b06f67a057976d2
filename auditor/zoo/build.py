"""``auditor zoo build``: a whole population with its certificates and its register."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.error import UsageError
from auditor.target.loading import choose_device
from auditor.zoo.population.presets import recipes
from auditor.zoo.recipe import Birth
from auditor.zoo.register import REGISTER, register_of, write_register
from auditor.zoo.work.birth import read_birth
from auditor.zoo.work.job import BIRTHS, Making, Recording, jobs_of
from auditor.zoo.work.shipment import build_digest, pretty, ship
from auditor.zoo.work.whole_file import write_whole
from auditor.zoo.work.workshop import Progress, run_all


@dataclass(frozen=True, slots=True)
class Population:
    """A finished build.

    Attributes:
        out: Its folder: ``models/NAME``, ``births/NAME.json``, ``register.json``, and for the demo a folder
            with what is shipped.
        digest: Digest over every model and every recorded answer.
        births: The certificates, in the order of the preset.
    """

    out: Path
    digest: str
    births: tuple[Birth, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of all models."""
        return tuple(birth.recipe.name for birth in self.births)


def build(
    preset: str,
    out: Path,
    workers: int = 2,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress = lambda *_: None,
) -> Population:
    """Build a population; an interrupted build in the same folder goes on where it stood.

    Args:
        preset: ``demo``, ``small``, ``full`` or ``knowledge``.
        out: Folder to build in.
        workers: Worker processes, of one thread each.
        seed: Seed of the population and its world.
        device: Where causal language models are trained: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        progress: Told of every finished piece of work.

    Raises:
        UsageError: If there is no such preset or device, or the folder holds another build.
        AuditorError: If a worker failed.
    """
    wanted = recipes(preset, seed)
    intent = {"preset": preset, "seed": seed}
    trainer = choose_device(device)
    _claim(out, intent)
    jobs = jobs_of(wanted, seed, out, trainer)
    run_all(jobs, out / "claims", workers, progress)
    births = tuple(read_birth(out / BIRTHS / f"{job.name}.json") for job in jobs if isinstance(job, Making))
    write_register(out / REGISTER, register_of(births))
    records = [job.path for job in jobs if isinstance(job, Recording)]
    digest = ship(out, intent, births, records) if records else build_digest(births)
    return Population(out, digest, births)


def _claim(out: Path, intent: dict[str, Any]) -> None:
    """Mark a folder as this build's.

    Raises:
        UsageError: If it is another build's, or cannot be written.
    """
    mark = out / "build.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not mark.is_file():
            write_whole(mark, pretty(intent))
        found = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise UsageError(
            f"the folder cannot be built in: {error}", where=str(out), fix="choose another with --out"
        ) from error
    if found != intent:
        raise UsageError(
            f"the folder holds another build: {found}", where=str(out), fix="choose another with --out"
        )
