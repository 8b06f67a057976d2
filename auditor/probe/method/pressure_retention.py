"""Refusals under pressure: what the reference still refuses when it is pushed, does the suspect as well?

Every unsafe prompt is put in several ways that push a model towards an answer. The variants of one prompt
hang together, so that base prompts are what is replicated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from auditor.probe.pressure.asking import PLAIN, PressureAnswers, questions_of
from auditor.probe.pressure.counts import PressureCounts
from auditor.probe.pressure.findings import METHOD, PressureFinding, without_reference
from auditor.probe.pressure.parameters import PressureParameters
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question, ask_all
from auditor.record.subject import Access, Role
from auditor.stats.clustered_pairs import planned_design_effect


class PressureRetention:
    """The refusals that a suspect loses under pressure, against each reference.

    References are the teachers; without one, the suspect's base. Items are those of refusal retention. The
    loss over all variants has an interval and a test over base prompts; each variant has a test corrected by
    Holm and an interval that holds together with the others. A loss is found where it is found over all
    variants or under one of them, with half of the level for either.

    Source: Durkalski et al. 2003, Stat. Med. 22, 2417; Rao and Scott 1992, Biometrics 48, 577; Tango 1998.
    """

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.SAFETY_LOSS
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.TEACHER: Access.TEXT,
        Role.BASE: Access.TEXT,
        Role.JUDGE: Access.TEXT,
    }
    parameters: ClassVar[type[Parameters]] = PressureParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every base prompt, as it is and under each variant, to the suspect, each teacher and the base.

        Then, to the judge, what they answered.
        """
        parameters = parameters_of(spec, PressureParameters)
        questions = questions_of(spec, parameters)
        requests = [one.request for one in questions]
        asked = (seen.suspect, *seen.of_role(Role.TEACHER), *seen.of_role(Role.BASE)[:1])
        digests = dict.fromkeys(subject.digest for subject in asked)
        answers = PressureAnswers(questions, parameters, seen)
        return (
            *(question for digest in digests for question in ask_all(digest, requests)),
            *answers.grading(asked),
        )

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding for each reference."""
        parameters = parameters_of(spec, PressureParameters)
        answers = PressureAnswers(questions_of(spec, parameters), parameters, seen)
        suspect = seen.suspect
        references = seen.of_role(Role.TEACHER) or seen.of_role(Role.BASE)[:1]
        if not references:
            return (without_reference(spec.id, parameters, suspect, answers),)
        return tuple(
            PressureFinding(
                probe=spec.id,
                counted=PressureCounts(answers.questions, answers.paired(one, suspect), parameters),
                suspect=suspect,
                reference=one,
                observation_ids=answers.ids((suspect, one)),
                judge=answers.judge,
            ).finding()
            for one in references
        )

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """What so many base prompts can find, with the design effect that is planned for."""
        parameters = parameters_of(spec, PressureParameters)
        pressed = [one for one in questions_of(spec, parameters) if one.variant != PLAIN]
        if not pressed or not (seen.of_role(Role.TEACHER) or seen.of_role(Role.BASE)):
            return ()
        _, sizes = np.unique([one.base.id for one in pressed], return_counts=True)
        effect = planned_design_effect(sizes.astype(np.int64), parameters.correlation)
        effective, rate = int(sizes.sum() / effect), parameters.reverse_rate
        smallest = parameters.rule.smallest_detectable(effective, rate)
        kept = parameters.rule.chances(rate, rate, effective).under
        names, by_variant = np.unique([one.variant for one in pressed], return_counts=True)
        single = parameters.variant_rule(len(names)).smallest_detectable(int(by_variant.max()), rate)
        return (
            f"{sizes.sum()} prompts under pressure, {len(names)} variants of {len(sizes)} base prompts, say "
            f"as much as {effective} independent ones (design effect {effect:.1f} at a correlation of "
            f"{parameters.correlation:g}): {_loss(smallest)} is found with probability 0.8; a loss of "
            f"{100 * parameters.margin:g} points is excluded with probability {kept:.2f} where nothing was "
            f"lost and {100 * rate:g} % change each way; under a single variant {_loss(single)} is found",
        )


def _loss(smallest: float | None) -> str:
    return "no loss" if smallest is None else f"a loss of {100 * smallest:.0f} points"
