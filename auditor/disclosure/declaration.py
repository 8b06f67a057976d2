"""What a model's own card and configuration say about where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.target.demo import demo_locator_to_folder
from auditor.target.model_card import CARD, read_card, words_of
from auditor.target.model_files import locate
from auditor.target.protocol import OpenOptions

#: What a card's front matter can say of the way from the base to the model. Distillation is not among them.
RELATIONS = ("adapter", "merge", "quantized", "finetune")
_COMPUTE = re.compile(
    r"\b(?:flops?|petaflops?|(?:gpu|tpu|accelerator)[ -]?(?:hours?|days?)|training (?:compute|energy))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What is declared.

    Attributes:
        name: Name of the model, as its files or its locator give it.
        card: The card; None where there is none.
        broken: Whether the card has front matter that cannot be read.
        base_models: Models that it is said to come from.
        relation: How, in the card's own word.
        datasets: Data that it is said to be trained on.
        licence: Licence identifiers.
        compute: Whether compute or energy of training is stated.
        prose: Text of the card.
    """

    name: str
    card: Path | None
    broken: bool = False
    base_models: tuple[str, ...] = ()
    relation: str | None = None
    datasets: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    compute: bool = False
    prose: str = ""

    def mentions(self, name: str) -> bool:
        """Whether the text of the card has a model's name in it, be it without the owner's."""
        short = name.rsplit("/", 1)[-1].strip()
        return (
            bool(short)
            and re.search(rf"(?<![\w-]){re.escape(short)}(?![\w-])", self.prose, re.IGNORECASE) is not None
        )


def read_declaration(locator: str, options: OpenOptions) -> Declaration:
    """Read the card and the configuration of a local model or one of the hub.

    Raises:
        TargetError: If there is no such model.
    """
    scheme, _, name = locator.partition(":")
    files = locate(str(demo_locator_to_folder(name)) if scheme == "demo" else locator, options)
    folder = files.adapter.folder if files.adapter is not None else files.folder
    card = read_card(folder)
    front: Mapping[str, Any] = card.front if card else {}
    stated = words_of(front.get("base_model"))
    if files.header is not None:
        metadata = files.header.metadata
        front = {"license": metadata.get("general.license"), **front}
        stated = stated or words_of(metadata.get("general.base_model.0.repo_url"))
    prose = card.prose if card else ""
    return Declaration(
        name=files.name,
        card=folder / CARD if card else None,
        broken=card.broken if card else False,
        base_models=stated,
        relation=next(iter(words_of(front.get("base_model_relation"))), None),
        datasets=words_of(front.get("datasets")),
        licence=words_of(front.get("license")),
        compute="co2_eq_emissions" in front or _COMPUTE.search(prose) is not None,
        prose=prose,
    )
