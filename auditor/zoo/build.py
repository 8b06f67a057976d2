"""``auditor zoo build``: a whole population, its certificates, and what the demo ships of it."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.digest import digest_bytes, digest_folder, digest_json
from auditor.error import UsageError
from auditor.ledger.panel import pack_panel, read_panel
from auditor.record.codec import encode
from auditor.record.observation import Observation
from auditor.record.subject import Subject
from auditor.zoo.birth import read_birth, write_whole
from auditor.zoo.job import BIRTHS, MODELS, Making, Recording, jobs_of
from auditor.zoo.lesson import PUBLIC_ITEMS, PUBLIC_SEED
from auditor.zoo.population import recipes
from auditor.zoo.recipe import Birth, Part
from auditor.zoo.workshop import run_all

#: What is shipped, under a build's folder and in the package alike.
SHIPPED, PANEL, MANIFEST, CERTIFICATES = "demo", "panel.jsonl.gz", "manifest.json", "births.json"
_SHIPPED_PARTS = (Part.TEACHER, Part.STUDENT, Part.INNOCENT)
_SHIPPED_BASE = "base"


@dataclass(frozen=True, slots=True)
class Population:
    """A finished build.

    Attributes:
        out: Its folder: ``models/NAME``, ``births/NAME.json``, and ``demo`` with what is shipped.
        digest: Digest over every model and every recorded answer.
        births: The certificates, in the order of the preset.
        shipped_bytes: Size of what is shipped.
    """

    out: Path
    digest: str
    births: tuple[Birth, ...]
    shipped_bytes: int

    @property
    def models(self) -> tuple[str, ...]:
        """Names of all models."""
        return tuple(birth.recipe.name for birth in self.births)


def build(
    preset: str,
    out: Path,
    workers: int = 2,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _line: None,
) -> Population:
    """Build a population; an interrupted build in the same folder goes on where it stood.

    Args:
        preset: ``demo``.
        out: Folder to build in.
        workers: Worker processes, of one thread each.
        seed: Seed of the population and its world.
        progress: Told one line per finished piece of work.

    Raises:
        UsageError: If there is no such preset, or the folder holds another build.
        AuditorError: If a worker failed.
    """
    wanted = recipes(preset, seed)
    _claim(out, {"preset": preset, "seed": seed})
    jobs = jobs_of(wanted, seed, out)

    def told(done: int, total: int, name: str) -> None:
        progress(f"{done} of {total}: {name}")

    run_all(jobs, out / "claims", workers, told)
    births = tuple(read_birth(out / BIRTHS / f"{job.name}.json") for job in jobs if isinstance(job, Making))
    records = [job.path for job in jobs if isinstance(job, Recording)]
    shipped = _assemble(out, births, records)
    recorded = shipped / PANEL
    digest = build_digest(births, recorded)
    manifest = _manifest(preset, seed, births, recorded, digest)
    write_whole(shipped / MANIFEST, _pretty(manifest))
    size = sum(path.stat().st_size for path in shipped.rglob("*") if path.is_file())
    return Population(out, digest, births, size)


def build_digest(births: tuple[Birth, ...], recorded: Path) -> str:
    """Digest over the recipes, data and weights of every model, and over every recorded answer."""
    return digest_json(
        {
            "births": {birth.recipe.name: digest_json(encode(birth)) for birth in births},
            "panel": records_digest(recorded),
        }
    )


def records_digest(recorded: Path) -> str:
    """Of the records and not of the file: compression differs between versions of zlib."""
    return digest_bytes(gzip.decompress(recorded.read_bytes()))


def _claim(out: Path, intent: dict[str, Any]) -> None:
    """Mark a folder as this build's.

    Raises:
        UsageError: If it is another build's, or cannot be written.
    """
    mark = out / "build.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not mark.is_file():
            write_whole(mark, _pretty(intent))
        found = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise UsageError(
            f"the folder cannot be built in: {error}", where=str(out), fix="choose another with --out"
        ) from error
    if found != intent:
        raise UsageError(
            f"the folder holds another build: {found}", where=str(out), fix="choose another with --out"
        )


def _assemble(out: Path, births: tuple[Birth, ...], records: list[Path]) -> Path:
    """Put together what is shipped: a few models, everybody's certificate, and the records."""
    shipped = out / SHIPPED
    shutil.rmtree(shipped, ignore_errors=True)
    shipped.mkdir()
    for birth in births:
        name = birth.recipe.name
        if birth.recipe.part in _SHIPPED_PARTS or name == _SHIPPED_BASE:
            shutil.copytree(out / MODELS / name, shipped / MODELS / name)
    write_whole(shipped / CERTIFICATES, _pretty([encode(birth) for birth in births]))
    subjects: list[Subject] = []
    observations: list[Observation] = []
    for path in records:
        recorded = read_panel(path)
        subjects += recorded.subjects
        observations += recorded.observations
    write_whole(shipped / PANEL, pack_panel(subjects, observations))
    return shipped


def _manifest(
    preset: str, seed: int, births: tuple[Birth, ...], recorded: Path, digest: str
) -> dict[str, Any]:
    shipped = recorded.parent / MODELS
    return {
        "preset": preset,
        "seed": seed,
        "public_benchmark": {"seed": PUBLIC_SEED, "items": PUBLIC_ITEMS},
        "machine": machine_kind(),
        "build_digest": digest,
        "panel_digest": records_digest(recorded),
        "models": {
            birth.recipe.name: {
                "recipe_digest": birth.recipe.digest,
                "seed": birth.recipe.seed,
                "data_digest": birth.data_digest,
                "model_digest": birth.model_digest,
                "shipped": (shipped / birth.recipe.name).is_dir(),
            }
            for birth in births
        },
    }


def machine_kind() -> dict[str, str]:
    """What training is bit for bit the same on: another kind gives other weights from the same data."""
    import platform

    import torch

    return {
        "machine": platform.machine(),
        "vector_unit": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
    }


def shipped_folder() -> Path:
    """The folder that the package ships."""
    return Path(__file__).resolve().parent / SHIPPED


def verify_shipped(folder: Path) -> dict[str, Any]:
    """Compare shipped files with their manifest.

    Returns:
        The manifest.

    Raises:
        UsageError: If a file is not the one that the manifest names.
    """
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for name, entry in manifest["models"].items():
        if entry["shipped"] and digest_folder(folder / MODELS / name) != entry["model_digest"]:
            raise UsageError(
                "an embedded model is not the one that was built",
                where=str(folder / MODELS / name),
                fix="install the package again",
            )
    if records_digest(folder / PANEL) != manifest["panel_digest"]:
        raise UsageError(
            "recorded observations are not those that were recorded",
            where=str(folder / PANEL),
            fix="install the package again",
        )
    return manifest


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
