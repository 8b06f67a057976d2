"""What the demo ships of its build: a few models, everybody's certificate, and recorded answers."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

from auditor.digest import digest_bytes, digest_folder, digest_json
from auditor.error import UsageError
from auditor.ledger.panel import pack_panel, read_panel
from auditor.record.codec import encode
from auditor.record.observation import Observation
from auditor.record.subject import Subject
from auditor.zoo import demo
from auditor.zoo.recipe import Birth, Part
from auditor.zoo.training.lesson import PUBLIC_ITEMS, PUBLIC_SEED
from auditor.zoo.work.job import MODELS
from auditor.zoo.work.whole_file import write_whole

#: What is shipped, under a build's folder "demo" and in the package alike.
PANEL, MANIFEST, CERTIFICATES = "panel.jsonl.gz", "manifest.json", "births.json"
_SHIPPED_PARTS = (Part.TEACHER, Part.STUDENT, Part.INNOCENT)
_SHIPPED_BASE = "base"


def ship(out: Path, intent: dict[str, Any], births: tuple[Birth, ...], records: list[Path]) -> str:
    """Put together what is shipped of a build in ``out`` and return the build's digest."""
    shipped = _assemble(out, births, records)
    recorded = shipped / PANEL
    digest = build_digest(births, recorded)
    write_whole(shipped / MANIFEST, pretty(_manifest(intent, births, recorded, digest)))
    return digest


def build_digest(births: tuple[Birth, ...], recorded: Path | None = None) -> str:
    """Digest over the recipes, data and weights of every model, and over every recorded answer."""
    certified = {"births": {birth.recipe.name: digest_json(encode(birth)) for birth in births}}
    return digest_json(certified | ({"panel": records_digest(recorded)} if recorded else {}))


def records_digest(recorded: Path) -> str:
    """Of the records and not of the file: compression differs between versions of zlib."""
    return digest_bytes(gzip.decompress(recorded.read_bytes()))


def _assemble(out: Path, births: tuple[Birth, ...], records: list[Path]) -> Path:
    """Put together what is shipped: a few models, everybody's certificate, and the records."""
    shipped = out / "demo"
    shutil.rmtree(shipped, ignore_errors=True)
    shipped.mkdir()
    for birth in births:
        name = birth.recipe.name
        if birth.recipe.part in _SHIPPED_PARTS or name == _SHIPPED_BASE:
            shutil.copytree(out / MODELS / name, shipped / MODELS / name)
    write_whole(shipped / CERTIFICATES, pretty([encode(birth) for birth in births]))
    subjects: list[Subject] = []
    observations: list[Observation] = []
    for path in records:
        recorded = read_panel(path)
        subjects += recorded.subjects
        observations += recorded.observations
    write_whole(shipped / PANEL, pack_panel(subjects, observations))
    return shipped


def _manifest(
    intent: dict[str, Any], births: tuple[Birth, ...], recorded: Path, digest: str
) -> dict[str, Any]:
    shipped = recorded.parent / MODELS
    return {
        **intent,
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
    return Path(demo.__file__).resolve().parent


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


def pretty(value: Any) -> bytes:
    """JSON for people to read."""
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
