"""Did the suspect learn from a teacher's answers? Log-likelihood gained on them, against rival texts.

On answers y of each candidate t to the same neutral prompts x, the gain is
g_t = [log p_S(y|x) - log p_R(y|x)] / bytes(y), in nats per byte since tokenizers may differ. The lead of
a teacher is the trimmed mean over prompts of its gain less that of its closest rival. Its score is the
weaker lead of two disjoint prompt sets, in robust spreads of the panel, so that both sets must name the
teacher. The largest score over the candidates is the statistic, for the suspect and for every control in
its place alike: the choice of a teacher is inside the null.

*Reference R.* The suspect's base, for every model alike; without one, the median over the suspect and
those controls that share nothing with a teacher. Either is the same for whoever stands in the suspect's
place, so scores of exchangeable models stay exchangeable. (Subtracting the panel member that is least
favourable to the claim would shift the leads of one rival pair by a constant, which no rank notices; the
lead over the highest control is reported as a fact.)

*Rivals.* The other candidates. For a single candidate, texts of controls, and of the base where controls
are short. A control's own texts are never its rival: while it stands in the suspect's place the smallest
lead is taken over fewer rivals, hence is larger. Such a control looks more guilty than it is, never less,
and the suspect's p-value can only grow. Controls that can only write are taken first: they have no rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from auditor.probe.contrast.findings import ContrastFindings
from auditor.probe.contrast.reading import ContrastReading
from auditor.probe.contrast.texts import Asking, ContrastTexts, neutral_prompts
from auditor.probe.panel.controls import panel_of
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role, Subject

_SOURCE = "Carlini et al. (2022), likelihood ratios; Vovk, Gammerman and Shafer (2005), conformal ranks"


class ReferenceLikelihoodParameters(Parameters):
    """Parameters of the reference likelihood.

    Attributes:
        form: A conversation in each model's own template, or text to continue.
        layout: Layout of the text form; ``{prompt}`` is replaced.
        max_tokens: Longest answer that a source writes.
        temperature: Of those answers. Sampled answers show more of a model's habits than greedy ones.
        seed: Of those answers.
        prompts: Prompts used of each set.
        contrasts: Controls whose texts serve as rivals where there is one candidate.
        min_bytes: Shorter answers are left out.
        alpha: Level of the conformal test.
        companion_alpha: Level that the parametric companion of the rank must reach too.
    """

    form: Literal["chat", "text"] = "chat"
    layout: str = "{prompt}\n"
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    prompts: int = Field(default=60, ge=10)
    contrasts: int = Field(default=3, ge=1)
    min_bytes: int = Field(default=8, ge=1)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.01, gt=0, lt=0.5)


class ReferenceLikelihood:
    """Lead of a teacher's texts over rival texts (nats per byte), ranked among control models.

    Source: the likelihood-ratio form of membership tests (Carlini et al. 2022; Mireshghallah et al. 2022)
    turned on a model's answers, with conformal ranks (Vovk et al. 2005) over models as the null.
    """

    name: ClassVar[str] = "reference_likelihood"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.LOGPROBS, Role.TEACHER: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.BASE: Access.LOGPROBS, Role.CONTROL: Access.LOGPROBS}
    parameters: ClassVar[type[Parameters]] = ReferenceLikelihoodParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Answers of the sources first; when all are in, their likelihood under everyone else."""
        parameters = parameters_of(spec, ReferenceLikelihoodParameters)
        return _texts(spec, parameters, seen)[0].pending()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, ReferenceLikelihoodParameters)
        texts, limits, silent = _texts(spec, parameters, seen)
        findings = [_finding_on_itself(spec, seen, one) for one in _itself(seen)]
        findings += [_finding_on_silent(spec, seen, one) for one in silent]
        if texts.teachers:
            findings += ContrastFindings(
                probe=spec.id,
                method=self.name,
                source=_SOURCE,
                reading=ContrastReading(texts),
                alpha=parameters.alpha,
                companion_alpha=parameters.companion_alpha,
                limits=limits,
            ).all()
        return tuple(findings)


def _itself(seen: Observations) -> tuple[Subject, ...]:
    """Teachers that are the very model under suspicion."""
    return tuple(one for one in seen.of_role(Role.TEACHER) if one.digest == seen.suspect.digest)


def _texts(
    spec: ProbeSpec, parameters: ReferenceLikelihoodParameters, seen: Observations
) -> tuple[ContrastTexts, tuple[str, ...], tuple[Subject, ...]]:
    """Who writes and who scores; limits from the panel; candidates that turned out silent."""
    by_digest = {one.digest: one for one in reversed(seen.of_role(Role.TEACHER))}
    by_digest.pop(seen.suspect.digest, None)
    teachers = tuple(reversed(by_digest.values()))
    taken = {seen.suspect.digest, *by_digest}
    base = next((one for one in seen.of_role(Role.BASE, Access.LOGPROBS) if one.digest not in taken), None)
    panel = panel_of(seen, Access.LOGPROBS, (*teachers, *([base] if base else [])))
    texts, silent = ContrastTexts(
        seen=seen,
        asking=Asking(
            form=parameters.form,
            layout=parameters.layout,
            max_tokens=parameters.max_tokens,
            temperature=parameters.temperature,
            seed=parameters.seed,
            min_bytes=parameters.min_bytes,
            contrasts=parameters.contrasts,
        ),
        prompts=neutral_prompts(spec, parameters.prompts),
        teachers=teachers,
        base=base,
        controls=panel.members,
    ).without_silent()
    return texts, panel.limits, silent


def _finding_on_itself(spec: ProbeSpec, seen: Observations, teacher: Subject) -> Finding:
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=spec.id,
        method=ReferenceLikelihood.name,
        suspect=seen.suspect.digest,
        teacher=teacher.digest,
        outcome=Outcome.NOT_APPLICABLE,
        reason=f"{teacher.name} and the suspect are the same model, by digest",
    )


def _finding_on_silent(spec: ProbeSpec, seen: Observations, teacher: Subject) -> Finding:
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=spec.id,
        method=ReferenceLikelihood.name,
        suspect=seen.suspect.digest,
        teacher=teacher.digest,
        outcome=Outcome.INCONCLUSIVE,
        reason=f"{teacher.name} gave usable answers to fewer than 80 % of the prompts",
        decisive=f"answers of {teacher.name} to the neutral prompts",
    )
