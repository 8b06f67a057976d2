"""Plans, findings and packs in few words, for the tests of policies."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from auditor.digest import digest_bytes
from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.result import Guarantee, TestResult
from auditor.record.scan import Plan, PlannedProbe
from auditor.record.subject import Access, Role, Subject


def _digest(name: str) -> str:
    return digest_bytes(name.encode())


def _subject(role: Role, name: str, **more: Any) -> Subject:
    access = Access[more.pop("access", "weights").upper().replace("-", "_")]
    details = tuple(more.pop("details", {}).items())
    fields = {"locator": f"org/{name}", "digest": _digest(name), "tokenizer_digest": _digest("tokenizer")}
    return Subject(role=role, name=name, access=access, details=details, **{**fields, **more})


def _plan(
    *,
    suspect: Mapping[str, Any] | None = None,
    teachers: Sequence[str | Mapping[str, Any]] = ("T",),
    bases: Sequence[str | Mapping[str, Any]] = (),
    controls: int = 0,
    declared: Sequence[str] = (),
    probes: Sequence[str] = (),
) -> Plan:
    def in_role(role: Role, some: Sequence[str | Mapping[str, Any]]) -> list[Subject]:
        return [_subject(role, **({"name": one} if isinstance(one, str) else dict(one))) for one in some]

    return Plan(
        subjects=(
            _subject(Role.SUSPECT, **{"name": "S", **(suspect or {})}),
            *in_role(Role.TEACHER, teachers),
            *in_role(Role.BASE, bases),
            *in_role(Role.CONTROL, [f"C{number}" for number in range(controls)]),
        ),
        probes=tuple(
            PlannedProbe(probe=one, title=one, method="m", digest=_digest(one), items=1) for one in probes
        ),
        seed=1,
        seed_origin="drawn",
        policy="test",
        policy_digest=_digest("policy"),
        declared_teachers=tuple(declared),
    )


def _result(p: float | None, guarantee: str, smallest: float | None) -> TestResult:
    return TestResult(
        method="m",
        null="nothing",
        alternative="something",
        statistic=1.0,
        statistic_name="a number",
        effect=1.0,
        effect_unit="points",
        n=100,
        unit_of_replication="items",
        guarantee=Guarantee(guarantee),
        assumptions=(),
        source="",
        p_value=p,
        smallest_attainable_p=smallest,
    )


def _finding(
    *,
    claim: str = "distilled_from",
    outcome: str = "supports",
    teacher: str | None = "T",
    suspect: str = "S",
    probe: str = "lineage/probe",
    p: float | None = None,
    guarantee: str | None = "calibrated",
    smallest: float | None = None,
    facts: Mapping[str, Any] | None = None,
    reason: str = "it was measured",
    decisive: str = "",
) -> Finding:
    return Finding(
        claim=Claim(claim),
        probe=probe,
        method="m",
        suspect=_digest(suspect),
        teacher=_digest(teacher) if teacher else None,
        outcome=Outcome(outcome),
        reason=reason,
        decisive=decisive,
        result=_result(p, guarantee, smallest) if guarantee else None,
        facts=tuple(Fact(name=name, value=value) for name, value in (facts or {}).items()),
    )


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


@pytest.fixture(scope="session")
def digest_of() -> Callable[[str], str]:
    return _digest


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
