"""What a model's own card and configuration say about where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.disclosure.stated import NOTHING, Stated, read_stated
from auditor.error import UsageError
from auditor.target.demo import demo_locator_to_folder
from auditor.target.model_card import CARD, read_card, states_compute, words_of
from auditor.target.model_files import ModelFiles, locate
from auditor.target.protocol import OpenOptions

#: What a card's front matter can say of the way from the base to the model. Distillation is not among them.
RELATIONS = ("adapter", "merge", "quantized", "finetune")
_LONGEST_SUMMARY = 1_000_000


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
        summary: Text of a public summary of training, where one is given.
        figures: Operations, tokens, hours and examples that card and summary state.
        weights: Number of weights by the headers of its files; 0 where only loading them would tell.
        embedding: Most of them that only look words up.
        sparse: Whether a token passes only some of the weights.
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
    summary: str = ""
    figures: Stated = NOTHING
    weights: int = 0
    embedding: int = 0
    sparse: bool = False

    def mentions(self, name: str) -> bool:
        """Whether the text of the card has a model's name in it, be it without the owner's."""
        return _within(name, self.prose)

    def summarises(self, name: str) -> bool:
        """Whether the summary of training names a model, as it has to where outputs were trained on."""
        return _within(name, self.summary)

    def accounts_for(self, name: str) -> bool:
        """Whether a sentence speaks of a model's name and of compute together."""
        told = re.split(r"(?<=[.!?])\s+|\n+", f"{self.prose}\n{self.summary}")
        return any(_within(name, one) and states_compute(one) for one in told)


def _within(name: str, text: str) -> bool:
    short = name.rsplit("/", 1)[-1].strip()
    pattern = rf"(?<![\w-]){re.escape(short)}(?![\w-])"
    return bool(short) and re.search(pattern, text, re.IGNORECASE) is not None


def read_declaration(locator: str, options: OpenOptions, summary: Path | None = None) -> Declaration:
    """Read the card and the configuration of a local model or one of the hub.

    Args:
        locator: The model.
        options: How it may be opened.
        summary: File with the public summary of its training, where there is one.

    Raises:
        TargetError: If there is no such model.
        UsageError: If the summary cannot be read.
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
    told = _summary(summary) if summary else ""
    return Declaration(
        name=files.name,
        card=folder / CARD if card else None,
        broken=card.broken if card else False,
        base_models=stated,
        relation=next(iter(words_of(front.get("base_model_relation"))), None),
        datasets=words_of(front.get("datasets")),
        licence=words_of(front.get("license")),
        compute="co2_eq_emissions" in front or states_compute(f"{prose}\n{told}"),
        prose=prose,
        summary=told,
        figures=read_stated(f"{prose}\n{told}", files.name),
        weights=_weights(files),
        embedding=_embedding(files),
        sparse=_has_experts({**files.config, **(files.header.metadata if files.header else {})}),
    )


def _weights(files: ModelFiles) -> int:
    """Number of weights; 0 for an adapter, which is trained without most of them."""
    if files.adapter is not None:
        return 0
    return files.header.parameters if files.header else files.weights.parameters


def _has_experts(config: Mapping[str, Any]) -> bool:
    """Whether a configuration, or a part of it, speaks of several experts."""
    return any(
        _has_experts(value)
        if isinstance(value, dict)
        else "expert" in str(name) and isinstance(value, int) and value > 1
        for name, value in config.items()
    )


def _embedding(files: ModelFiles) -> int:
    sizes = [files.config.get(one) for one in ("vocab_size", "hidden_size")]
    if not all(isinstance(one, int) and one > 0 for one in sizes):
        return 0
    return int(str(sizes[0])) * int(str(sizes[1]))


def _summary(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")[:_LONGEST_SUMMARY]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "the summary of training cannot be read as text",
            where=str(path),
            fix="give a text, Markdown or JSON file in UTF-8",
        ) from error
