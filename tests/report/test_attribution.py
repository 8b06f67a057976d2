"""Who taught it: what all methods say of each candidate, in one place and in words that hold."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import report_specimens as specimens
from report_parts import HERON, OSPREY, calibrated, distilled
from rich.console import Console

from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, FROM_TEACHER, NO_EVIDENCE, UNDECIDED
from auditor.record.finding import Fact, Finding, Outcome
from auditor.record.result import Guarantee
from auditor.record.scan import Scan
from auditor.record.subject import Subject
from auditor.report.attribution import Attribution
from auditor.report.machine import render_json
from auditor.report.markdown import render_markdown
from auditor.report.terminal import render_terminal
from auditor.report.view import build_view


def said(teacher: Subject, outcome: Outcome, answer: str, statistic: float, p: float) -> Finding:
    finding = distilled(teacher, outcome, calibrated(statistic, 0.02, 0.01, 1, p), "r", ())
    return replace(finding, facts=(*finding.facts, Fact(name="answer", value=answer)))


def scan(*findings: Finding) -> Scan:
    return replace(specimens.failing(), findings=findings)


def attribution(*findings: Finding) -> Attribution:
    found = build_view(scan(*findings)).attribution
    assert found is not None
    return found


NAMED = said(HERON, Outcome.SUPPORTS, FROM_SIBLING, 0.14, 0.024)
CLEARED = said(OSPREY, Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE, 0.02, 0.5)


def test_the_candidate_that_is_named_comes_first_with_its_words_and_its_lead() -> None:
    found = attribution(CLEARED, NAMED)
    assert found.answer == f"The evidence points to {HERON.name}: {FROM_SIBLING}."
    assert [one.name for one in found.standings] == [HERON.name, OSPREY.name]
    (voice,) = found.standings[0].voices
    assert voice.state == "supports"
    assert voice.words.startswith("none of 40 controls as high, p = 0.024, ")
    assert voice.words.endswith("spreads of the controls ahead of the next candidate")
    assert "behind" in found.standings[1].voices[0].words
    assert not found.least


def test_only_words_that_exclude_all_else_name_a_teacher() -> None:
    found = attribution(said(HERON, Outcome.SUPPORTS, FROM_TEACHER, 0.14, 0.024), CLEARED)
    assert found.answer == f"The evidence names {HERON.name}: {FROM_TEACHER}."


def test_a_candidate_keeps_the_strongest_words_that_a_method_has_for_it() -> None:
    other = replace(said(HERON, Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE, 0.02, 0.6), method="another_one")
    found = attribution(other, NAMED)
    assert found.standings[0].answer == FROM_SIBLING
    assert [one.state for one in found.standings[0].voices] == ["supports", "does_not_support"]


def test_nobody_named_says_so_and_what_would_have_been_found() -> None:
    found = attribution(CLEARED, said(HERON, Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE, 0.03, 0.3))
    assert found.answer.startswith("None of the 2 candidates is named.")
    assert "not among the candidates" in found.answer
    assert set(found.least) == {
        f"reference likelihood on {one.name}: 0.034 nats per byte (smallest gain found in 80 % of cases)"
        for one in (HERON, OSPREY)
    }


def test_whoever_cannot_be_excluded_is_listed_and_not_called_named() -> None:
    found = attribution(said(HERON, Outcome.INCONCLUSIVE, FROM_SHARED_DATA, 0.1, 0.3), CLEARED)
    assert found.answer == f"Cannot be excluded: {HERON.name} ({FROM_SHARED_DATA})."
    assert found.least


def test_undecided_is_neither() -> None:
    found = attribution(said(HERON, Outcome.INCONCLUSIVE, UNDECIDED, 0.1, 0.3), CLEARED)
    assert found.answer == f"Not decided: {HERON.name}."


def test_what_has_no_error_rate_has_no_voice() -> None:
    assert NAMED.result is not None
    weak = replace(NAMED, result=replace(NAMED.result, guarantee=Guarantee.INDICATIVE))
    assert build_view(scan(weak)).attribution is None
    assert build_view(scan(replace(NAMED, outcome=Outcome.NOT_APPLICABLE))).attribution is None


def test_who_could_not_be_told_for_want_of_controls_is_not_passed_over() -> None:
    """Without controls a rank has no error rate; silence about the candidate would read as a pass."""
    untold = said(HERON, Outcome.INCONCLUSIVE, UNDECIDED, 0.1, 0.3)
    assert untold.result is not None
    bare = replace(untold.result, guarantee=Guarantee.INDICATIVE, p_value=None, controls=())
    found = attribution(replace(untold, result=bare), CLEARED)
    assert found.answer == f"Not decided: {HERON.name}."


@pytest.mark.parametrize("width", [60, 100])
def test_every_format_has_the_answer(width: int) -> None:
    whole = scan(NAMED, CLEARED)
    answer = f"The evidence points to {HERON.name}"
    console = Console(width=width, record=True, file=None, quiet=False)
    with console.capture() as caught:
        render_terminal(build_view(whole), console)
    assert answer in " ".join(caught.get().split())
    assert answer in render_markdown(build_view(whole)).replace("\\", "")
    body = json.loads(render_json(whole))
    assert body["attribution"]["answer"].startswith(answer)
    assert [one["name"] for one in body["attribution"]["standings"]] == [HERON.name, OSPREY.name]
