"""Is the suspect about to say what a candidate is about to say, where everybody else is not?

All candidates answer the same questions. At the beginning of the answers and at places within them, suspect,
controls and candidates are asked for their likeliest next tokens. What probability the suspect has in common
with a candidate is taken less what the controls have in common with it there, weighted by how surprising that
would be, and less the same with the other candidates. It needs no more than the likeliest tokens, which many
endpoints show. The choice of a candidate is inside the null: every control in the suspect's place chooses its
best one as well.

Source: self-information as weight (Shannon 1948), agreement beyond its expectation (Cohen 1960), conformal
ranks over models (Vovk, Gammerman and Shafer 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.panel.controls import panel_of
from auditor.probe.panel.findings import not_compared
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.tokens.findings import TokenFindings
from auditor.probe.tokens.positions import MOST_CUTS, TokenTable
from auditor.probe.tokens.reading import TokenReading
from auditor.probe.words.table import Writing, items_of
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role

_SOURCE = (
    "Shannon (1948), self-information; Cohen (1960), agreement beyond chance; Vovk, Gammerman and Shafer "
    "(2005), conformal ranks"
)


class TokenAgreementParameters(Parameters):
    """Parameters of the agreement of next tokens.

    Attributes:
        prompts: Most questions that are asked.
        max_tokens: Longest answer.
        temperature: Of the answers.
        seed: Of the answers.
        k: How many of the likeliest next tokens are asked for; endpoints show 20 at most.
        cuts: Most positions within one answer.
        alpha: Level of the conformal test.
        companion_alpha: Level that the parametric companion of the rank must reach too.
    """

    prompts: int = Field(default=120, ge=20)
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    k: int = Field(default=10, ge=2, le=20)
    cuts: int = Field(default=1, ge=0, le=MOST_CUTS)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.01, gt=0, lt=0.5)


class TokenAgreement:
    """Surprising probability of next pieces in common with a candidate, ranked among controls."""

    name: ClassVar[str] = "token_agreement"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {
        Role.SUSPECT: Access.TOP_LOGPROBS,
        Role.TEACHER: Access.TOP_LOGPROBS,
        Role.CONTROL: Access.TOP_LOGPROBS,
    }
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = TokenAgreementParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What the candidates answer, then what everybody would say next in these answers."""
        reading, _ = _reading(spec, parameters_of(spec, TokenAgreementParameters), seen)
        return reading.table.questions() if reading.candidates else ()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, TokenAgreementParameters)
        reading, limits = _reading(spec, parameters, seen)
        findings = [
            not_compared(
                spec.id,
                self.name,
                seen,
                one,
                f"{one.name} does not show its likeliest next tokens",
                f"likeliest next tokens of {one.name}",
            )
            for one in seen.of_role(Role.TEACHER)
            if one not in reading.candidates
        ]
        if reading.candidates:
            findings += TokenFindings(
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
    spec: ProbeSpec, parameters: TokenAgreementParameters, seen: Observations
) -> tuple[TokenReading, tuple[str, ...]]:
    candidates = tuple(
        one for one in seen.of_role(Role.TEACHER, Access.TOP_LOGPROBS) if one.digest != seen.suspect.digest
    )
    panel = panel_of(seen, Access.TOP_LOGPROBS, candidates)
    table = TokenTable(
        seen=seen,
        items=items_of(spec, parameters.prompts),
        writing=Writing(parameters.max_tokens, parameters.temperature, parameters.seed),
        sources=candidates,
        readers=(seen.suspect, *candidates, *panel.members),
        k=parameters.k,
        cuts=parameters.cuts,
    )
    return TokenReading(table, candidates, panel.members), panel.limits
