"""Whose answers do the suspect's resemble in how they are written? Text alone, paired by prompt.

The opening of an answer, its content masked, shows where a model's habits come from: how it takes up a
question is learned early and is much the same for whatever is asked. Likeness of openings is a cosine over
runs of tokens and beginnings, rare ones counting more, averaged over prompts so that what everybody says
counts little. Length is regressed out on independent pairs, and each model's likeness to the panel of
independent models taken off, makers counting alike.

*Null.* The suspect's best score over the candidates, ranked among the best scores of the independent
models in its place. Models of one line are not replicates of each other: lines are ranked, each counted
once (hierarchical conformal). The choice of a candidate is inside the null. Panel models choose among all
candidates of other makers, also those that came after them, which can only make the p-value larger.

*Symmetry.* Likeness says that two models share a lineage, not which taught which. A candidate released
after the suspect is left out; everything else about direction rests on documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from auditor.probe.protocol import Parameters, field_of, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.style.asking import TextAsking
from auditor.probe.style.channels import OTHERS
from auditor.probe.style.findings import StyleFindings
from auditor.probe.style.reading import StyleReading
from auditor.probe.style.recordings import Recordings
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.request import Question, Recall
from auditor.record.subject import Access, Role

_SOURCE = (
    "authorship by masked text (Stamatatos 2018) with rarity weights (Sparck Jones 1972); hierarchical "
    "conformal ranks (Lee, Barber and Willett 2023)"
)


class StyleAttributionParameters(Parameters):
    """Parameters of the style attribution.

    Attributes:
        prompts: Most common prompts that openings are compared on.
        channel_prompts: Most prompts for each of the other channels.
        min_prompts: With fewer it abstains.
        min_panel: With fewer independent models it abstains.
        form: How models are asked of which nothing is recorded.
        layout: Layout of the text form; ``{prompt}`` is replaced.
        max_tokens: Longest answer of these.
        temperature: Of these answers.
        alpha: Level of the conformal test.
    """

    prompts: int = Field(default=1000, ge=1)
    channel_prompts: int = Field(default=100, ge=1)
    min_prompts: int = Field(default=200, ge=2)
    min_panel: int = Field(default=30, ge=4)
    form: Literal["chat", "text"] = "chat"
    layout: str = "{prompt}\n"
    max_tokens: int = Field(default=128, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)


class StyleAttribution:
    """Likeness of masked openings over independent models, ranked among their lines.

    Source: masking of content for authorship attribution across topics (Stamatatos 2018); hierarchical
    conformal prediction (Lee, Barber and Willett 2023) over lines of models as the null.
    """

    name: ClassVar[str] = "style_attribution"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.TEACHER: Access.TEXT,
        Role.CONTROL: Access.TEXT,
        Role.MEMBER: Access.TEXT,
    }
    parameters: ClassVar[type[Parameters]] = StyleAttributionParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Recordings first; live models are asked only if the panel and the prompts suffice for an answer."""
        parameters = parameters_of(spec, StyleAttributionParameters)
        recordings = _recordings(spec, parameters, seen)
        pending = recordings.pending()
        if any(isinstance(one.request, Recall) for one in pending):
            return pending
        enough = len(recordings.prompts) >= parameters.min_prompts
        return pending if enough and recordings.independent >= parameters.min_panel else ()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per named teacher, and per leading candidate of the population."""
        parameters = parameters_of(spec, StyleAttributionParameters)
        recordings = _recordings(spec, parameters, seen)
        reading = StyleReading(recordings, parameters.alpha)
        if not any(one.role in (Role.TEACHER, Role.MEMBER) for one in recordings.everyone):
            return (
                Finding(
                    claim=self.claim,
                    probe=spec.id,
                    method=self.name,
                    suspect=seen.suspect.digest,
                    outcome=Outcome.NOT_APPLICABLE,
                    reason="nobody is named whose answers could be compared",
                    decisive="--teacher MODEL, or a table of recorded models with --population FILE",
                ),
            )
        problem = _problem(reading, parameters)
        others = () if problem else OTHERS
        return StyleFindings(
            probe=spec.id,
            method=self.name,
            source=_SOURCE,
            reading=reading,
            others=tuple(
                StyleReading(recordings, parameters.alpha, one, parameters.channel_prompts) for one in others
            ),
            problem=problem,
            alpha=parameters.alpha,
        ).all()


def _recordings(spec: ProbeSpec, parameters: StyleAttributionParameters, seen: Observations) -> Recordings:
    return Recordings(
        seen=seen,
        asking=TextAsking(
            form=parameters.form,
            layout=parameters.layout,
            max_tokens=parameters.max_tokens,
            temperature=parameters.temperature,
        ),
        items=tuple(field_of(item, "prompt", spec) for item in spec.items),
        most=parameters.prompts,
    )


def _problem(reading: StyleReading, parameters: StyleAttributionParameters) -> tuple[str, str] | None:
    """Why nothing can be said, and what would change that."""
    recordings = reading.recordings
    common, members = len(recordings.prompts), int(reading.panel.sum())
    if common < parameters.min_prompts:
        return (
            f"suspect and independent models have {common} prompts in common, and "
            f"{parameters.min_prompts} are needed",
            "recorded answers of all of them to the same prompts",
        )
    if members < parameters.min_panel:
        return (
            f"{members} independent models answered them, and {parameters.min_panel} are needed to tell what "
            "models have in common anyway",
            "recorded answers of more models that are documented as trained first-hand",
        )
    if not recordings.answered(reading.writers[0]):
        return "the suspect answered too few of the common prompts", "more answers of the suspect"
    if not reading.within_lengths():
        return (
            "the suspect's answers are longer or shorter than those of every independent model, and likeness "
            "depends on length",
            "independent models that answer at this length, or the suspect under a limit of length",
        )
    if not reading.candidates.any():
        return "no candidate answered enough of the common prompts", "recorded answers of candidate teachers"
    if not reading.eligible.any():
        return (
            "every candidate has the suspect's own maker or was released after it",
            "candidates of other makers that were there before the suspect",
        )
    if not reading.ranked:
        return (
            "no independent model has a candidate of another maker to be compared with",
            "candidates of several makers",
        )
    return None
