"""Served logs of a population on paper: who is tried on which log, and what is true of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from auditor import content
from auditor.error import UsageError
from auditor.probe.method.served_outputs import ServedOutputs
from auditor.probe.method.twin_contrast import TwinContrast
from auditor.probe.registry import load_suites
from auditor.record.finding import Claim, Outcome
from auditor.record.subject import Kind
from auditor.validation.experiment.lineup import INNOCENTS, Scenario, concerns, lineups
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.served import log_rows, served_lineups, with_log
from auditor.validation.experiment.truth import CLASSMATE, Truth, truth_of
from auditor.validation.figure.served import ALL, served_test
from auditor.validation.figure.unit import Test
from auditor.zoo.register import Register
from tests.support.tried import register, row


@pytest.fixture
def known(tmp_path: Path) -> Register:
    """The population on paper, where texts of teachers were served and logged."""
    members = {}
    for name, member in register().members.items():
        if member.mechanism == "teacher-text" and member.part.value == "student":
            served = f"served/{name}.jsonl"
            path = tmp_path / served
            path.parent.mkdir(exist_ok=True)
            rows = [
                {"prompt": f"p{n}", "answer": f"{name} {n}", "teacher": member.taught_by[0], "account": name}
                for n in range(30)
            ]
            path.write_text("".join(json.dumps(one) + "\n" for one in rows))
            member = replace(member, served=served)
        members[name] = member
    return Register(tmp_path, members)


def test_a_log_is_tried_on_its_student_a_classmate_and_innocents_of_every_stratum(known: Register) -> None:
    found = served_lineups(known, Kind.CAUSAL_LM, 20)
    assert {one.scenario for one in found} == {Scenario.SERVED}
    logs = {one.log.name for one in found if one.log}
    assert len(logs) == 1  # one for each hundred members
    (name,) = logs
    suspects = [one.suspect.name for one in found]
    assert suspects[0] == name
    assert len(set(suspects)) == len(suspects)
    truths = {
        one.suspect.name: truth_of(known, Claim.TRAINED_ON_SERVED, one.suspect, one.candidates[0], one.log)
        for one in found
    }
    assert truths[name] == (Truth.GUILTY, "")
    assert CLASSMATE in {stratum for truth, stratum in truths.values() if truth is Truth.INNOCENT}
    assert sum(truth is Truth.GUILTY for truth, _ in truths.values()) == 1
    for one in found:
        assert one.suspect not in [control for control, _ in one.controls]
        assert all(control.part in INNOCENTS for control, _ in one.controls)
        assert one.candidates[0].name == known.members[name].taught_by[0]


def test_short_logs_are_left_out(known: Register) -> None:
    assert served_lineups(known, Kind.CAUSAL_LM, 31) == ()


def test_the_probe_is_given_the_log_without_what_a_scan_would_not_know(known: Register) -> None:
    lineup = served_lineups(known, Kind.CAUSAL_LM, 20)[0]
    (spec,) = load_suites(("world-lineage/served-outputs",), (content.probes(),))
    given = with_log(spec, lineup, known)
    assert given.items[3] == {"prompt": "p3", "answer": f"{lineup.suspect.name} 3"}
    assert given.digest != spec.digest
    assert with_log(spec, lineups(known, Kind.CAUSAL_LM, 0)[0], known) is spec


def test_probes_of_logs_are_tried_on_logs_and_no_others(known: Register) -> None:
    served, twins = load_suites(
        ("world-lineage/served-outputs", "world-lineage/twin-contrast"), (content.probes(),)
    )
    about_log, other = served_lineups(known, Kind.CAUSAL_LM, 20)[0], lineups(known, Kind.CAUSAL_LM, 0)[0]
    assert concerns(about_log, served, ServedOutputs())
    assert not concerns(other, served, ServedOutputs())
    assert not concerns(about_log, twins, TwinContrast())
    assert concerns(other, twins, TwinContrast())


def test_a_malformed_log_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"prompt": "p", "answer": "a"}\n{')
    with pytest.raises(UsageError, match="line 2"):
        log_rows(tmp_path / "log.jsonl", "t")


def test_figures_count_students_and_others_apart(known: Register) -> None:
    rows = []
    for lineup in served_lineups(known, Kind.CAUSAL_LM, 20):
        truth, stratum = truth_of(
            known, Claim.TRAINED_ON_SERVED, lineup.suspect, lineup.candidates[0], lineup.log
        )
        guilty = truth is Truth.GUILTY
        made: Row = row(known, lineup, lineup.candidates[0], 3.0 if guilty else 0.0)
        rows.append(
            replace(
                made, method="served_outputs", claim=Claim.TRAINED_ON_SERVED, truth=truth, stratum=stratum,
                outcome=Outcome.SUPPORTS if guilty else Outcome.DOES_NOT_SUPPORT,
                p_value=0.001 if guilty else 0.5, e_value=50.0 if guilty else 0.5, log="text-0",
            )
        )  # fmt: skip
    counted = served_test(rows, Test.of(rows[0]), "served")
    assert [(one.mechanism, one.found.count, one.found.n) for one in counted.recognised] == [
        (ALL, 1, 1),
        ("teacher-text", 1, 1),
    ]
    assert counted.recognised[0].at_twenty.count == 1
    everybody = counted.mistaken[-1]
    assert (everybody.accused.count, everybody.accused.n) == (0, len(rows) - 1)
    assert counted.nulls[-1].mean_e == pytest.approx(0.5)
    assert counted.logs == 1
