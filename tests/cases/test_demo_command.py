"""The embedded audit: what was built into the suspect is found, and nobody else is accused of it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from commandline import auditor

from auditor.ledger.ledger import Ledger
from auditor.policy.vocabulary import FACTS
from auditor.record.finding import Claim, Outcome
from auditor.record.scan import Scan
from auditor.record.verdict import Status

COMMAND = "auditor demo"


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo was run."""
    folder = tmp_path_factory.mktemp("demo")
    done = auditor(*shlex.split(COMMAND)[1:], cwd=folder, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def scans(demo_folder: Path) -> dict[str, Scan]:
    """The scans of the demo by the suspect's name."""
    for name in ("suspect", "innocent"):
        assert (demo_folder / "auditor-demo" / f"{name}.html").is_file()
    with Ledger.open(demo_folder / "auditor-demo" / "audit.db", create=False, readonly=True) as ledger:
        found = [ledger.scan(one.run) for one in ledger.runs()]
    return {one.plan.suspect.name: one for one in found}


def outcomes(scan: Scan, claim: Claim) -> dict[str, Outcome]:
    """Outcomes by the name of the model that the suspect is compared with."""
    names = {one.digest: one.name for one in scan.plan.subjects}
    return {names.get(one.teacher or "", ""): one.outcome for one in scan.findings if one.claim is claim}


@pytest.mark.timeout(900)
def test_the_right_teacher_is_named(scans: dict[str, Scan]) -> None:
    assert outcomes(scans["suspect"], Claim.DISTILLED_FROM) == {
        "teacher-a": Outcome.SUPPORTS,
        "teacher-b": Outcome.DOES_NOT_SUPPORT,
    }


@pytest.mark.parametrize("claim", [Claim.SAFETY_LOSS, Claim.BENCHMARK_OVERFIT])
def test_what_was_built_into_the_suspect_is_found(scans: dict[str, Scan], claim: Claim) -> None:
    assert Outcome.SUPPORTS in outcomes(scans["suspect"], claim).values()
    assert scans["suspect"].verdict is not None
    assert scans["suspect"].verdict.status is Status.FAIL


def test_the_innocent_model_is_accused_of_nothing(scans: dict[str, Scan]) -> None:
    accusations = [one for one in scans["innocent"].findings if one.outcome is Outcome.SUPPORTS]
    assert accusations == []
    for claim in (Claim.DISTILLED_FROM, Claim.ANCESTRY, Claim.BENCHMARK_OVERFIT):
        assert set(outcomes(scans["innocent"], claim).values()) == {Outcome.DOES_NOT_SUPPORT}


def test_rules_can_use_every_fact(scans: dict[str, Scan]) -> None:
    """A fact without an entry in the vocabulary is one that no policy can speak about."""
    for scan in scans.values():
        for finding in scan.findings:
            assert {fact.name for fact in finding.facts} <= set(FACTS[finding.claim]), finding.probe
