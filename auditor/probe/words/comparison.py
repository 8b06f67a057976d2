"""What methods have in common that compare a suspect with all candidates word by word."""

from __future__ import annotations

from pydantic import Field

from auditor.probe.panel.controls import panel_of
from auditor.probe.panel.findings import not_compared
from auditor.probe.protocol import Parameters
from auditor.probe.residuals.reading import ResidualReading
from auditor.probe.spec import ProbeSpec
from auditor.probe.words.table import WordTable, Writing, items_of
from auditor.record.finding import Finding
from auditor.record.observation import Observations
from auditor.record.subject import Access, Role, Subject


class WordComparisonParameters(Parameters):
    """Parameters of a comparison word by word.

    Attributes:
        prompts: Most prompts that are asked.
        max_tokens: Longest answer.
        temperature: Of the answers.
        seed: Of the answers.
        alpha: Level of the conformal test.
        companion_alpha: Level that the parametric companion of the rank must reach too.
    """

    prompts: int = Field(default=240, ge=20)
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.01, gt=0, lt=0.5)


def word_reading(
    spec: ProbeSpec, parameters: WordComparisonParameters, seen: Observations
) -> tuple[ResidualReading, tuple[str, ...]]:
    """Texts of all candidates under everybody, and what the panel of controls leaves open."""
    candidates = tuple(
        one for one in seen.of_role(Role.TEACHER, Access.LOGPROBS) if one.digest != seen.suspect.digest
    )
    panel = panel_of(seen, Access.LOGPROBS, candidates)
    table = WordTable(
        seen=seen,
        items=items_of(spec, parameters.prompts),
        writing=Writing(parameters.max_tokens, parameters.temperature, parameters.seed),
        sources=candidates,
        scorers=(seen.suspect, *candidates, *panel.members),
    )
    return ResidualReading(table, candidates, panel.members), panel.limits


def without_words(spec: ProbeSpec, method: str, seen: Observations, teacher: Subject) -> Finding:
    """The finding on a candidate that cannot be compared word by word."""
    return not_compared(
        spec.id,
        method,
        seen,
        teacher,
        f"{teacher.name} tells no log-probabilities of given texts",
        f"log-probabilities of given texts under {teacher.name}",
    )
