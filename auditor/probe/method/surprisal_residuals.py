"""Is the suspect surprised where a candidate is, and not where everybody else is? Word by word.

All candidates answer the same prompts. How likely suspect, controls and candidates find every word of these
answers is taken less what the controls think of it, and the suspect's rest is regressed on the candidates'
rests together. What everybody who speaks the language finds likely drops out, and so do the directions in
which controls scatter among themselves: ability, base and tokenizer. The choice of a candidate, or of two, is
inside the null: every control in the suspect's place chooses its best ones as well.

Source: conformal ranks over models (Vovk, Gammerman and Shafer 2005) of a regression on residuals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.panel import panel_of
from auditor.probe.panel_findings import not_compared
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.residual_findings import ResidualFindings
from auditor.probe.residual_reading import ResidualReading
from auditor.probe.spec import ProbeSpec
from auditor.probe.word_table import WordTable, Writing, items_of
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role

_SOURCE = "ridge regression on residuals; Vovk, Gammerman and Shafer (2005), conformal ranks"


class SurprisalResidualsParameters(Parameters):
    """Parameters of the regression on residuals.

    Attributes:
        prompts: Most prompts that are asked.
        max_tokens: Longest answer.
        temperature: Of the answers.
        seed: Of the answers.
        alpha: Level of the conformal test.
    """

    prompts: int = Field(default=240, ge=20)
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    alpha: float = Field(default=0.05, gt=0, lt=0.5)


class SurprisalResiduals:
    """How much of a candidate's departures from the controls the suspect shares, ranked among controls."""

    name: ClassVar[str] = "surprisal_residuals"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {
        Role.SUSPECT: Access.LOGPROBS,
        Role.TEACHER: Access.LOGPROBS,
        Role.CONTROL: Access.LOGPROBS,
    }
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = SurprisalResidualsParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What the candidates write, then every word of it under everybody."""
        reading, _ = _reading(spec, parameters_of(spec, SurprisalResidualsParameters), seen)
        return reading.table.questions() if reading.candidates else ()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, SurprisalResidualsParameters)
        reading, limits = _reading(spec, parameters, seen)
        findings = [
            not_compared(
                spec.id,
                self.name,
                seen,
                one,
                f"{one.name} tells no log-probabilities of given texts",
                f"log-probabilities of given texts under {one.name}",
            )
            for one in seen.of_role(Role.TEACHER)
            if one not in reading.candidates
        ]
        if reading.candidates:
            findings += ResidualFindings(
                probe=spec.id,
                method=self.name,
                source=_SOURCE,
                reading=reading,
                alpha=parameters.alpha,
                limits=limits,
            ).all()
        return tuple(findings)


def _reading(
    spec: ProbeSpec, parameters: SurprisalResidualsParameters, seen: Observations
) -> tuple[ResidualReading, tuple[str, ...]]:
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
