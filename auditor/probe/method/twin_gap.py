"""Is a model better on published items than on fresh items of the very same making?

Published and fresh items come from the same generators under different seeds. For a model that has
seen neither they are exchangeable, so the test is exact, whatever the model's ability. Where a teacher
errs, the same comparison tells whose answers were learned: the right ones, or the teacher's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.overfitting.asking import Asking, TwinGapParameters
from auditor.probe.overfitting.gap_finding import METHOD, GapFinding
from auditor.probe.overfitting.inheritance import all_mistakes
from auditor.probe.overfitting.inheritance_findings import Inheritance
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question, ask_all
from auditor.record.subject import Access, Role


class TwinGap:
    """Accuracy on published items minus accuracy on fresh ones (points), and whose mistakes come with it."""

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.BENCHMARK_OVERFIT
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.TEACHER: Access.TEXT, Role.BASE: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = TwinGapParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item to the suspect, teachers and base; then the teachers' mistakes to the suspect."""
        asking = Asking(parameters_of(spec, TwinGapParameters), seen)
        items = asking.items
        questions: list[Question] = []
        for model in asking.models:
            way = asking.way(model)
            questions += ask_all(model.digest, [asking.request(one, way) for one in items])
            if model.role is Role.TEACHER and asking.parameters.teachers == "write" and way != "generate":
                questions += ask_all(model.digest, [asking.request(one, "generate") for one in items])
        for mistakes in all_mistakes(asking):
            questions += mistakes.questions()
        return questions

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on the suspect, and one on each teacher's mistakes."""
        asking = Asking(parameters_of(spec, TwinGapParameters), seen)
        inheritance = Inheritance(spec, asking)
        return (GapFinding(spec, asking, inheritance).finding(), *inheritance.findings())
