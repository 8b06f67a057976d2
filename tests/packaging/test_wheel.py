"""The wheel holds exactly the reviewable content of the repository."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from auditor import content
from auditor.digest import digest_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Built with the environment's own hatchling: the test must not depend on a network.
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.mark.parametrize("name", ["probes", "policies", "reports/templates"])
def test_content_equals_the_repository(unpacked: Path, name: str) -> None:
    assert digest_folder(unpacked / "auditor" / "_content" / name) == digest_folder(ROOT / name)


def test_the_embedded_models_are_inside_and_small(unpacked: Path) -> None:
    embedded = unpacked / "auditor" / "zoo" / "demo"
    files = [path for path in embedded.rglob("*") if path.is_file()]
    assert any(path.suffix == ".safetensors" for path in files)
    assert sum(path.stat().st_size for path in files) <= 6_000_000


def test_nothing_generic_is_installed_beside_the_package(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")} == {"auditor"}


def test_the_unpacked_package_finds_its_content(unpacked: Path) -> None:
    code = "from auditor import content; print(content.root())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=unpacked, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(unpacked), "PATH": ""},
    )  # fmt: skip
    assert Path(done.stdout.strip()) == unpacked / "auditor" / "_content"


def test_a_checkout_finds_its_own_content() -> None:
    assert content.probes() == ROOT / "probes"
