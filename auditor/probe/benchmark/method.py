"""What every method does that holds published items against their twins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from auditor.probe.benchmark.comparison import forecast
from auditor.probe.benchmark.contrast import ContrastParameters, ContrastReading
from auditor.probe.benchmark.findings import ContrastFinding
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question, ask_all


class ContrastMethod:
    """A quantity of published items minus that of their twins, less the same of references.

    Attributes:
        claim: The claim it speaks to.
        parameters: Model of its parameters.
        reading: The quantity.
    """

    claim: ClassVar[Claim] = Claim.BENCHMARK_OVERFIT
    parameters: ClassVar[type[Parameters]] = ContrastParameters
    reading: ClassVar[type[ContrastReading[Any]]]

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item and every twin, to the suspect and references."""
        reading = self._read(spec, seen)
        return [question for one in reading.models for question in ask_all(one.digest, reading.requests(one))]

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on all benchmarks together."""
        return (ContrastFinding(self._read(spec, seen)).finding(),)

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """What so many items and references can find."""
        return forecast(self._read(spec, seen))

    def _read(self, spec: ProbeSpec, seen: Observations) -> ContrastReading[Any]:
        return self.reading(spec, parameters_of(spec, self.parameters), seen)
