"""A bundle that nobody touched passes in five steps, on a machine without torch and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.attestation.key import new_key, read_private_key, read_public_key
from auditor.attestation.statement import PREDICATE, STATEMENT
from auditor.attestation.verify import verify_bundle
from auditor.cli.app import run
from auditor.error import EvidenceIntegrityError, UsageError
from auditor.record.finding import Claim, Outcome
from auditor.record.verdict import Status

OFFLINE = """
import socket, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "sentence_transformers"}:
            raise ImportError(f"{name} is not to be loaded")

def refused(*_, **__):
    raise OSError("there is no network")

sys.meta_path.insert(0, Blocked())
socket.socket.connect = refused
from auditor.cli.app import run
status = run(sys.argv[1:])
assert "torch" not in sys.modules
sys.exit(status)
"""


def test_five_steps_are_passed(sealed) -> None:
    told = []
    verified = verify_bundle(sealed.folder / "audit.zip", sealed.key, told.append)
    assert tuple(told) == verified.steps
    assert [one.title for one in verified.steps] == [
        "signature and time",
        "chain and root",
        "answers to statistics",
        "statistics to verdict",
        "report",
    ]
    assert verified.sealed.run == sealed.scan.run
    assert verified.scan.verdict.status is Status.FAIL
    lost = next(one for one in verified.scan.findings if one.claim is Claim.SAFETY_LOSS)
    assert lost.outcome is Outcome.SUPPORTS


def test_neither_torch_nor_a_network_is_needed(sealed) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, "verify", "audit.zip", "--key", "audit.pub.pem"],
        cwd=sealed.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("✓") == 5


def test_the_command_line_goes_from_a_ledger_to_a_verified_bundle(sealed, tmp_path, capsys) -> None:
    ledger = str(sealed.folder / "audit.db")
    assert run(["seal", "--new-key", str(tmp_path / "k.pem")]) == 0
    assert (tmp_path / "k.pem").stat().st_mode & 0o077 == 0
    assert (
        run(["seal", "--key", str(tmp_path / "k.pem"), "--ledger", ledger, "-o", str(tmp_path / "s.json")])
        == 0
    )
    packed = ["bundle", "--ledger", ledger, "--seal", str(tmp_path / "s.json"), "-o", str(tmp_path / "b.zip")]
    assert run(packed) == 0
    capsys.readouterr()
    check = ["verify", str(tmp_path / "b.zip"), "--key", str(tmp_path / "k.pub.pem")]
    assert run([*check, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["steps"]) == 5
    assert run(["verify", str(tmp_path / "b.zip"), "--key", str(sealed.key)]) == 4
    assert "not signed by this key" in " ".join(capsys.readouterr().err.split())
    first = (tmp_path / "b.zip").read_bytes()
    assert run(packed) == 0
    assert (tmp_path / "b.zip").read_bytes() == first


def test_the_statement_is_one_that_other_tools_read(sealed) -> None:
    import base64

    envelope = json.loads(sealed.members["seal.json"])
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    body = json.loads(base64.b64decode(envelope["payload"]))
    assert (body["_type"], body["predicateType"]) == (STATEMENT, PREDICATE)
    (subject,) = body["subject"]
    assert f"sha256:{subject['digest']['sha256']}" == sealed.scan.plan.suspect.digest
    assert body["predicate"]["result"] == "FAILED"
    assert "DR-201" in body["predicate"]["failedTests"]


def test_an_unfinished_run_is_not_sealed(sealed, tmp_path) -> None:
    from dataclasses import replace

    from auditor.attestation.statement import sealed_run

    with pytest.raises(UsageError, match="not finished"):
        sealed_run(replace(sealed.scan, finished_at=None))


def test_what_was_asked_must_be_at_hand(sealed) -> None:
    from dataclasses import replace

    from auditor.attestation.contents import Sources, members_of

    (planned,) = sealed.scan.plan.probes
    other = replace(sealed.scan.plan, probes=(replace(planned, digest="sha256:0"),))
    with pytest.raises(UsageError, match="as it was asked is not at hand"):
        members_of(other, Sources())
    with pytest.raises(UsageError, match="not the one that the run was judged by"):
        members_of(sealed.scan.plan, Sources(policy="extraction-investigation"))


def test_keys_that_cannot_be_used_are_told(sealed, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_private_key(tmp_path / "none.pem")
    with pytest.raises(UsageError, match="no unencrypted private key"):
        read_private_key(sealed.key)
    with pytest.raises(UsageError, match="no public key"):
        read_public_key(sealed.folder / "audit.pem")
    with pytest.raises(UsageError, match="there is a file already"):
        new_key(sealed.folder / "audit.pem")


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"no archive at all", b"PK\x03\x04" + bytes(400)])
def test_what_is_no_bundle_is_told(sealed, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(EvidenceIntegrityError, match="damaged"):
        verify_bundle(tmp_path / "x.zip", sealed.key)
    with pytest.raises(UsageError, match="cannot be read"):
        verify_bundle(tmp_path / "none.zip", sealed.key)


def test_a_bundle_that_would_fill_the_memory_is_not_unpacked(sealed, monkeypatch) -> None:
    monkeypatch.setattr("auditor.attestation.bundle.LARGEST", 1000)
    with pytest.raises(EvidenceIntegrityError, match="unpacks to more than a bundle may"):
        verify_bundle(sealed.folder / "audit.zip", sealed.key)
