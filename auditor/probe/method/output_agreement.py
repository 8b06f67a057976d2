"""Do a suspect's distributions agree with a teacher's beyond what everybody else explains?

For classifiers, policies and masked language models: probabilities of classes, of actions, or of words in
a gap. Everybody with the same data says much the same, so agreement as such tells nothing. All other models
of the scan, controls and the teacher's twins alike, are regressed out of both; what is left of a teacher is
the accident of its own training, and who agrees with that has learned from its outputs.

Behaviour is looked at in forms that are averaged: doubts (square roots of probabilities), in which a student
of soft labels follows its teacher; choices, in which a student of its labels does; odds (logarithms), where
outputs are many and most of them unlikely.

Null and rank are in ``auditor.stats.agreement``; what may be said, in ``auditor.probe.panel.crossed``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.agreement.answers import Form, OutputAnswers, OutputItems
from auditor.probe.agreement.findings import AgreementFindings, not_compared, without_table
from auditor.probe.agreement.reading import AgreementCast
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.request import Question, ask_all
from auditor.record.subject import Access, Kind, Role

_SOURCE = (
    "partial correlation (Whittaker 1990) of output distributions (Hinton, Vinyals and Dean 2015); ranks in "
    "exchangeable arrays (Aldous 1981; Vovk, Gammerman and Shafer 2005)"
)


class OutputAgreementParameters(Parameters):
    """Parameters of the agreement of outputs.

    Attributes:
        items: Most items that are asked about.
        fewest: Items that everybody must have answered.
        seed: Draws items where there are more.
        forms: Forms in which distributions are compared; agreement is averaged over them.
        alpha: Level of the rank.
        companion_alpha: Level of its parametric companion, which must be met as well.
    """

    items: int = Field(default=1500, ge=10)
    fewest: int = Field(default=30, ge=10)
    seed: int = 0
    forms: tuple[Form, ...] = Field(default=("doubts", "choices"), min_length=1)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.001, gt=0, lt=0.5)


class OutputAgreement:
    """Partial correlation of output distributions, ranked among controls and the teacher's twins together.

    Source: Hinton et al. 2015 (what distributions carry); Whittaker 1990 (partial correlation); Aldous 1981
    and Vovk et al. 2005 (the rank).
    """

    name: ClassVar[str] = "output_agreement"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.MASKED_LM, Kind.CLASSIFIER, Kind.POLICY)
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.LOGPROBS, Role.TEACHER: Access.LOGPROBS}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.CONTROL: Access.LOGPROBS,
        Role.TWIN: Access.LOGPROBS,
        Role.BASE: Access.LOGPROBS,
    }
    parameters: ClassVar[type[Parameters]] = OutputAgreementParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What is recorded, of models that are known by recordings; then the distributions of everybody."""
        cast = AgreementCast.of(seen, Access.LOGPROBS, self.kinds)
        if not cast.teachers:
            return ()
        items = _items(spec, seen, cast)
        if items.pending:
            return items.pending
        return tuple(
            question for one in cast.models for question in ask_all(one.digest, tuple(items.requests))
        )

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, OutputAgreementParameters)
        cast = AgreementCast.of(seen, Access.LOGPROBS, self.kinds)
        findings = list(not_compared(spec.id, self.name, seen, cast, self.kinds))
        if not cast.teachers:
            return tuple(findings)
        answers = OutputAnswers.of(seen, cast, _items(spec, seen, cast).requests)
        for teacher in cast.teachers:
            reason = answers.problem(teacher, parameters.fewest)
            if reason:
                findings.append(
                    without_table(spec.id, self.name, cast.suspect, teacher, Outcome.INCONCLUSIVE, reason,
                                  "distributions of both for the same inputs", answers.cast.limits)
                )  # fmt: skip
        if answers.cast.teachers and not answers.problem(answers.cast.teachers[0], parameters.fewest):
            findings += AgreementFindings(
                probe=spec.id,
                method=self.name,
                source=_SOURCE,
                behaviour="the suspect's distributions",
                reading=answers.reading(seen, parameters.forms),
                alpha=parameters.alpha,
                companion_alpha=parameters.companion_alpha,
            ).all()
        return tuple(findings)


def _items(spec: ProbeSpec, seen: Observations, cast: AgreementCast) -> OutputItems:
    parameters = parameters_of(spec, OutputAgreementParameters)
    return OutputItems(spec=spec, seen=seen, cast=cast, most=parameters.items, seed=parameters.seed)
