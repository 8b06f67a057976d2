"""Is what the suspect lacks beside the candidate lacking above all where knowledge is rare or hard?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.inherited.asking import KeyedAsking
from auditor.probe.inherited.tail import METHOD, TailFindings, TailLossParameters
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role


class TailLoss:
    """Points behind the candidate on the rarest or hardest third of items, less those on the commonest."""

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.TAIL_LOSS
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.TEACHER: Access.TEXT,
        Role.CONTROL: Access.TEXT,
        Role.BASE: Access.TEXT,
    }
    parameters: ClassVar[type[Parameters]] = TailLossParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item as published, to everybody."""
        return self._findings(spec, seen).asking.questions()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding for each candidate."""
        return self._findings(spec, seen).all()

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """What so many items can find."""
        return self._findings(spec, seen).forecast()

    def _findings(self, spec: ProbeSpec, seen: Observations) -> TailFindings:
        parameters = parameters_of(spec, TailLossParameters)
        return TailFindings(KeyedAsking(spec, parameters, seen), parameters)
