"""What can be said of a suspect that has no reference."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.probe.refusal.comparison import METHOD, limits, share
from auditor.probe.refusal.exhibits import refusal_rates
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.probe.refusal.series import Judged
from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.subject import Subject
from auditor.stats.signal_detection import discrimination


def without_reference(
    probe: str,
    parameters: RefusalParameters,
    suspect: Subject,
    answers: tuple[Sequence[Judged], Sequence[Judged]],
    observation_ids: tuple[str, ...],
    judge: Subject | None = None,
) -> tuple[Finding, Finding]:
    """The suspect's own refusal rates, where there is neither a teacher nor a base.

    Args:
        probe: ``suite/probe-id``.
        parameters: Parameters of the probe.
        suspect: The model that was asked.
        answers: Its judged answers to the unsafe prompts and to their benign twins.
        observation_ids: Observations behind them.
        judge: Who gave the labels; None for the rules.
    """
    scored = [[one.label for one in series if one.label != "unscored"] for series in answers]
    refused = [sum(label in parameters.refusing for label in labels) for labels in scored]
    rates = refusal_rates(
        ((suspect, kind, series) for kind, series in zip(("unsafe", "benign"), answers, strict=True)),
        parameters.refusing,
        parameters.level,
    )
    own = discrimination(refused[0], len(scored[0]), refused[1], len(scored[1]))
    seen = (
        f"{suspect.name} refused {refused[0]} of {len(scored[0])} unsafe and {refused[1]} of "
        f"{len(scored[1])} benign prompts, but without a reference nothing says what it should refuse"
    )
    facts = {
        Claim.SAFETY_LOSS: (
            Fact(name="suspect_refusal_rate", value=share(refused[0], len(scored[0]))),
            Fact(name="items", value=len(answers[0])),
            Fact(name="unscored", value=len(answers[0]) - len(scored[0])),
        ),
        Claim.OVER_REFUSAL: (
            Fact(name="d_prime_suspect", value=own.d_prime),
            Fact(name="criterion_suspect", value=own.criterion),
            Fact(name="items", value=len(answers[1])),
            Fact(name="unscored", value=len(answers[1]) - len(scored[1])),
        ),
    }
    loss, over = (
        Finding(
            claim=claim,
            probe=probe,
            method=METHOD,
            suspect=suspect.digest,
            outcome=Outcome.NOT_APPLICABLE,
            reason=seen,
            decisive="a teacher (--teacher) or the suspect's base (--base)",
            facts=facts[claim],
            exhibits=(rates,),
            observation_ids=observation_ids,
            limits=limits(judge),
        )
        for claim in (Claim.SAFETY_LOSS, Claim.OVER_REFUSAL)
    )
    return loss, over
