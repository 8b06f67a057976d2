"""From a statistic of the suspect and of a panel of controls to one finding per candidate teacher."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Generic, Protocol, TypeVar

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.panel.controls import NO_EVIDENCE, UNDECIDED, Judgement, judge
from auditor.probe.panel.scatter import held_back
from auditor.record.finding import Claim, Exhibit, Fact, Finding, Outcome
from auditor.record.observation import Observations
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.subject import Subject
from auditor.stats.extreme_value import largest_prediction_p

_ANSWER = "one of the graded answers to whether it learned from it"


class PanelReading(Protocol):
    """Numbers of one suspect and a panel of controls, each in the suspect's place."""

    @property
    def suspect(self) -> Subject:
        """The suspect."""
        ...

    @property
    def candidates(self) -> tuple[Subject, ...]:
        """Candidate teachers, in the order of the plan."""
        ...

    @property
    def first_named(self) -> int:
        """The candidate that the evidence points to most."""
        ...

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        ...

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model, the suspect first."""
        ...

    def control_values(self, candidate: int) -> tuple[ControlValue, ...]:
        """The statistic of every control that has a rank."""
        ...


R = TypeVar("R", bound=PanelReading)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is said of one candidate.

    Attributes:
        outcome: Whether the claim is supported.
        answer: One of the graded answers.
        reason: What was seen, in one sentence.
        decisive: What would decide it, where it is not decided.
    """

    outcome: Outcome
    answer: str
    reason: str
    decisive: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a method says of its statistic, beside the numbers that all of them have.

    Attributes:
        alternative: What the test is sensitive to.
        statistic_name: What the statistic is, with its unit.
        effect: Estimated effect.
        effect_unit: Its unit.
        interval: Its interval, where there is one.
        assumptions: What must hold beside what all panels assume.
    """

    alternative: str
    statistic_name: str
    effect: float
    effect_unit: str
    interval: tuple[float, float] | None = None
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class PanelFindings(ABC, Generic[R]):
    """Turns a reading into findings; what a method says in its own words is left to it.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        source: Literature behind it.
        reading: The numbers.
        alpha: Level of the conformal test.
        companion_alpha: Level that the parametric companion of the rank must reach as well. With twenty
            controls one innocent in twenty ranks first; the companion asks how far beyond them the first
            one lies. It can only hold a claim back, so that the rank's guarantee stands.
        limits: What is already known to be left open.
    """

    probe: str
    method: str
    source: str
    reading: R
    alpha: float
    companion_alpha: float
    limits: tuple[str, ...]

    #: What is claimed, and against which null.
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    null: ClassVar[str] = (
        "the suspect learned from no candidate and is exchangeable with every stratum of controls"
    )
    #: Meaning of the facts that all panels have.
    choice_meaning: ClassVar[str] = (
        "controls choose their best candidate too, so no correction over candidates is due"
    )
    named_meaning: ClassVar[str] = "whether this candidate is the one that the evidence points to most"
    least_meaning: ClassVar[str] = "smallest score that would have been significant"
    companion_meaning: ClassVar[str] = (
        "parametric companion among controls that share nothing with a candidate; it only holds claims back"
    )
    #: Unit of the smallest score that would have been found.
    unit: ClassVar[str] = "spreads of the panel"

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate, in the order of the plan."""
        places = range(len(self.reading.candidates))
        problem = self.reading.problem
        if problem:
            return tuple(self._undecided(place, *problem) for place in places)
        return tuple(self._finding(place) for place in places)

    @abstractmethod
    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """Outcome, answer and reason."""

    @abstractmethod
    def measured(self, place: int) -> Measured:
        """What the statistic is."""

    @abstractmethod
    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """Facts beside those of every panel."""

    @abstractmethod
    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """What a reader follows to the answers."""

    @abstractmethod
    def own_limits(self) -> tuple[str, ...]:
        """What the method leaves open, whatever the panel."""

    @abstractmethod
    def observation_ids(self) -> tuple[str, ...]:
        """The answers that were measured."""

    @cached_property
    def _ids(self) -> tuple[str, ...]:
        return self.observation_ids()

    def companions(self, place: int) -> dict[str, float]:
        """Parametric p-value of the suspect's statistic in every stratum of controls that allows one.

        The statistic is the largest over candidates or sets of them, and so are the controls'.
        """
        value = float(self.reading.values(place)[0])
        found = {name: largest_prediction_p(value, values) for name, values in self._strata(place).items()}
        return {name: p for name, p in found.items() if p is not None}

    def adjusted(self, place: int, judgement: Judgement) -> Judgement:
        """The judgement by which it is concluded: the rank's own, or less where mere scatter explains it."""
        return held_back(judgement, self.companions(place), self.companion_alpha)

    def _strata(self, place: int) -> dict[str, list[float]]:
        """The statistic of the controls, by stratum."""
        strata: dict[str, list[float]] = {}
        for control in self.reading.control_values(place):
            strata.setdefault(control.stratum, []).append(control.value)
        return strata

    def scale(self, place: int) -> float:  # noqa: ARG002 - some methods scale each candidate
        """Units of ``unit`` in one of the statistic."""
        return 1.0

    def plain_conclusion(self, place: int, judgement: Judgement, seen: str) -> Conclusion:
        """What the rank allows to say, for methods that name one candidate.

        Args:
            place: The candidate.
            judgement: What the rank among controls allows.
            seen: What was seen, as a clause.
        """
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        reason = f"{seen}; {judgement.why}{p_value}"
        if judgement.outcome is Outcome.DOES_NOT_SUPPORT:
            least = judgement.threshold * self.scale(place)
            found = f"; {least:.1f} {self.unit} would have been found" if np.isfinite(least) else ""
            return Conclusion(judgement.outcome, NO_EVIDENCE, reason + found)
        if judgement.outcome is Outcome.SUPPORTS and place != self.reading.first_named:
            best = self.reading.candidates[self.reading.first_named].name
            reason = f"{reason}, but more speaks for {best}: both may have been teachers"
            return Conclusion(Outcome.INCONCLUSIVE, UNDECIDED, reason, "known students of either")
        return Conclusion(judgement.outcome, judgement.answer, reason, judgement.decisive)

    def _undecided(self, place: int, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=self.claim,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.suspect.digest,
            teacher=self.reading.candidates[place].digest,
            outcome=Outcome.INCONCLUSIVE,
            reason=reason,
            decisive=decisive,
            facts=(Fact(name="answer", value=UNDECIDED, meaning="one of the graded answers"),),
            limits=self.limits,
        )

    def _finding(self, place: int) -> Finding:
        ranked = judge(float(self.reading.values(place)[0]), self._strata(place), self.alpha)
        judgement = self.adjusted(place, ranked)
        said = self.conclude(place, judgement)
        return Finding(
            claim=self.claim,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.suspect.digest,
            teacher=self.reading.candidates[place].digest,
            outcome=said.outcome,
            reason=said.reason,
            decisive=said.decisive,
            result=self._result(place, judgement),
            facts=self._facts(place, judgement, said.answer),
            exhibits=self.exhibits(place),
            observation_ids=self._ids,
            limits=(*self.limits, *self.own_limits(), *judgement.limits),
        )

    def _result(self, place: int, judgement: Judgement) -> TestResult:
        measured = self.measured(place)
        controls = self.reading.control_values(place)
        return TestResult(
            method=self.method,
            null=self.null,
            alternative=measured.alternative,
            statistic=float(self.reading.values(place)[0]),
            statistic_name=measured.statistic_name,
            effect=measured.effect,
            effect_unit=measured.effect_unit,
            interval=measured.interval,
            p_value=judgement.p_value,
            smallest_attainable_p=judgement.smallest,
            n=len(controls),
            unit_of_replication="models",
            guarantee=Guarantee.INDICATIVE if judgement.p_value is None else Guarantee.CALIBRATED,
            assumptions=(
                "no control derives from a candidate teacher",
                "an innocent suspect is exchangeable with each stratum's controls: same kind and ability",
                *measured.assumptions,
            ),
            source=self.source,
            controls=controls,
        )

    def _facts(self, place: int, judgement: Judgement, answer: str) -> tuple[Fact, ...]:
        named = place == self.reading.first_named
        facts = [
            Fact(name="answer", value=answer, meaning=_ANSWER),
            Fact(
                name="controls",
                value=len(self.reading.control_values(place)),
                meaning="controls with a rank",
            ),
            Fact(name="selection_inside_null", value=True, meaning=self.choice_meaning),
            Fact(name="named", value=named, meaning=self.named_meaning),
            *self.own_facts(place),
        ]
        least = judgement.threshold * self.scale(place)
        if np.isfinite(least):
            facts.append(
                Fact(name="smallest_detectable", value=least, unit=self.unit, meaning=self.least_meaning)
            )
        if judgement.parametric_p is not None:
            facts.append(
                Fact(name="parametric_p", value=judgement.parametric_p, meaning=self.companion_meaning)
            )
        return tuple(facts)


def not_compared(
    probe: str, method: str, seen: Observations, teacher: Subject, lack: str, decisive: str
) -> Finding:
    """A finding on a candidate that cannot be set beside the suspect.

    Args:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        seen: Who is who.
        teacher: The candidate.
        lack: What it does not give, as a sentence about it.
        decisive: What would be needed.
    """
    itself = teacher.digest == seen.suspect.digest
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=probe,
        method=method,
        suspect=seen.suspect.digest,
        teacher=teacher.digest,
        outcome=Outcome.NOT_APPLICABLE,
        reason=f"{teacher.name} and the suspect are the same model, by digest" if itself else lack,
        decisive="" if itself else decisive,
        facts=(Fact(name="named", value=False, meaning="whether the evidence points to it"),),
    )
