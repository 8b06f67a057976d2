"""Does the suspect lean to a candidate rather than to its sibling? What both have in common drops out.

Two candidates of one recipe and data hide each other from whatever asks how much a suspect looks like one of
them. Their difference does not: who learned from one goes its way where the other goes another, and who
learned from their data alone has no side of its own.

Source: projection on the difference of two models, conformal ranks over models (Vovk, Gammerman and Shafer
2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.sibling.findings import SiblingFindings
from auditor.probe.sibling.reading import SiblingReading
from auditor.probe.spec import ProbeSpec
from auditor.probe.words.comparison import WordComparisonParameters, without_words, word_reading
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role

_SOURCE = "projection on a difference; Vovk, Gammerman and Shafer (2005), conformal ranks"


class SiblingContrastParameters(WordComparisonParameters):
    """Parameters of the contrast of siblings: those of the texts, and the levels of the test."""


class SiblingContrast:
    """How far the suspect leans to a candidate and away from its sibling, ranked among controls."""

    name: ClassVar[str] = "sibling_contrast"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {
        Role.SUSPECT: Access.LOGPROBS,
        Role.TEACHER: Access.LOGPROBS,
        Role.CONTROL: Access.LOGPROBS,
    }
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = SiblingContrastParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What the candidates write, then every word of it under everybody; nothing for a lone candidate."""
        reading, _ = word_reading(spec, parameters_of(spec, SiblingContrastParameters), seen)
        return reading.table.questions() if len(reading.candidates) > 1 else ()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, SiblingContrastParameters)
        reading, limits = word_reading(spec, parameters, seen)
        findings = [
            without_words(spec, self.name, seen, one)
            for one in seen.of_role(Role.TEACHER)
            if one not in reading.candidates
        ]
        findings += SiblingFindings(
            probe=spec.id,
            method=self.name,
            source=_SOURCE,
            reading=SiblingReading(reading),
            alpha=parameters.alpha,
            companion_alpha=parameters.companion_alpha,
            limits=limits,
        ).all()
        return tuple(findings)
