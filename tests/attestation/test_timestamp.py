"""Time stamps of seals: asked of a real authority on loopback, checked without a network."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from sealed_runs import Sealed
from time_authority import REPLY, Authority, founded, serving

from auditor.attestation.bundle import SEAL, TOKEN, unpack
from auditor.attestation.timestamp import CLOCKS_APART, attested, stamp
from auditor.attestation.verify import verify_bundle
from auditor.cli.app import run
from auditor.digest import digest_bytes
from auditor.error import EvidenceIntegrityError, TimestampError, UsageError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the test's authority")
LONG_AGO = "2020-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return founded(tmp_path_factory.mktemp("authority"))


def bundled(sealed: Sealed, token: bytes | None) -> Path:
    return sealed.bundle("stamped.zip", **{TOKEN: token})


def stamped(authority: Authority, seal: bytes, roots: Path | None = None) -> bytes:
    with serving(authority):
        return stamp(seal, authority.url, roots)


def test_a_stamped_seal_goes_from_the_ledger_to_a_verified_time(sealed, authority, tmp_path, capsys) -> None:
    seal, zipped = tmp_path / "s.json", tmp_path / "b.zip"
    ledger = ["--ledger", str(sealed.folder / "audit.db")]
    made = ["seal", "--key", str(sealed.folder / "audit.pem"), *ledger, "-o", str(seal)]
    before = datetime.now(UTC).replace(microsecond=0)
    with serving(authority):
        assert run([*made, "--timestamp", authority.url, "--tsa-certificate", str(authority.root)]) == 0
    assert run(["bundle", *ledger, "--seal", str(seal), "-o", str(zipped)]) == 0
    assert digest_bytes(seal.read_bytes()).removeprefix("sha256:") in authority.asked[-1].hex()
    capsys.readouterr()
    check = ["verify", str(zipped), "--key", str(sealed.key)]
    assert run([*check, "--tsa-certificate", str(authority.root), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    at = datetime.fromisoformat(said["timestamp"]["at"])
    assert before <= at <= datetime.now(UTC)
    assert said["timestamp"]["authority"] == f"CN=Clock of {authority.folder.name}"
    assert said["steps"][0]["title"] == "signature and time"
    assert f"it existed at {said['timestamp']['at']}, attested by" in said["steps"][0]["found"]
    assert run(check) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "is the signer's own word; its time stamp was not checked" in shown
    checked = ["openssl", "ts", "-verify", "-data", str(seal), "-in", str(seal.with_suffix(".tsr"))]
    subprocess.run([*checked, "-CAfile", str(authority.root)], check=True, capture_output=True)
    assert run(made) == 0
    assert not seal.with_suffix(".tsr").exists(), "a new seal without a time kept the token of the old one"


def test_a_seal_without_a_token_verifies_as_the_signers_own_word(sealed, authority) -> None:
    verified = verify_bundle(sealed.folder / "audit.zip", sealed.key)
    assert verified.attested is None
    assert verified.steps[0].found.endswith(f"{sealed.scan.finished_at} is the signer's own word")
    with pytest.raises(EvidenceIntegrityError, match="holds no time stamp"):
        verify_bundle(sealed.folder / "audit.zip", sealed.key, authority=authority.root)


def test_a_token_of_another_seal_or_authority_is_found(sealed, authority, tmp_path) -> None:
    other = stamped(authority, b"another seal")
    with pytest.raises(EvidenceIntegrityError, match=r"given for something else than this seal.*") as told:
        verify_bundle(bundled(sealed, other), sealed.key, authority=authority.root)
    assert (told.value.exit_status, told.value.where) == (4, TOKEN)
    foreign = stamped(founded(tmp_path / "foreign"), sealed.members[SEAL])
    with pytest.raises(EvidenceIntegrityError, match="does not hold"):
        verify_bundle(bundled(sealed, foreign), sealed.key, authority=authority.root)
    for damaged in (b"", b"no token", foreign[:-40]):
        with pytest.raises(EvidenceIntegrityError, match="does not hold"):
            verify_bundle(bundled(sealed, damaged), sealed.key, authority=authority.root)


def test_no_changed_byte_moves_the_time_of_a_token(authority) -> None:
    """What a change leaves standing, outside of what is signed, states the same time of the same seal."""
    token = stamped(authority, b"a seal")
    true = attested(token, b"a seal", LONG_AGO, authority.root)
    rng = np.random.default_rng(0)
    found = 0
    for place in rng.integers(len(token), size=400).tolist():
        changed = bytearray(token)
        changed[place] ^= 1 << int(rng.integers(8))
        try:
            assert attested(bytes(changed), b"a seal", LONG_AGO, authority.root) == true
        except EvidenceIntegrityError:
            found += 1
    assert found > 300


def test_an_altered_copy_of_the_certificate_is_found(authority) -> None:
    """OpenSSL put the certificate in twice: one would be verified, and the other be read."""
    token = stamped(authority, b"a seal")
    assert token.count(b"Clock of") == 2
    changed = token.replace(b"Clock of", b"Clock by", 1)
    with pytest.raises(EvidenceIntegrityError, match="2 certificates claim to be its signer's"):
        attested(changed, b"a seal", LONG_AGO, authority.root)


def test_an_expired_certificate_or_one_for_something_else_is_found(tmp_path) -> None:
    expired = founded(tmp_path / "expired", valid=(timedelta(days=-9), timedelta(days=-2)))
    token = stamped(expired, b"a seal")
    with pytest.raises(EvidenceIntegrityError, match=r"does not hold.*expired"):
        attested(token, b"a seal", LONG_AGO, expired.root)
    with pytest.raises(TimestampError, match=r"no good time stamp.*expired"):
        stamped(expired, b"a seal", expired.root)


def test_a_token_outlives_its_certificate(tmp_path) -> None:
    """Certificates count as of the stated time: one that is valid for a second is enough."""
    brief = founded(tmp_path / "brief", valid=(timedelta(days=-1), timedelta(seconds=3)))
    token = stamped(brief, b"a seal")
    end = x509.load_pem_x509_certificate((brief.folder / "signer.pem").read_bytes()).not_valid_after_utc
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds() + 0.1))
    assert datetime.fromisoformat(attested(token, b"a seal", LONG_AGO, brief.root).at) <= end


def test_a_run_that_ended_after_its_seal_existed_is_found(authority) -> None:
    token = stamped(authority, b"a seal")
    at = datetime.fromisoformat(attested(token, b"a seal", LONG_AGO, authority.root).at)
    within = (at + CLOCKS_APART).isoformat()
    assert attested(token, b"a seal", within, authority.root)
    later = (at + CLOCKS_APART + timedelta(seconds=1)).isoformat()
    with pytest.raises(EvidenceIntegrityError, match="says that its run ended later"):
        attested(token, b"a seal", later, authority.root)


def another_nonce(query: bytes) -> bytes:
    """The query with its nonce, an INTEGER of eight bytes at most before the closing BOOLEAN, changed."""
    return query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]


def another_imprint(query: bytes) -> bytes:
    digest = bytes.fromhex(digest_bytes(b"a seal").removeprefix("sha256:"))
    assert query.count(digest) == 1
    return query.replace(digest, digest[::-1])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"twist": another_nonce}, "to another request"),
        ({"twist": another_imprint}, "something else than this seal"),
        ({"finish": lambda reply: (503, REPLY, reply)}, "status 503"),
        ({"finish": lambda reply: (302, REPLY, reply)}, "status 302"),
        ({"finish": lambda _: (200, "text/html", b"<html>")}, "answered text/html"),
        ({"finish": lambda reply: (200, REPLY, reply[:-9])}, "no good time stamp"),
        ({"finish": lambda _: (200, REPLY, b"")}, "no good time stamp"),
        ({"finish": lambda _: (200, REPLY, bytes(2**20 + 1))}, "longer than any time stamp"),
    ],
)
def test_what_an_authority_can_answer_wrongly_is_told(authority, changes, words) -> None:
    with pytest.raises(TimestampError, match=words) as told:
        stamped(Authority(authority.folder, **changes), b"a seal")
    assert told.value.exit_status == 5
    assert told.value.where.startswith("http://127.0.0.1")


def test_a_refusal_is_told_with_its_status(tmp_path) -> None:
    with pytest.raises(TimestampError, match="gave no time stamp: rejection"):
        stamped(founded(tmp_path / "choosy", digests="sha512"), b"a seal")


def test_without_a_network_nothing_is_sealed(sealed, tmp_path, capsys) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    ledger = str(sealed.folder / "audit.db")
    made = ["seal", "--key", str(sealed.folder / "audit.pem"), "--ledger", ledger]
    made += ["-o", str(tmp_path / "s.json")]
    assert run([*made, "--timestamp", closed]) == 5
    assert "cannot be reached" in capsys.readouterr().err
    assert run([*made, "--timestamp", "ftp://nowhere"]) == 2
    assert "no address of a time-stamp authority" in " ".join(capsys.readouterr().err.split())
    assert run([*made, "--tsa-certificate", "root.pem"]) == 2
    assert not (tmp_path / "s.json").exists()


def test_certificates_that_cannot_be_read_are_told(sealed, authority) -> None:
    path = bundled(sealed, b"token")
    with pytest.raises(UsageError, match="certificate cannot be read"):
        verify_bundle(path, sealed.key, authority=authority.folder / "none.pem")
    with pytest.raises(UsageError, match="no certificate in PEM"):
        verify_bundle(path, sealed.key, authority=sealed.key)


def test_the_package_is_asked_for_only_where_it_is_needed(sealed, authority) -> None:
    path = bundled(sealed, stamped(authority, sealed.members[SEAL]))
    code = (
        "import sys; sys.modules['rfc3161_client'] = None; "
        "from auditor.cli.app import run; sys.exit(run(sys.argv[1:]))"
    )

    def asked(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=sealed.folder, check=False)

    check = ["verify", path.name, "--key", sealed.key.name]
    assert asked(*check).returncode == 0
    refused = asked(*check, "--tsa-certificate", str(authority.root))
    assert refused.returncode == 2
    assert "pip install 'distillation-auditor[timestamp]'" in " ".join(refused.stderr.split())
    made = ["seal", "--key", "audit.pem", "-o", "other.json", "--timestamp", "http://127.0.0.1:9"]
    assert asked(*made).returncode == 2
    assert TOKEN in unpack(path).members
