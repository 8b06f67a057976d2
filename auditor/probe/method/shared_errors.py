"""Does the suspect give the very wrong answers that a candidate gives?

Right answers are the world's; wrong ones are a model's own. Everybody answers items whose right answers are
known. Of the items that suspect and candidate both get wrong, the share with the same wrong answer is taken
less chance, which is what controls of like accuracy say there, what is popular with such items, or what the
suspect says anyway; and less the same with the other candidates. Recorded answers will do.

Where the suspect tells log-probabilities, it need not be able to answer at all: a candidate's wrong answer
stands among others in the candidate's own sentence, and what counts is how much likelier the suspect finds it
than the controls do. The sentence is the same for all answers to choose among, so that style plays no part.

The choice of a candidate is inside the null: every control in the suspect's place has its best one as well.

Source: kappa (Cohen 1960); error agreement of language models (Goel et al. 2025); conformal ranks over models
(Vovk, Gammerman and Shafer 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from auditor.probe.errors.choice_findings import ChoiceFindings
from auditor.probe.errors.choices import ChoiceReading
from auditor.probe.errors.findings import ErrorFindings
from auditor.probe.errors.items import items_of
from auditor.probe.errors.reading import ErrorReading, ErrorTable
from auditor.probe.panel.controls import panel_of
from auditor.probe.panel.findings import not_compared
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role, Subject

_SOURCE = (
    "Cohen (1960), kappa; Goel et al. (2025), error agreement; Vovk, Gammerman and Shafer (2005), "
    "conformal ranks over models"
)


class SharedErrorsParameters(Parameters):
    """Parameters of shared errors.

    Attributes:
        ask: Let suspect and controls answer, let them choose among answers of which one is a candidate's
            wrong one, or decide by the suspect's access.
        max_tokens: Longest answer.
        fewest: Fewest items that suspect and candidate must both have answered legibly and wrong.
        most: Most wrong answers of a candidate that others choose among.
        alpha: Level of the conformal test.
        companion_alpha: Level that the parametric companion of the rank must reach too.
    """

    ask: Literal["auto", "answer", "choose"] = "auto"
    max_tokens: int = Field(default=64, ge=1)
    fewest: int = Field(default=20, ge=5)
    most: int = Field(default=80, ge=5)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.01, gt=0, lt=0.5)


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
        parameters = parameters_of(spec, SharedErrorsParameters)
        if not _candidates(seen):
            return ()
        if _chooses(parameters, seen):
            return _choices(spec, parameters, seen)[0].questions()
        reading, _ = _answers(spec, parameters, seen)
        return reading.table.questions((reading.suspect, *reading.candidates, *reading.controls))

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, SharedErrorsParameters)
        candidates = _candidates(seen)
        findings = [
            not_compared(spec.id, self.name, seen, one, f"{one.name} gives no answers", "its answers")
            for one in seen.of_role(Role.TEACHER)
            if one not in candidates
        ]
        levels = parameters.alpha, parameters.companion_alpha
        if candidates and _chooses(parameters, seen):
            choices, limits = _choices(spec, parameters, seen)
            findings += ChoiceFindings(spec.id, self.name, _SOURCE, choices, *levels, limits).all()
        elif candidates:
            answers, limits = _answers(spec, parameters, seen)
            findings += ErrorFindings(spec.id, self.name, _SOURCE, answers, *levels, limits).all()
        return tuple(findings)


def _candidates(seen: Observations) -> tuple[Subject, ...]:
    return tuple(one for one in seen.of_role(Role.TEACHER) if one.digest != seen.suspect.digest)


def _chooses(parameters: SharedErrorsParameters, seen: Observations) -> bool:
    if parameters.ask == "auto":
        return seen.suspect.access >= Access.LOGPROBS
    return parameters.ask == "choose"


def _answers(
    spec: ProbeSpec, parameters: SharedErrorsParameters, seen: Observations
) -> tuple[ErrorReading, tuple[str, ...]]:
    candidates = _candidates(seen)
    panel = panel_of(seen, Access.TEXT, candidates)
    table = ErrorTable(seen, spec.digest, items_of(spec), parameters.max_tokens)
    return ErrorReading(table, candidates, panel.members, parameters.fewest), panel.limits


def _choices(
    spec: ProbeSpec, parameters: SharedErrorsParameters, seen: Observations
) -> tuple[ChoiceReading, tuple[str, ...]]:
    candidates = _candidates(seen)
    panel = panel_of(seen, Access.LOGPROBS, candidates)
    table = ErrorTable(seen, spec.digest, items_of(spec), parameters.max_tokens)
    reading = ChoiceReading(table, candidates, panel.members, parameters.fewest, parameters.most)
    return reading, panel.limits
