"""The schema of ``probes/<suite>/<probe-id>/probe.yaml`` and its items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auditor.digest import digest_json
from auditor.error import ContentError
from auditor.record.finding import Claim
from auditor.record.subject import Kind


class ProbeFile(BaseModel):
    """The content of ``probe.yaml``; an unknown key is an error.

    Attributes:
        title: One line for people.
        claim: The claim that the probe is about.
        method: Registered name of the method that measures it.
        null_hypothesis: What the method's p-value is about, in words.
        guarantee: What stands behind that p-value.
        description: What is asked and why, for a reviewer.
        source: Literature behind the method.
        kinds: Kinds of model that the probe serves.
        parameters: Parameters of the method; the method validates them.
        items_of: Another probe (``suite/probe-id``) whose items these are too, so that what is answered for
            the one serves the other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    claim: Claim
    method: str
    null_hypothesis: str
    guarantee: str
    description: str
    source: str
    kinds: tuple[Kind, ...] = (Kind.CAUSAL_LM,)
    parameters: dict[str, Any] = Field(default_factory=dict)
    items_of: str | None = Field(default=None, pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")


@dataclass(frozen=True)
class ProbeSpec:
    """A probe as loaded: its file, its items and the digest of both.

    Attributes:
        id: ``suite/probe-id``.
        file: The content of ``probe.yaml``.
        items: One dict per line of ``items.jsonl``; empty where a generator makes the items.
        digest: Digest over both.
    """

    id: str
    file: ProbeFile
    items: tuple[dict[str, Any], ...]
    digest: str

    @property
    def suite(self) -> str:
        """The suite that the probe belongs to."""
        return self.id.split("/", 1)[0]

    def with_items(self, items: Sequence[dict[str, Any]]) -> ProbeSpec:
        """The same probe about other items."""
        return replace(self, items=tuple(items), digest=_digest(self.file, items))

    def with_file(self, file: ProbeFile) -> ProbeSpec:
        """The same items under another file."""
        return replace(self, file=file, digest=_digest(file, self.items))


def load_probe(folder: Path) -> ProbeSpec:
    """Load the probe in ``folder`` (``<suite>/<probe-id>``).

    Raises:
        ContentError: If a file is missing, malformed or holds an unknown key.
    """
    path = folder / "probe.yaml"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        file = ProbeFile.model_validate(raw)
    except FileNotFoundError as error:
        raise ContentError(
            "there is no probe.yaml", where=str(folder), fix="see `auditor probes list`"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContentError(f"probe.yaml is not readable YAML: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ContentError(f"probe.yaml is malformed at {field}: {first['msg']}", where=str(path)) from error
    items = tuple(_items(_folder_of_items(folder, file) / "items.jsonl"))
    return ProbeSpec(
        id=f"{folder.parent.name}/{folder.name}",
        file=file,
        items=items,
        digest=_digest(file, items),
    )


def _folder_of_items(folder: Path, file: ProbeFile) -> Path:
    if file.items_of is None:
        return folder
    other = folder.parent.parent / file.items_of
    if not (other / "items.jsonl").is_file() or (folder / "items.jsonl").is_file():
        raise ContentError(
            f"items_of names {file.items_of}, which has none"
            if not (other / "items.jsonl").is_file()
            else "the probe has items of its own and names another's with items_of",
            where=str(folder / "probe.yaml"),
        )
    return other


def _digest(file: ProbeFile, items: Sequence[dict[str, Any]]) -> str:
    return digest_json({"probe": file.model_dump(mode="json", exclude_none=True), "items": list(items)})


def _items(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    items: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            raise ContentError(f"line {number} is not JSON: {error.msg}", where=str(path)) from error
        if not isinstance(item, dict):
            raise ContentError(f"line {number} is not a JSON object", where=str(path))
        items.append(item)
    return items
