"""Does the suspect know less well than the candidate how sure to be?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.inherited.asking import KeyedAsking
from auditor.probe.inherited.calibration import METHOD, CalibrationFindings, CalibrationLossParameters
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role


class CalibrationLoss:
    """Brier score that a wrong temperature costs, suspect minus candidate."""

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.CALIBRATION_LOSS
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.LOGPROBS}
    uses: ClassVar[Mapping[Role, Access]] = {Role.TEACHER: Access.LOGPROBS}
    parameters: ClassVar[type[Parameters]] = CalibrationLossParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item as published, to suspect and candidates."""
        asking = self._asking(spec, seen)
        wanted = {asking.seen.suspect.digest, *(one.digest for one in asking.teachers)}
        return [one for one in asking.questions() if one.subject_digest in wanted]

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """What so many items can find."""
        parameters = parameters_of(spec, CalibrationLossParameters)
        return CalibrationFindings(self._asking(spec, seen), parameters).forecast()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding for each candidate."""
        parameters = parameters_of(spec, CalibrationLossParameters)
        return CalibrationFindings(self._asking(spec, seen), parameters).all()

    def _asking(self, spec: ProbeSpec, seen: Observations) -> KeyedAsking:
        return KeyedAsking(spec, parameters_of(spec, CalibrationLossParameters), seen)
