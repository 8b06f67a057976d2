"""Does the suspect reason in a candidate's manner where everybody else reasons otherwise?

Everybody answers the same questions at length. Some eighty habits are counted in the answers: markers of
steps, doubts and corrections, openings and closings, layout, punctuation and lengths; and the formulas that
a candidate repeats whatever it is asked. The suspect's profile, less what controls do, is regressed on those
of all candidates together, so that what one candidate has in common with the others counts for neither.

*Null.* Every control in the suspect's place chooses its best candidates too, and the suspect is ranked among
them in each stratum. A parametric companion only ever holds words back. Which habits carry the likeness is
tested beside it, exactly and with Holm, between these very models over questions, which says nothing about
lineage: innocent models have habits as well.

It is a statement of risk and none of lineage. Reasoning manners come with any traces in that manner.

Source: idioms of reasoning models (Gandhi et al. 2025; Muennighoff et al. 2025) as habits; conformal ranks
over models (Vovk, Gammerman and Shafer 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.panel.controls import panel_of
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.traces.findings import TraceFindings
from auditor.probe.traces.reading import TraceReading
from auditor.probe.traces.table import TraceTable
from auditor.probe.words.table import Writing, items_of
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role, Subject

_SOURCE = (
    "idioms of reasoning (Gandhi et al. 2025; Muennighoff et al. 2025), ridge regression on departures from "
    "a panel; Vovk, Gammerman and Shafer (2005), conformal ranks"
)


class TraceContaminationParameters(Parameters):
    """Parameters of the comparison of traces.

    Attributes:
        questions: Most questions that are asked.
        draws: Answers of everybody to each question; more of them show habits more sharply.
        max_tokens: Longest answer; a trace that is cut off shows no closing.
        temperature: Of the answers.
        seed: Of the first answer to each question; the next has the next seed.
        least_words: Median words of an answer below which a model shows no reasoning.
        alpha: Level of the conformal test.
        companion_alpha: Level that the parametric companion of the rank must reach too.
    """

    questions: int = Field(default=64, ge=20)
    draws: int = Field(default=2, ge=1, le=20)
    max_tokens: int = Field(default=384, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    least_words: int = Field(default=20, ge=1)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.01, gt=0, lt=0.5)


class TraceContamination:
    """How much of a candidate's habits of reasoning the suspect shares, ranked among controls."""

    name: ClassVar[str] = "trace_contamination"
    claim: ClassVar[Claim] = Claim.TRACE_CONTAMINATION
    needs: ClassVar[Mapping[Role, Access]] = {
        Role.SUSPECT: Access.TEXT,
        Role.TEACHER: Access.TEXT,
        Role.CONTROL: Access.TEXT,
    }
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = TraceContaminationParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What is recorded, then the same questions to everybody; none where no answer could be judged."""
        reading, _ = _reading(spec, seen)
        return reading.table.questions() if reading.candidates and not reading.idle else ()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, TraceContaminationParameters)
        reading, limits = _reading(spec, seen)
        same = [one for one in seen.of_role(Role.TEACHER) if one.digest == seen.suspect.digest]
        found = [_itself(spec, seen, one) for one in same]
        if reading.candidates:
            found += TraceFindings(
                probe=spec.id,
                method=self.name,
                source=_SOURCE,
                reading=reading,
                alpha=parameters.alpha,
                companion_alpha=parameters.companion_alpha,
                limits=limits,
            ).all()
        return tuple(found)


def _reading(spec: ProbeSpec, seen: Observations) -> tuple[TraceReading, tuple[str, ...]]:
    parameters = parameters_of(spec, TraceContaminationParameters)
    candidates = tuple(one for one in seen.of_role(Role.TEACHER) if one.digest != seen.suspect.digest)
    panel = panel_of(seen, Access.TEXT, candidates)
    table = TraceTable(
        seen=seen,
        items=items_of(spec, max(len(spec.items), 1)),
        most=parameters.questions,
        writing=Writing(parameters.max_tokens, parameters.temperature, parameters.seed),
        draws=parameters.draws,
        examined=(seen.suspect, *candidates),
        controls=panel.members,
    )
    return TraceReading(table, candidates, parameters.least_words), panel.limits


def _itself(spec: ProbeSpec, seen: Observations, teacher: Subject) -> Finding:
    return Finding(
        claim=Claim.TRACE_CONTAMINATION,
        probe=spec.id,
        method=TraceContamination.name,
        suspect=seen.suspect.digest,
        teacher=teacher.digest,
        outcome=Outcome.NOT_APPLICABLE,
        reason=f"{teacher.name} and the suspect are the same model, by digest",
    )
