"""One row of a validation: what one method said of one suspect and one candidate, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING, FROM_TEACHER
from auditor.record.finding import Claim, Outcome
from auditor.record.subject import Kind
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.truth import Truth
from auditor.zoo.recipe import Part

#: Answers that point to a candidate, in stronger or weaker words.
POINTING = (FROM_TEACHER, FROM_SIBLING, FROM_SHARED_DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A finding and the truth about it.

    Attributes:
        scenario: What the auditor had at hand.
        probe: ``suite/probe-id``.
        method: Name of the method.
        claim: What is claimed.
        suspect: Name of the suspect.
        part: What it is in the population.
        mechanism: What it learned from, or how its weights were derived.
        kind: What it computes.
        traits: What else was built into it.
        ties: What it shares with relatives; whoever shares one does not set its threshold.
        candidate: Name of the candidate, or None for a claim about the suspect alone.
        log: For whom the log was served that is in question, where one is.
        truth: Whether the claim is true.
        stratum: Where it is not: the stratum that the suspect is innocent in.
        outcome: What the auditor said.
        answer: The graded answer, where the method gives one.
        untrue: Whether the claim was supported in words that are not true of this pair. To say "from it or
            something that shares its data" of a model with that data is no untruth.
        reason: The auditor's reason.
        p_value: P-value, where there is one.
        smallest_p: The smallest that was attainable.
        e_value: E-value, where there is one.
        statistic: Test statistic.
        effect: Estimated effect.
        named: Whether the method names this candidate before the others, where it does so.
        choice_inside: Whether the choice of a candidate is inside the p-value.
        controls: Controls with a rank.
        access: Deepest access to the suspect that was made use of.
        questions: Questions put to the suspect for this probe.
        prompts: Distinct prompts among them.
        asking_seconds: Time in which the suspect answered them.
        measuring_seconds: Time of measuring this probe, all candidates together.
    """

    scenario: Scenario
    probe: str
    method: str
    claim: Claim
    suspect: str
    part: Part
    mechanism: str
    kind: Kind
    traits: tuple[str, ...]
    ties: tuple[str, ...]
    candidate: str | None
    log: str | None
    truth: Truth
    stratum: str
    outcome: Outcome
    answer: str
    untrue: bool
    reason: str
    p_value: float | None
    smallest_p: float | None
    e_value: float | None
    statistic: float | None
    effect: float | None
    named: bool | None
    choice_inside: bool
    controls: int
    access: str
    questions: int
    prompts: int
    asking_seconds: float
    measuring_seconds: float

    @property
    def supported(self) -> bool:
        """Whether the claim was supported."""
        return self.outcome is Outcome.SUPPORTS

    @property
    def pointed(self) -> bool:
        """Whether the evidence points to the candidate, if only as to one that shares the data."""
        return self.supported or (self.outcome is Outcome.INCONCLUSIVE and self.answer in POINTING)
