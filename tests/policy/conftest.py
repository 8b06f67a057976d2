"""Plans, findings and packs in few words, for the tests of policies."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.policy.case import FindingInWords, PlanInWords, digest_of
from auditor.record.finding import Finding
from auditor.record.scan import Plan


def _plan(**words: Any) -> Plan:
    return PlanInWords.model_validate(words).plan("test", digest_of("policy"))


def _finding(**words: Any) -> Finding:
    return FindingInWords.model_validate(words).finding()


_HEAD = """\
name: test
title: Test pack
version: "1"
description: For tests.
alpha: 0.05
"""

_RULE = {
    "id": "R-1",
    "title": "A rule",
    "severity": "high",
    "mode": "deny",
    "requires": "{claim: distilled_from, guarantee: calibrated}",
    "when": "finding.supports",
    "message": "it fired",
    "why": "because",
}


@pytest.fixture(scope="session")
def make_plan() -> Callable[..., Plan]:
    return _plan


@pytest.fixture(scope="session")
def make_finding() -> Callable[..., Finding]:
    return _finding


@pytest.fixture(scope="session", name="digest_of")
def digest_of_name() -> Callable[[str], str]:
    return digest_of


@pytest.fixture
def write_pack(tmp_path: Path) -> Callable[..., Path]:
    """A pack file: rules as overrides of a plain one; a key that is None is left out."""

    def write(*rules: Mapping[str, str | None], head: str = "", raw: str | None = None) -> Path:
        path = tmp_path / "pack.yaml"
        if raw is None:
            raw = _HEAD + textwrap.dedent(head) + "rules:\n"
            for number, rule in enumerate(rules or ({},), start=1):
                merged = {**_RULE, "id": f"R-{number}", **rule}
                lines = [f"{key}: {value}" for key, value in merged.items() if value is not None]
                raw += "".join(
                    f"{'  - ' if index == 0 else '    '}{line}\n" for index, line in enumerate(lines)
                )
        path.write_text(raw, encoding="utf-8")
        return path

    return write
