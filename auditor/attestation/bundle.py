"""A run in one file: the seal, the evidence, what was asked by which rules, and the reports.

The file is a zip archive that is a function of its members: names in order, one date, one compression. So
every byte of it can be checked, those that unpacking would pass over included.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.digest import canonical_json, digest_json
from auditor.error import EvidenceIntegrityError, UsageError
from auditor.probe.spec import ProbeFile, ProbeSpec

SEAL, TOKEN, EVIDENCE, POLICY = "seal.json", "seal.tsr", "evidence.db", "policy.yaml"
WAIVERS, CALIBRATION = "waivers.yaml", "calibration.json"
PROBES, REPORTS = "probes/", "reports/"
#: Members of a bundle may unpack to no more than this many bytes.
LARGEST = 8 * 1024**3
_DATE = (1980, 1, 1, 0, 0, 0)
#: The fastest: whoever verifies packs again, and higher ones save a tenth for thrice the time.
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """The members of a bundle, by name."""

    members: Mapping[str, bytes]

    def __getitem__(self, name: str) -> bytes:
        if name not in self.members:
            raise EvidenceIntegrityError(f"the bundle has no {name}", fix="ask for the whole bundle")
        return self.members[name]

    def get(self, name: str) -> bytes | None:
        """A member that a bundle may lack."""
        return self.members.get(name)

    def probes(self) -> dict[str, ProbeSpec]:
        """The probes as they were asked, by digest.

        Raises:
            EvidenceIntegrityError: If one is malformed.
        """
        found = (_probe(name, data) for name, data in self.members.items() if name.startswith(PROBES))
        return {spec.digest: spec for spec in found}


def pack(members: Mapping[str, bytes]) -> bytes:
    """The archive of these members: the same bytes for the same members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, members[name], compresslevel=_LEVEL)
    return stream.getvalue()


def unpack(path: Path) -> Bundle:
    """Read a bundle.

    Raises:
        UsageError: If there is no such file.
        EvidenceIntegrityError: If it is no archive, is damaged, or holds more than a bundle does.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"the bundle cannot be read: {error.strerror}", where=str(path)) from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            small = sum(entry.file_size for entry in entries) <= LARGEST
            members = {entry.filename: archive.read(entry) for entry in entries} if small else {}
    except Exception as error:
        # Damaged headers lead anywhere: into zlib's errors, struct's, and those of text that is no UTF-8.
        raise EvidenceIntegrityError(f"the bundle is damaged: {error!r}", where=str(path)) from error
    if not small:
        raise EvidenceIntegrityError("the bundle unpacks to more than a bundle may", where=str(path))
    if len(members) != len(entries) or pack(members) != data:
        raise EvidenceIntegrityError(
            "the bundle was changed around its members, or packed by something else",
            where=str(path),
            fix="ask for the file as `auditor bundle` wrote it",
        )
    return Bundle(members)


def probe_members(probes: Iterable[ProbeSpec]) -> dict[str, bytes]:
    """Members that hold the probes of a plan."""
    return {
        f"{PROBES}{number:03d}.json": canonical_json(
            {
                "id": spec.id,
                "probe": spec.file.model_dump(mode="json", exclude_none=True),
                "items": list(spec.items),
            }
        )
        for number, spec in enumerate(probes)
    }


def _probe(name: str, data: bytes) -> ProbeSpec:
    try:
        body = json.loads(data)
        file = ProbeFile.model_validate(body["probe"])
        items = tuple(body["items"])
        return ProbeSpec(
            id=str(body["id"]),
            file=file,
            items=items,
            digest=digest_json({"probe": body["probe"], "items": list(items)}),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise EvidenceIntegrityError(f"{name} is no probe: {error}") from error
