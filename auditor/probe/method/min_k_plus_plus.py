"""Is a model less surprised by the unlikely tokens of items as published than by those of their twins?

Whoever has read a text finds even its least likely tokens likelier than they stand among their rivals. How
much that is so of unread texts differs by text and by model, so that twins and references are the yardstick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.benchmark.comparison import forecast
from auditor.probe.benchmark.findings import ContrastFinding
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.recall.min_k import METHOD, MinKParameters, MinKReading
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question, ask_all
from auditor.record.subject import Access, Role


class MinKPlusPlus:
    """Min-K%++ of published items minus that of their twins, less the same of references."""

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.BENCHMARK_OVERFIT
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.LOGPROBS}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.CONTROL: Access.LOGPROBS,
        Role.BASE: Access.LOGPROBS,
    }
    parameters: ClassVar[type[Parameters]] = MinKParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item and every twin, to the suspect and references."""
        reading = MinKReading(spec, parameters_of(spec, MinKParameters), seen)
        return [question for one in reading.models for question in ask_all(one.digest, reading.requests(one))]

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on all benchmarks together."""
        return (ContrastFinding(MinKReading(spec, parameters_of(spec, MinKParameters), seen)).finding(),)

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """What so many items and references can find."""
        return forecast(MinKReading(spec, parameters_of(spec, MinKParameters), seen))
