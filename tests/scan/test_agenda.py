"""What a plan asks: parameters of its own, a log of served answers, a rule for stopping."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.error import ContentError, UsageError
from auditor.probe.method.served_outputs import ServedOutputsParameters
from auditor.probe.protocol import parameters_of
from auditor.scan.agenda import probes_of
from auditor.scan.plan_file import PlanFile

SERVED = "lineage/served-outputs"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text('{"prompt": "p", "answer": "a"}\n{"prompt": "q", "answer": "b"}\n')
    return path


def test_the_log_becomes_the_probes_items_and_part_of_its_digest(log: Path) -> None:
    (bare,) = probes_of(PlanFile(suites=(SERVED,)))
    (full,) = probes_of(PlanFile(suites=(SERVED,), served=log))
    assert (len(bare.items), len(full.items)) == (0, 2)
    assert bare.digest != full.digest
    log.write_text('{"prompt": "p", "answer": "another"}\n')
    (other,) = probes_of(PlanFile(suites=(SERVED,), served=log))
    assert other.digest != full.digest


def test_benchmarks_become_items_of_a_suite_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "quiz.jsonl"
    rows = [{"question": f"Q{n}", "choices": ["1", "2"], "answer": n % 2} for n in range(30)]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    found = {spec.id: len(spec.items) for spec in probes_of(PlanFile(benchmarks=(str(path),)))}
    assert (found["benchmark/twin-difference"], found["benchmark/order"]) == (30, 30)
    assert not any(name.startswith("benchmark/") for name in (spec.id for spec in probes_of(PlanFile())))
    with pytest.raises(UsageError, match="no probe of this plan is about them"):
        probes_of(PlanFile(suites=("refusal",), benchmarks=(str(path),)))


def test_one_flag_makes_every_probe_that_can_stop_early(log: Path) -> None:
    (spec,) = probes_of(PlanFile(suites=(SERVED,), served=log, stop_at=100))
    assert parameters_of(spec, ServedOutputsParameters).stop_at == 100
    own = {SERVED: {"stop_at": 20}}
    (spec,) = probes_of(PlanFile(suites=(SERVED,), served=log, stop_at=100, parameters=own))
    assert parameters_of(spec, ServedOutputsParameters).stop_at == 20


def test_what_no_probe_can_use_is_refused(log: Path) -> None:
    with pytest.raises(UsageError, match="no probe of this plan is about one"):
        probes_of(PlanFile(suites=("refusal",), served=log))
    with pytest.raises(UsageError, match="none of its probes can"):
        probes_of(PlanFile(suites=("refusal",), stop_at=100))
    with pytest.raises(ContentError, match="not among the probes"):
        probes_of(PlanFile(suites=("refusal",), parameters={SERVED: {"redraws": 3}}))
