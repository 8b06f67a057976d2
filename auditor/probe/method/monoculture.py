"""Do suspect and candidate make the same mistakes, beyond what their accuracies and other models explain?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.inherited.asking import KeyedAsking
from auditor.probe.inherited.monoculture import METHOD, MonocultureFindings, MonocultureParameters
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role


class Monoculture:
    """Chance-adjusted agreement of answers with a candidate, ranked among controls (kappa)."""

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.MONOCULTURE
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.TEACHER: Access.TEXT,
        Role.CONTROL: Access.TEXT,
        Role.BASE: Access.TEXT,
    }
    parameters: ClassVar[type[Parameters]] = MonocultureParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item as published, to everybody."""
        return KeyedAsking(spec, parameters_of(spec, MonocultureParameters), seen).questions()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding for each candidate."""
        parameters = parameters_of(spec, MonocultureParameters)
        return MonocultureFindings(KeyedAsking(spec, parameters, seen), parameters).all()

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """Which rank so many controls can give."""
        parameters = parameters_of(spec, MonocultureParameters)
        return MonocultureFindings(KeyedAsking(spec, parameters, seen), parameters).forecast()
