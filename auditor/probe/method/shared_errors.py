"""Does the suspect give the very wrong answers that a candidate gives?

Right answers are the world's; wrong ones are a model's own. Everybody answers items whose right answers are
known. Of the items that suspect and candidate both get wrong, the share with the same wrong answer is taken
less chance, which is what controls of like accuracy say there, what is popular with such items, or what the
suspect says anyway; and less the same with the other candidates. Recorded answers will do. The choice of a
candidate is inside the null: every control in the suspect's place chooses its best one as well.

Source: kappa (Cohen 1960); error agreement of language models (Goel et al. 2025); conformal ranks over models
(Vovk, Gammerman and Shafer 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.errors.findings import ErrorFindings
from auditor.probe.errors.items import items_of
from auditor.probe.errors.reading import ErrorReading, ErrorTable
from auditor.probe.panel import panel_of
from auditor.probe.panel_findings import not_compared
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role

_SOURCE = (
    "Cohen (1960), kappa; Goel et al. (2025), error agreement; Vovk, Gammerman and Shafer (2005), "
    "conformal ranks over models"
)


class SharedErrorsParameters(Parameters):
    """Parameters of shared errors.

    Attributes:
        max_tokens: Longest answer.
        fewest: Fewest items that suspect and candidate must both have answered legibly and wrong.
        alpha: Level of the conformal test.
    """

    max_tokens: int = Field(default=64, ge=1)
    fewest: int = Field(default=20, ge=5)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)


class SharedErrors:
    """The same wrong answers as a candidate, beyond chance, ranked among controls."""

    name: ClassVar[str] = "shared_errors"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {
        Role.SUSPECT: Access.TEXT,
        Role.TEACHER: Access.TEXT,
        Role.CONTROL: Access.TEXT,
    }
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = SharedErrorsParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item to suspect, candidates and controls."""
        reading, _ = _reading(spec, parameters_of(spec, SharedErrorsParameters), seen)
        if not reading.candidates:
            return ()
        return reading.table.questions((reading.suspect, *reading.candidates, *reading.controls))

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, SharedErrorsParameters)
        reading, limits = _reading(spec, parameters, seen)
        findings = [
            not_compared(spec.id, self.name, seen, one, f"{one.name} gives no answers", "its answers")
            for one in seen.of_role(Role.TEACHER)
            if one not in reading.candidates
        ]
        if reading.candidates:
            findings += ErrorFindings(
                probe=spec.id,
                method=self.name,
                source=_SOURCE,
                reading=reading,
                alpha=parameters.alpha,
                limits=limits,
            ).all()
        return tuple(findings)


def _reading(
    spec: ProbeSpec, parameters: SharedErrorsParameters, seen: Observations
) -> tuple[ErrorReading, tuple[str, ...]]:
    candidates = tuple(one for one in seen.of_role(Role.TEACHER) if one.digest != seen.suspect.digest)
    panel = panel_of(seen, Access.TEXT, candidates)
    table = ErrorTable(seen, items_of(spec), parameters.max_tokens)
    return ErrorReading(table, candidates, panel.members, parameters.fewest), panel.limits
