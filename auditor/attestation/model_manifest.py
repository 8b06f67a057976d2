"""Every file of a model by its digest, as OpenSSF model signing states it, and what changed since.

The manifest is the in-toto statement that a model signature (``model.sig``) carries, so that a digest in an
audit can be compared with a signed model, and whoever signs models can sign this one.

Source: OpenSSF Model Signing, predicate ``https://model_signing/signature/v1.0``, serialisation by files.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.digest import digest_file
from auditor.error import EvidenceIntegrityError, UsageError

PREDICATE = "https://model_signing/signature/v1.0"
STATEMENT = "https://in-toto.io/Statement/v1"
#: What lies beside a model and is no part of it, as the reference implementation has it.
IGNORED = (".git", ".gitattributes", ".github", ".gitignore", "model.sig")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelManifest:
    """The files of a model.

    Attributes:
        name: Name of the folder.
        files: SHA-256 of every file as hex digits, by its path within the folder, in alphabetical order.
    """

    name: str
    files: dict[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of all files in order, as hex digits: it stands for the model."""
        whole = hashlib.sha256()
        for digest in self.files.values():
            whole.update(bytes.fromhex(digest))
        return whole.hexdigest()

    def statement(self) -> dict[str, Any]:
        """The same as an in-toto statement."""
        return {
            "_type": STATEMENT,
            "subject": [{"name": self.name, "digest": {"sha256": self.digest}}],
            "predicateType": PREDICATE,
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": False,
                    "ignore_paths": list(IGNORED),
                },
                "resources": [
                    {"name": name, "algorithm": "sha256", "digest": digest}
                    for name, digest in self.files.items()
                ],
            },
        }

    def changes(self, now: ModelManifest) -> tuple[str, ...]:
        """What is missing, new or different in ``now``, in words."""
        missing = [f"{name} is missing" for name in self.files if name not in now.files]
        added = [f"{name} is new" for name in now.files if name not in self.files]
        both = [name for name in self.files if name in now.files]
        changed = [f"{name} was changed" for name in both if self.files[name] != now.files[name]]
        return (*missing, *changed, *added)


def manifest_of(folder: Path) -> ModelManifest:
    """The manifest of the model in a folder.

    Raises:
        UsageError: If there is no such folder, it is empty, or it holds a symbolic link.
    """
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder), fix="give the folder of a model")
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in IGNORED:
            continue
        if path.is_symlink():
            raise UsageError(
                "the folder holds a symbolic link, whose target anybody may exchange",
                where=str(path),
                fix="put the file itself in its place",
            )
        if path.is_file():
            found[inside.as_posix()] = digest_file(path).removeprefix("sha256:")
    if not found:
        raise UsageError("the folder holds no file", where=str(folder), fix="give the folder of a model")
    ordered = {name: found[name] for name in sorted(found)}
    return ModelManifest(name=folder.resolve().name, files=ordered)


def read_manifest(path: Path) -> ModelManifest:
    """A manifest from a file: the bare statement, or the signature that holds it (which is not checked).

    Raises:
        UsageError: If the file cannot be read.
        EvidenceIntegrityError: If it holds no such manifest, or one that disagrees with its own digest.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the manifest cannot be read: {error}", where=str(path)) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise EvidenceIntegrityError(f"the manifest is no JSON: {error}", where=str(path)) from error
    try:
        if "dsseEnvelope" in document:
            document = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"], validate=True))
        if document["predicateType"] != PREDICATE:
            raise ValueError(f"another predicate, {document['predicateType']}")
        (subject,) = document["subject"]
        resources = document["predicate"]["resources"]
        if any(one["algorithm"] != "sha256" for one in resources):
            raise ValueError("files hashed by another algorithm")
        found = ModelManifest(
            name=str(subject["name"]), files={str(one["name"]): str(one["digest"]) for one in resources}
        )
        stated, own = subject["digest"]["sha256"], found.digest
    except (ValueError, LookupError, TypeError) as error:
        raise EvidenceIntegrityError(f"the file holds no model manifest: {error}", where=str(path)) from error
    if stated != own:
        raise EvidenceIntegrityError(
            "the manifest's files do not give the digest that it states for the whole", where=str(path)
        )
    return found
