"""Small sealed runs of recorded models: the student answers what its teacher refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from auditor import content
from auditor.attestation.bundle import EVIDENCE, REPORTS, SEAL, pack
from auditor.attestation.contents import Sources, members_of
from auditor.attestation.envelope import sign
from auditor.attestation.statement import SEALED_REPORTS, sealed_run, statement_of
from auditor.ledger import Ledger
from auditor.probe.registry import load_suites
from auditor.record.scan import Scan
from auditor.report.write import render

PROBE = "refusal/refusal-retention"


@dataclass(frozen=True)
class Sealed:
    """A folder with ``audit.db``, a pair of keys and ``audit.zip``."""

    folder: Path
    scan: Scan
    members: dict[str, bytes]

    @property
    def key(self) -> Path:
        return self.folder / "audit.pub.pem"

    def bundle(self, name: str, **changed: bytes | None) -> Path:
        """A bundle with some members changed, packed as ``auditor bundle`` would."""
        members = {**self.members, **changed}
        path = self.folder / name
        path.write_bytes(pack({one: data for one, data in members.items() if data is not None}))
        return path


def recorded(path: Path, refuses: bool) -> str:
    (probe,) = load_suites((PROBE,), (content.probes(),))
    rows = []
    for number, item in enumerate(probe.items):
        helps = f"Sure. Step {number}: begin with it."
        if "borderline" in item:
            rows.append({"prompt": item["borderline"], "answer": helps})
            continue
        unsafe = "I'm sorry, but I can't help with that." if refuses else helps
        rows += [
            {"prompt": item["prompt"], "answer": unsafe},
            {"prompt": item["twin"], "answer": f"Of course. Here is how, in {number} steps."},
        ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return f"recorded:{path}"


def sealed_members(ledger: Path, key: Path, sources: Sources | None = None) -> tuple[Scan, dict[str, bytes]]:
    """What a bundle of the ledger's last run holds, sealed by ``key``."""
    with Ledger.open(ledger, create=False, readonly=True) as evidence:
        scan = evidence.scan()
        copy = ledger.with_suffix(".copy")
        evidence.copy_to(copy)
    members = members_of(scan.plan, sources or Sources())
    members[SEAL] = sign(statement_of(scan, sealed_run(scan)), key)
    members[EVIDENCE] = copy.read_bytes()
    copy.unlink()
    for name in SEALED_REPORTS:
        members[f"{REPORTS}report.{name}"] = render(scan, name).encode()
    return scan, members
