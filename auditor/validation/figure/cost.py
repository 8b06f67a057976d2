"""What an answer costs: questions, seconds and memory."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one probe takes for one suspect in a closed scan; medians over the suspects.

    Attributes:
        probe: The probe.
        method: Its method.
        access: Deepest access that was made use of.
        suspects: Suspects.
        questions: Questions put to the suspect until the verdict.
        most_questions: The most that were put to one.
        prompts: Distinct prompts among them.
        asking_seconds: Seconds in which the model answered, whatever else it was asked beside.
        measuring_seconds: Seconds from the answers to the findings.
    """

    probe: str
    method: str
    access: str
    suspects: int
    questions: float
    most_questions: int
    prompts: float
    asking_seconds: float
    measuring_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """What the whole validation took.

    Attributes:
        wall_seconds: From the first model to the last figure, in this run.
        workers: Processes that asked.
        interview_seconds: Seconds of processes that asked, in this run and those that it goes on from.
        in_model_seconds: Of these, seconds inside the models.
        measuring_seconds: Seconds of measuring every scan, in this run.
        other_share: Share of all processes' seconds that were not spent inside the models.
        asked: Answers recorded, in this run and those before it.
        peak_bytes: Most memory that one process took.
    """

    wall_seconds: float
    workers: int
    interview_seconds: float
    in_model_seconds: float
    measuring_seconds: float
    other_share: float
    asked: int
    peak_bytes: int


def costs(rows: Iterable[Row]) -> tuple[Cost, ...]:
    """The cost of each probe."""
    by_probe: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row.scenario is Scenario.CLOSED:
            suspects = by_probe.setdefault(row.probe, {})
            known = suspects.get(row.suspect)
            if known is None or known.questions < row.questions:
                suspects[row.suspect] = row
    return tuple(_cost(list(suspects.values())) for suspects in by_probe.values())


def _cost(rows: list[Row]) -> Cost:
    deepest = max(rows, key=lambda row: row.questions)
    return Cost(
        probe=deepest.probe,
        method=deepest.method,
        access=deepest.access,
        suspects=len(rows),
        questions=statistics.median(row.questions for row in rows),
        most_questions=deepest.questions,
        prompts=statistics.median(row.prompts for row in rows),
        asking_seconds=statistics.median(row.asking_seconds for row in rows),
        measuring_seconds=statistics.median(row.measuring_seconds for row in rows),
    )
