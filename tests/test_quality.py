"""The house rules that a machine can check: style, types, floors, sizes, and what must never be written."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "auditor").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 350, 60


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_style() -> None:
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def test_types() -> None:
    run("mypy")


def test_floors() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_lumber_rooms(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE, "give its parts rooms of their own"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - first.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines below its docstring"
    assert path.stem not in {"utils", "helpers", "common", "manager", "misc"}


def test_nothing_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    forbidden = re.compile(
        r"(^|[^a-z.])/(work|farm|root)/|://[a-z.-]*(pypi|pythonhost|npm|debian)[a-z.-]*/", re.MULTILINE
    )
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if path.is_file() and path.suffix in {
            ".py",
            ".md",
            ".toml",
            ".yaml",
            ".j2",
            ".html",
            ".json",
            ".jsonl",
        }:
            match = forbidden.search(path.read_text(encoding="utf-8"))
            assert match is None or name == "tests/test_quality.py", f"{name}: {match}"


def test_the_command_line_starts_without_heavy_libraries() -> None:
    code = (
        "import sys; import auditor.cli.app; "
        "heavy = {'torch', 'transformers', 'sklearn', 'scipy', 'sentence_transformers'} & set(sys.modules); "
        "sys.exit(f'imported at start: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
