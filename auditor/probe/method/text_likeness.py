"""Does the suspect write as a candidate does where everybody else writes otherwise? From text alone.

Suspect, candidates and controls answer the same prompts, a few times each. How often each of them uses the
short runs of characters that are frequent is taken less what the controls do, and the suspect's rest is
regressed on the candidates' rests together. What everybody says to these prompts drops out, and so do the
directions in which controls scatter among themselves: ability, length, base and tokenizer. The choice of a
candidate, or of two, is inside the null: every control in the suspect's place chooses its best ones as well.

A rank among some twenty controls is coarse, so that nothing is said of a suspect unless its score also lies
beyond the scatter of the controls under the law of largest scores; that companion only ever holds words back.

Source: character n-grams for authorship (Keselj et al. 2003; Stamatatos 2009); conformal ranks over models
(Vovk, Gammerman and Shafer 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.panel.controls import panel_of
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.texts.findings import TextFindings
from auditor.probe.texts.reading import TextReading
from auditor.probe.texts.table import TextTable
from auditor.probe.words.table import Writing, items_of
from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role, Subject

_SOURCE = (
    "character n-grams (Keselj et al. 2003; Stamatatos 2009), ridge regression on departures from a panel; "
    "Vovk, Gammerman and Shafer (2005), conformal ranks"
)


class TextLikenessParameters(Parameters):
    """Parameters of the likeness of texts.

    Attributes:
        prompts: Most prompts that are asked.
        draws: Answers of everybody to each prompt; more of them show habits more sharply.
        max_tokens: Longest answer.
        temperature: Of the answers.
        seed: Of the first answer to each prompt; the next has the next seed.
        alpha: Level of the conformal test.
        companion_alpha: Level that the parametric companion of the rank must reach too.
    """

    prompts: int = Field(default=240, ge=20)
    draws: int = Field(default=2, ge=1, le=20)
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.01, gt=0, lt=0.5)


class TextLikeness:
    """How much of a candidate's ways of writing the suspect shares, ranked among controls."""

    name: ClassVar[str] = "text_likeness"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {
        Role.SUSPECT: Access.TEXT,
        Role.TEACHER: Access.TEXT,
        Role.CONTROL: Access.TEXT,
    }
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = TextLikenessParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What is recorded, then the same prompts to everybody."""
        reading, _ = _reading(spec, parameters_of(spec, TextLikenessParameters), seen)
        return reading.table.questions() if reading.candidates else ()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, TextLikenessParameters)
        reading, limits = _reading(spec, parameters, seen)
        findings = [
            _itself(spec, seen, one)
            for one in seen.of_role(Role.TEACHER)
            if one.digest == seen.suspect.digest
        ]
        if reading.candidates:
            findings += TextFindings(
                probe=spec.id,
                method=self.name,
                source=_SOURCE,
                reading=reading,
                alpha=parameters.alpha,
                companion_alpha=parameters.companion_alpha,
                limits=limits,
            ).all()
        return tuple(findings)


def _reading(
    spec: ProbeSpec, parameters: TextLikenessParameters, seen: Observations
) -> tuple[TextReading, tuple[str, ...]]:
    candidates = tuple(one for one in seen.of_role(Role.TEACHER) if one.digest != seen.suspect.digest)
    panel = panel_of(seen, Access.TEXT, candidates)
    table = TextTable(
        seen=seen,
        items=items_of(spec, parameters.prompts),
        most=parameters.prompts,
        writing=Writing(parameters.max_tokens, parameters.temperature, parameters.seed),
        draws=parameters.draws,
        examined=(seen.suspect, *candidates),
        controls=panel.members,
    )
    return TextReading(table, candidates), panel.limits


def _itself(spec: ProbeSpec, seen: Observations, teacher: Subject) -> Finding:
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=spec.id,
        method=TextLikeness.name,
        suspect=seen.suspect.digest,
        teacher=teacher.digest,
        outcome=Outcome.NOT_APPLICABLE,
        reason=f"{teacher.name} and the suspect are the same model, by digest",
        facts=(Fact(name="named", value=False, meaning="whether the evidence points to it"),),
    )
