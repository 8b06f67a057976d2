"""`auditor policy test`: cases that hold, cases that do not, and cases that are no cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.cli.app import app
from auditor.error import PolicyError
from auditor.policy.case import load_cases
from auditor.policy.spec import load_policy

PACK = """\
name: own
title: Own rules
version: "1"
description: For tests.
alpha: 0.05
rules:
  - id: R-1
    title: A rule
    severity: high
    mode: deny
    requires: {claim: distilled_from, guarantee: calibrated}
    when: finding.supports
    message: "{teacher.name} taught it"
    why: because
"""
GOOD = """\
- {name: found, expect: fires, says: T taught it, findings: [{p: 0.001}]}
- {name: not found, expect: quiet, findings: [{outcome: does_not_support, p: 0.6, smallest: 0.01}]}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(PACK)
    (tmp_path / "cases" / "own").mkdir(parents=True)
    return path


def tried(pack: Path, cases: str) -> tuple[int, str]:
    (pack.parent / "cases" / "own" / "R-1.yaml").write_text(cases)
    done = CliRunner().invoke(app, ["policy", "test", str(pack)], standalone_mode=False)
    assert done.exception is None, done.exception
    return int(done.return_value), done.stdout


def test_cases_beside_a_pack_are_found_and_hold(pack: Path) -> None:
    assert tried(pack, GOOD) == (0, "own: 2 cases, 0 wrong\n")


def test_what_does_not_hold_is_named_and_fails(pack: Path) -> None:
    status, said = tried(
        pack, GOOD.replace("T taught it", "U taught it").replace("expect: quiet", "expect: fires")
    )
    assert status == 1
    assert "R-1, found: it does not say 'U taught it'" in said
    assert "R-1, not found: quiet, and fires was expected" in said
    assert "R-1 has no case that fires, or none that is quiet" in said
    assert "2 cases, 2 wrong" in said


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("R-2", GOOD, "has no rule R-2"),
        ("R-1", "- {name: x, expect: explodes}", "malformed at 0.expect"),
        ("R-1", "- {name: x, expect: quiet, plan: {teacher: T}}", "malformed at 0.plan.teacher"),
        ("R-1", "- {name: x", "cannot be read"),
    ],
)
def test_what_is_no_case_is_an_error_that_says_where(
    pack: Path, name: str, content: str, message: str
) -> None:
    folder = pack.parent / "cases" / "own"
    (folder / f"{name}.yaml").write_text(content)
    with pytest.raises(PolicyError, match=message) as caught:
        load_cases(folder, load_policy(pack))
    assert caught.value.where == str(folder / f"{name}.yaml")


def test_a_folder_without_cases_is_an_error(pack: Path) -> None:
    with pytest.raises(PolicyError, match="no cases"):
        load_cases(pack.parent / "cases" / "own", load_policy(pack))
