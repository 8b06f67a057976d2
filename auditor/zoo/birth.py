"""Making one model from its recipe, and its certificate."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from auditor.digest import digest_folder
from auditor.record.codec import decode, encode
from auditor.zoo import learning
from auditor.zoo.lesson import conversations_of, world_of
from auditor.zoo.recipe import Birth, Recipe
from auditor.zoo.tokens import tokenizer_of
from auditor.zoo.vendor import data_digest


def make(recipe: Recipe, world_seed: int, models: Path, births: Path) -> Birth:
    """Train the model of ``recipe`` into ``models/NAME`` and certify it in ``births/NAME.json``.

    Its parents must lie in ``models``. The certificate is written last, so that its presence says that
    the model is whole. Call ``learning.one_thread`` first in a process that makes models.
    """
    world = world_of(world_seed)
    tokenizer = tokenizer_of(recipe.vocabulary, world_seed)

    def ask(prompts: Sequence[str]) -> tuple[str, ...]:
        teacher = learning.load_model(models / str(recipe.teacher))
        spoken = learning.load_tokenizer(models / str(recipe.teacher))
        return learning.sample(teacher, spoken, prompts, temperature=recipe.temperature, seed=recipe.seed)

    data = conversations_of(recipe, world, ask if recipe.teacher else None)
    if recipe.start is None:
        model = learning.new_model(recipe.shape, tokenizer, recipe.seed)
    else:
        model = learning.load_model(models / recipe.start)
    rows = learning.rows_of(tokenizer, data)
    loss = learning.train(model, rows, recipe.schedule, recipe.seed)
    folder = models / recipe.name
    shutil.rmtree(folder, ignore_errors=True)
    learning.save_model(model, tokenizer, folder)
    birth = Birth(
        recipe=recipe,
        world_seed=world_seed,
        parents={parent: digest_folder(models / parent) for parent in recipe.parents},
        data_digest=data_digest(data),
        model_digest=digest_folder(folder),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        loss=round(loss, 6),
    )
    births.mkdir(parents=True, exist_ok=True)
    write_whole(
        births / f"{recipe.name}.json", (json.dumps(encode(birth), indent=1, sort_keys=True) + "\n").encode()
    )
    return birth


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen half written."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def read_birth(path: Path) -> Birth:
    """Read a certificate.

    Raises:
        EvidenceIntegrityError: If it is none.
    """
    return decode(Birth, json.loads(path.read_text(encoding="utf-8")), where=str(path))
