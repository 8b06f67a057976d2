"""What a validation brings home: populations with their rows and figures, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.validation.experiment.row import Row
from auditor.validation.figure.cost import Expense
from auditor.validation.figure.summary import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationResult:
    """One population.

    Attributes:
        label: Name of its folder.
        register_digest: Digest of its register.
        models_digest: Digest over the digests of its models, by name.
        members: Part -> number of models.
        scans: Scenario -> number of scans made.
        rows: What was said, beside the truth.
        figures: What was counted.
        expense: What it took.
    """

    label: str
    register_digest: str
    models_digest: str
    members: tuple[tuple[str, int], ...]
    scans: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    figures: Figures
    expense: Expense


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A validation.

    Attributes:
        tool_version: Version of this tool.
        created_at: When it was finished, ISO 8601 in UTC.
        platform: System and machine.
        seed: Seed of fresh items and of halves.
        probes: Probe -> digest of its content.
        population: The population that it is about.
        held_out: Another population, judged by thresholds and calibrations of the first, or None.
    """

    tool_version: str
    created_at: str
    platform: str
    seed: int
    probes: tuple[tuple[str, str], ...]
    population: PopulationResult
    held_out: PopulationResult | None = None
