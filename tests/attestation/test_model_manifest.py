"""Model manifests: the form of OpenSSF model signing, and every change is named."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.attestation.model_manifest import IGNORED, manifest_of, read_manifest
from auditor.cli.app import app
from auditor.error import EvidenceIntegrityError, UsageError

FILES = {"config.json": b"{}", "model.safetensors": b"weights", "sub/tokenizer.json": b"[]"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "student"
    for name, content in {**FILES, ".git/HEAD": b"ref", "model.sig": b"{}"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def invoke(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["models", "manifest", *map(str, arguments)], standalone_mode=False)
    assert done.exception is None, done.exception
    return int(done.return_value), done.stdout


def test_it_is_the_statement_of_a_model_signature(model: Path) -> None:
    """Digests of the files in alphabetical order, and one over all of them, as the specification has it."""
    statement = manifest_of(model).statement()
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    resources = statement["predicate"]["resources"]
    assert [one["name"] for one in resources] == sorted(FILES)
    assert [one["digest"] for one in resources] == [
        hashlib.sha256(FILES[n]).hexdigest() for n in sorted(FILES)
    ]
    whole = hashlib.sha256(b"".join(hashlib.sha256(FILES[name]).digest() for name in sorted(FILES)))
    assert statement["subject"] == [{"name": "student", "digest": {"sha256": whole.hexdigest()}}]
    assert set(statement["predicate"]["serialization"]["ignore_paths"]) == set(IGNORED)


def test_written_read_and_compared(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    status, said = invoke(model, "--out", path)
    assert (status, said) == (0, f"sha256:{manifest_of(model).digest}  3 files\n")
    assert json.loads(invoke(model)[1]) == json.loads(path.read_text())
    assert read_manifest(path) == manifest_of(model)
    assert invoke(model, "--check", path)[0] == 0
    (model / "model.safetensors").write_bytes(b"other weights")
    (model / "config.json").unlink()
    (model / "extra.bin").write_bytes(b"")
    status, said = invoke(model, "--check", path)
    assert status == 4
    assert said.splitlines()[:3] == [
        "config.json is missing",
        "model.safetensors was changed",
        "extra.bin is new",
    ]


def test_the_statement_inside_a_signature_is_read(model: Path) -> None:
    payload = base64.b64encode(json.dumps(manifest_of(model).statement()).encode()).decode()
    (model / "model.sig").write_text(json.dumps({"dsseEnvelope": {"payload": payload, "signatures": []}}))
    assert read_manifest(model / "model.sig") == manifest_of(model)


def test_what_is_no_manifest_is_refused(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    good = manifest_of(model).statement()
    forged = {**good, "subject": [{"name": "student", "digest": {"sha256": "0" * 64}}]}
    for bad in ("{", "[]", "{}", json.dumps({**good, "predicateType": "x"}), json.dumps(forged)):
        path.write_text(bad)
        with pytest.raises(EvidenceIntegrityError):
            read_manifest(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(tmp_path / "nothing.json")


def test_links_and_empty_folders_are_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(UsageError, match=r"no file|no such folder"):
            manifest_of(folder)
    (model / "link.bin").symlink_to(model / "config.json")
    with pytest.raises(UsageError, match="symbolic link"):
        manifest_of(model)
