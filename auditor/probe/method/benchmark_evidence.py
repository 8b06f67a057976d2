"""All tests that hold a benchmark's items against their twins, in one table and under one correction.

It asks what the single tests ask, and so costs no further answers where these are asked as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.recall.together import Together, TogetherParameters
from auditor.probe.recall.together_finding import METHOD, TogetherFinding
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question, ask_all
from auditor.record.subject import Access, Role


class BenchmarkEvidence:
    """The smallest p-value of all tests of all benchmarks, by Holm, and a verdict for each benchmark."""

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.BENCHMARK_OVERFIT
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.CONTROL: Access.TEXT, Role.BASE: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = TogetherParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What the single tests ask."""
        together = Together(spec, parameters_of(spec, TogetherParameters), seen)
        return [
            question
            for reading in together.readings.values()
            for one in (seen.suspect, *reading.references)
            for question in ask_all(one.digest, reading.requests(one))
        ]

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on all benchmarks and tests."""
        return (TogetherFinding(Together(spec, parameters_of(spec, TogetherParameters), seen)).finding(),)
