"""Making one model from its recipe, and its certificate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from auditor.digest import digest_folder
from auditor.record.codec import decode, encode
from auditor.zoo.making.bench import Bench, maker_of
from auditor.zoo.recipe import Birth, Recipe
from auditor.zoo.work.whole_file import write_whole


def make(recipe: Recipe, world_seed: int, models: Path, births: Path, device: str = "cpu") -> Birth:
    """Train the model of ``recipe`` into ``models/NAME`` and certify it in ``births/NAME.json``.

    Its parents must lie in ``models``. The certificate is written last, so that its presence says that
    the model is whole. Call ``learning.one_thread`` first in a process that makes models.
    """
    folder = models / recipe.name
    shutil.rmtree(folder, ignore_errors=True)
    product = maker_of(recipe)(recipe, Bench(world_seed, models, device))
    birth = Birth(
        recipe=recipe,
        world_seed=world_seed,
        parents={parent: digest_folder(models / parent) for parent in recipe.parents},
        data_digest=product.data_digest,
        model_digest=digest_folder(folder),
        parameters=product.parameters,
        loss=round(product.loss, 6),
    )
    births.mkdir(parents=True, exist_ok=True)
    write_whole(
        births / f"{recipe.name}.json", (json.dumps(encode(birth), indent=1, sort_keys=True) + "\n").encode()
    )
    return birth


def read_birth(path: Path) -> Birth:
    """Read a certificate.

    Raises:
        EvidenceIntegrityError: If it is none.
    """
    return decode(Birth, json.loads(path.read_text(encoding="utf-8")), where=str(path))
