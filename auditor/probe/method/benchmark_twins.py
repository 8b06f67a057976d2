"""Is a model better on a benchmark as it was published than on twins of its items, beyond what is usual?

Twins of items with options have the options in another order; twins of others are the user's own. What
twins cost a model that has not seen the items is shown by references, and the suspect is held against them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.benchmark.asking import METHOD, BenchmarkAsking, BenchmarkTwinsParameters
from auditor.probe.benchmark.comparison import forecast
from auditor.probe.benchmark.findings import ContrastFinding
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question, ask_all
from auditor.record.subject import Access, Role


class BenchmarkTwins:
    """Accuracy on published items minus accuracy on their twins, less the same of references (points)."""

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.BENCHMARK_OVERFIT
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.CONTROL: Access.TEXT,
        Role.BASE: Access.TEXT,
        Role.TEACHER: Access.TEXT,
    }
    parameters: ClassVar[type[Parameters]] = BenchmarkTwinsParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item and every twin, to the suspect, references and teachers."""
        asking = BenchmarkAsking(spec, parameters_of(spec, BenchmarkTwinsParameters), seen)
        return [question for one in asking.models for question in ask_all(one.digest, asking.requests(one))]

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on all benchmarks together."""
        asking = BenchmarkAsking(spec, parameters_of(spec, BenchmarkTwinsParameters), seen)
        return (ContrastFinding(asking).finding(),)

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """What so many items and references can find."""
        return forecast(BenchmarkAsking(spec, parameters_of(spec, BenchmarkTwinsParameters), seen))
