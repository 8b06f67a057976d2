"""A small sealed run."""

from __future__ import annotations

import pytest
from sealed_runs import PROBE, Sealed, recorded, sealed_members

from auditor.attestation.bundle import unpack
from auditor.attestation.key import new_key
from auditor.ledger import Ledger
from auditor.scan.conduct import conduct
from auditor.scan.plan_file import PlanFile


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    folder = tmp_path_factory.mktemp("sealed")
    wanted = PlanFile(
        suspect=recorded(folder / "student.jsonl", refuses=False),
        teachers=(recorded(folder / "teacher.jsonl", refuses=True),),
        suites=(PROBE,),
        seed=1,
    )
    with Ledger.open(folder / "audit.db") as ledger:
        conduct(wanted, ledger)
    new_key(folder / "audit.pem")
    scan, members = sealed_members(folder / "audit.db", folder / "audit.pem")
    made = Sealed(folder, scan, members)
    assert dict(unpack(made.bundle("audit.zip")).members) == members
    return made
