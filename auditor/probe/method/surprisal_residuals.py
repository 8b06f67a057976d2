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

from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.residuals.findings import ResidualFindings
from auditor.probe.spec import ProbeSpec
from auditor.probe.words.comparison import WordComparisonParameters, without_words, word_reading
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role

_SOURCE = "ridge regression on residuals; Vovk, Gammerman and Shafer (2005), conformal ranks"


class SurprisalResidualsParameters(WordComparisonParameters):
    """Parameters of the regression on residuals: those of the texts, and the levels of the test."""


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
        reading, _ = word_reading(spec, parameters_of(spec, SurprisalResidualsParameters), seen)
        return reading.table.questions() if reading.candidates else ()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, SurprisalResidualsParameters)
        reading, limits = word_reading(spec, parameters, seen)
        findings = [
            without_words(spec, self.name, seen, one)
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
                companion_alpha=parameters.companion_alpha,
                limits=limits,
            ).all()
        return tuple(findings)
