"""Did the suspect learn from exactly these answers? Logged answers against redrawn ones, exactly.

For every logged prompt the teacher answers again, as often and in the same way as it would have answered
then. To a model that never met the log, the logged answer is one draw among equals; to a model that was
trained on it, it is the one it has seen. So the suspect's opinion of all of them, less what reference models
think of them, ranks the logged one where chance would not put it. No control models are needed for the
null: it rests on the teacher's own randomness. They sharpen the test, and tell whether the teacher is still
what it was when it served the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.served.findings import ServedFindings, empty_finding
from auditor.probe.served.log import Decoding, LoggedPrompt, ServedLog, read_log
from auditor.probe.served.reading import ServedReading
from auditor.probe.served.redraws import Redraws
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role, Subject
from auditor.stats.redraw import detectable_advantage, prompts_needed

SOURCE = (
    "Besag and Clifford (1989), Phipson and Smyth (2010): exact Monte Carlo tests; Ramdas et al. (2023): "
    "e-processes; Carlini et al. (2022): reference-normalised likelihood"
)
#: Chance of success that is planned for.
_POWER = 0.8


class ServedOutputsParameters(Parameters):
    """Parameters of the comparison with redrawn answers.

    Attributes:
        form: Whether a prompt in plain text was a user's turn, or text to continue.
        teacher: Name or locator of the candidate that served the log; the first where it is not given.
        redraws: Redrawn answers for each logged one.
        prompts: Most prompts that are asked about.
        temperature: Of rows that do not state theirs.
        top_p: Of rows that do not state theirs.
        max_tokens: Of rows that do not state theirs.
        samples: Own answers of a suspect that tells no log-probabilities, for each prompt.
        references: Most controls that serve as references.
        stop_at: E-value at which a sequential design stops; without it all prompts are asked about.
        round: Prompts of each round of a sequential design.
        alpha: Level of the test.
        drift_level: Level at which the teacher counts as changed.
        fewest: Fewest prompts that anything is said about.
    """

    form: Literal["chat", "text"] = "chat"
    teacher: str | None = None
    redraws: int = Field(default=7, ge=1, le=63)
    prompts: int = Field(default=3000, ge=20)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, ge=1)
    samples: int = Field(default=4, ge=1)
    references: int = Field(default=8, ge=0)
    stop_at: float | None = Field(default=None, gt=1)
    round: int = Field(default=200, ge=20)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    drift_level: float = Field(default=0.01, gt=0, lt=0.5)
    fewest: int = Field(default=20, ge=2)


class ServedOutputs:
    """Rank of logged answers among redrawn ones under the suspect, exact by the teacher's randomness."""

    name: ClassVar[str] = "served_outputs"
    claim: ClassVar[Claim] = Claim.TRAINED_ON_SERVED
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT, Role.TEACHER: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.BASE: Access.LOGPROBS, Role.CONTROL: Access.LOGPROBS}
    parameters: ClassVar[type[Parameters]] = ServedOutputsParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Redraws, then scores; in a sequential design of one round after the other."""
        parameters = parameters_of(spec, ServedOutputsParameters)
        teacher = _server(parameters, seen)
        if not spec.items or teacher is None:
            return ()
        redraws = _redraws(spec, parameters, seen, teacher)
        return redraws.questions(_due(parameters, redraws, seen.seed))

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on the suspect and the teacher that served the log."""
        parameters = parameters_of(spec, ServedOutputsParameters)
        teacher = _server(parameters, seen)
        if not spec.items or teacher is None:
            return (empty_finding(spec.id, self.name, seen, teacher, _missing(spec, parameters)),)
        redraws = _redraws(spec, parameters, seen, teacher)
        due = _due(parameters, redraws, seen.seed)
        reading = _reading(parameters, redraws, due, seen.seed)
        found = ServedFindings(
            probe=spec.id,
            method=self.name,
            source=SOURCE,
            reading=reading,
            alpha=parameters.alpha,
            drift_level=parameters.drift_level,
            stop_at=parameters.stop_at,
            fewest=parameters.fewest,
        )
        return (found.finding(),)

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """What so many prompts can find, for the user to read before anything is asked."""
        parameters = parameters_of(spec, ServedOutputsParameters)
        teacher = _server(parameters, seen)
        if not spec.items or teacher is None:
            return ()
        count = len(_redraws(spec, parameters, seen, teacher).log.prompts)
        least = detectable_advantage(count, parameters.redraws + 1, parameters.alpha, _POWER)
        needed = ", ".join(
            f"{size:g} takes {prompts_needed(size, parameters.alpha, _POWER)}" for size in (0.2, 0.1, 0.05)
        )
        return (
            f"{count} logged prompts find a mean advantage of logged answers of {least:.3f} within-prompt "
            f"standard deviations with probability {_POWER:.0%} at level {parameters.alpha:g}; an advantage "
            f"of {needed} prompts",
        )


def _missing(spec: ProbeSpec, parameters: ServedOutputsParameters) -> tuple[str, str]:
    if not spec.items:
        return "no log of answers that a teacher served is named", "--served LOG.jsonl"
    return f"the teacher '{parameters.teacher}' that served the log takes no part", "--teacher MODEL"


def _server(parameters: ServedOutputsParameters, seen: Observations) -> Subject | None:
    """The candidate that served the log; never the suspect itself."""
    teachers = [one for one in seen.of_role(Role.TEACHER) if one.digest != seen.suspect.digest]
    if parameters.teacher is None:
        return teachers[0] if teachers else None
    return next((one for one in teachers if parameters.teacher in (one.name, one.locator)), None)


def _redraws(
    spec: ProbeSpec, parameters: ServedOutputsParameters, seen: Observations, teacher: Subject
) -> Redraws:
    usual = Decoding(
        temperature=parameters.temperature, top_p=parameters.top_p, max_tokens=parameters.max_tokens
    )
    # The digest of a probe covers its parameters and its items.
    log: ServedLog = seen.remembered(
        ("served log", spec.digest, teacher.revision),
        lambda: read_log(
            spec.items,
            usual,
            chat=parameters.form == "chat",
            revision=teacher.revision,
            most=parameters.prompts,
            where=f"the served log of {spec.id}",
        ),
    )
    return Redraws(
        seen=seen,
        log=log,
        teacher=teacher,
        count=parameters.redraws,
        samples=parameters.samples,
        most_references=parameters.references,
    )


def _reading(
    parameters: ServedOutputsParameters, redraws: Redraws, prompts: tuple[LoggedPrompt, ...], seed: int
) -> ServedReading:
    rounds = parameters.round if parameters.stop_at is not None else max(len(redraws.log.prompts), 1)
    return ServedReading(redraws=redraws, prompts=prompts, rounds=rounds, seed=seed)


def _due(parameters: ServedOutputsParameters, redraws: Redraws, seed: int) -> tuple[LoggedPrompt, ...]:
    """The prompts to ask about: all, or in a sequential design all rounds until the evidence suffices.

    A round that is not wholly answered is the last one. After each whole round the design stops if the
    evidence reached its mark, or if even the least favourable reading of what is left could not take it
    there; stopping early for want of hope can only make an e-value smaller.
    """
    prompts = redraws.log.prompts
    if parameters.stop_at is None:
        return prompts
    for end in range(parameters.round, len(prompts) + parameters.round, parameters.round):
        due = prompts[:end]
        if end >= len(prompts) or not all(redraws.settled(one) for one in due):
            return due
        reading = _reading(parameters, redraws, due, seed)
        if reading.process.reaches(parameters.stop_at) is not None:
            return due
        if _hopeless(reading, len(prompts) - end, parameters.stop_at):
            return due
    return prompts


def _hopeless(reading: ServedReading, left: int, stop_at: float) -> bool:
    """Whether the upper end of the advantage so far, kept up to the end, would not reach the mark."""
    import math

    from auditor.probe.served.reading import BETS

    if len(reading.groups.sizes) < 2:
        return False
    upper = reading.interval[1]
    running = reading.process.final
    gain = max(left * (bet * upper - bet**2 / 2) for bet in BETS)
    return running + gain < math.log(stop_at)
