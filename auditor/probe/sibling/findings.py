"""From the contrast of siblings to one finding per candidate teacher, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditor.probe.panel import NO_EVIDENCE, UNDECIDED, Judgement, judge
from auditor.probe.sibling.reading import SiblingReading
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.result import Guarantee, TestResult

_UNIT = "spreads of the panel"


@dataclass(frozen=True)
class SiblingFindings:
    """Turns a reading into findings.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        source: Literature behind it.
        reading: The numbers.
        alpha: Level of the conformal test.
        companion_alpha: Level of its parametric companion, which can only hold a claim back.
        limits: What is already known to be left open.
    """

    probe: str
    method: str
    source: str
    reading: SiblingReading
    alpha: float
    companion_alpha: float
    limits: tuple[str, ...]

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate, in the order of the plan."""
        places = range(len(self.reading.words.candidates))
        problem = self.reading.words.problem
        if len(places) < 2:
            return tuple(self._alone(place) for place in places)
        if problem:
            return tuple(self._blank(place, Outcome.INCONCLUSIVE, *problem) for place in places)
        return tuple(self._finding(place) for place in places)

    def _blank(self, place: int, outcome: Outcome, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.words.table.seen.suspect.digest,
            teacher=self.reading.words.candidates[place].digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            facts=(Fact(name="answer", value=UNDECIDED, meaning="one of the graded answers"),),
            limits=self.limits,
        )

    def _alone(self, place: int) -> Finding:
        name = self.reading.words.candidates[place].name
        return self._blank(
            place,
            Outcome.NOT_APPLICABLE,
            f"no other candidate is a sibling of {name}",
            f"a model of {name}'s own recipe and data with another seed, as a further --teacher",
        )

    def _finding(self, place: int) -> Finding:
        words = self.reading.words
        other = self.reading.sibling[place]
        if other is None:
            return self._alone(place)
        strata: dict[str, list[float]] = {}
        for control in self.reading.control_values(place):
            strata.setdefault(control.stratum, []).append(control.value)
        judgement = judge(float(self.reading.scores(place)[0]), strata, self.alpha)
        outcome, answer, reason, decisive = self._conclude(place, words.candidates[other].name, judgement)
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=words.table.seen.suspect.digest,
            teacher=words.candidates[place].digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(place, judgement),
            facts=self._facts(place, words.candidates[other].name, judgement, answer),
            exhibits=(self._texts(place, other),),
            observation_ids=tuple(
                observation_id(*key) for key in words.table.observation_keys((words.table.seen.suspect,))
            ),
            limits=(*self.limits, *self._own_limits(), *judgement.limits),
        )

    def _conclude(self, place: int, sibling: str, judgement: Judgement) -> tuple[Outcome, str, str, str]:
        """Outcome, answer, reason and what would decide it."""
        reading = self.reading
        name = reading.words.candidates[place].name
        score = float(reading.scores(place)[0])
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        way = f"between {name} and its sibling {sibling}"
        if score <= 0:
            reason = f"{way} the suspect leans to {sibling}"
            return Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE, reason + self._least(judgement), ""
        reason = f"{way} the suspect leans to {name} by {score:.1f} {_UNIT}; {judgement.why}{p_value}"
        if judgement.outcome is Outcome.DOES_NOT_SUPPORT:
            return judgement.outcome, NO_EVIDENCE, reason + self._least(judgement), ""
        companion = reading.companion_p(place)
        if judgement.outcome is Outcome.SUPPORTS and (companion is None or companion > self.companion_alpha):
            shown = "is not known" if companion is None else f"has p = {companion:.2g}"
            reason = (
                f"{reason}, but a leaning as far {shown} among normal leanings of all controls together, and "
                f"{self.companion_alpha:g} is asked for"
            )
            return Outcome.INCONCLUSIVE, UNDECIDED, reason, "more controls that know neither of the two"
        if judgement.outcome is Outcome.SUPPORTS and reading.ability_could_explain(place):
            reason = (
                f"{reason}, but the suspect is abler than every control, and {name} is the abler of the two"
            )
            return Outcome.INCONCLUSIVE, UNDECIDED, reason, "controls as able as the suspect"
        return judgement.outcome, judgement.answer, reason, judgement.decisive

    def _least(self, judgement: Judgement) -> str:
        least = judgement.threshold
        return f"; {least:.1f} would have been found" if np.isfinite(least) else ""

    def _result(self, place: int, judgement: Judgement) -> TestResult:
        controls = self.reading.control_values(place)
        return TestResult(
            method=self.method,
            null="the suspect learned from neither sibling and is exchangeable with each stratum's controls",
            alternative="the suspect goes the candidate's way where its sibling goes another",
            statistic=float(self.reading.scores(place)[0]),
            statistic_name="projection on the difference of the siblings' word likelihoods, in spreads of "
            "the panel; controls may take either side",
            effect=float(self.reading.leanings(place)[0]),
            effect_unit="share of the way from one sibling to the other",
            p_value=judgement.p_value,
            smallest_attainable_p=judgement.smallest,
            n=len(controls),
            unit_of_replication="models",
            guarantee=Guarantee.INDICATIVE if judgement.p_value is None else Guarantee.CALIBRATED,
            assumptions=(
                "no control derives from a candidate teacher",
                "an innocent suspect is exchangeable with each stratum's controls: kind, ability and data",
            ),
            source=self.source,
            controls=controls,
        )

    def _facts(self, place: int, sibling: str, judgement: Judgement, answer: str) -> tuple[Fact, ...]:
        score = float(self.reading.scores(place)[0])
        facts = [
            Fact(
                name="answer", value=answer, meaning="one of the graded answers to whether it learned from it"
            ),
            Fact(name="sibling", value=sibling, meaning="the candidate that this one was set against"),
            Fact(name="controls", value=len(self.reading.words.ranked), meaning="controls with a rank"),
            Fact(
                name="selection_inside_null",
                value=True,
                meaning="controls choose their side too, so no correction over the two candidates is due",
            ),
            Fact(
                name="named",
                value=score > 0,
                meaning="whether this candidate is the one that the evidence points to most",
            ),
            Fact(
                name="prompts",
                value=len(self.reading.words.table.kept),
                meaning="prompts that all candidates answered",
            ),
        ]
        if np.isfinite(judgement.threshold):
            facts.append(
                Fact(
                    name="smallest_detectable",
                    value=judgement.threshold,
                    unit=_UNIT,
                    meaning="smallest score that would have been significant",
                )
            )
        companion = self.reading.companion_p(place)
        if companion is not None:
            meaning = (
                "parametric companion: normal leanings of innocent models; it can only hold a claim back"
            )
            facts.append(Fact(name="parametric_p", value=companion, meaning=meaning))
        return tuple(facts)

    def _texts(self, place: int, other: int) -> Table:
        """The texts in which the suspect takes the candidate's side most."""
        words = self.reading.words
        table = words.table
        suspect, first, second = (
            table.scores(one)
            for one in (table.seen.suspect, words.candidates[place], words.candidates[other])
        )
        controls = [one for one in map(table.scores, words.ranked) if one is not None]
        names = (words.candidates[place].name, words.candidates[other].name)
        rows = []
        if suspect is not None and first is not None and second is not None and controls:
            usual = np.nanmean(np.stack(controls), axis=0)
            product = np.nan_to_num((suspect - usual) * (first - second))
            per_text = np.bincount(table.text_of_word, weights=product, minlength=len(table.requests))
            for number in np.argsort(-per_text, kind="stable")[:8]:
                request = table.requests[int(number)]
                asked = request.prompt if isinstance(request.prompt, str) else request.prompt[-1].text
                rows.append((asked[:240], request.continuation[:240], round(float(per_text[number]), 2)))
        return Table(
            title=f"Texts in which the suspect sides with {names[0]}",
            columns=("prompt", "text", "nats squared"),
            rows=tuple(rows),
            note=f"Texts, whoever of the candidates wrote them, in whose words {names[0]} and {names[1]} "
            f"differ and the suspect departs from the controls as {names[0]} does.",
        )

    def _own_limits(self) -> tuple[str, ...]:
        words = self.reading.words
        lines = [
            "Who learned from both siblings alike leans to neither and is not seen.",
            "The way of the siblings' data lies by chance nearer to one of them: only controls with their "
            "data show how much.",
        ]
        if len(words.candidates) < 3:
            lines.append(
                "Without a third candidate there is no neutral ground on which to see whether the suspect is "
                "abler than the controls."
            )
        lines += [
            f"Control {one.name} scored too few of the answers and was left out."
            for one in words.controls
            if one not in words.ranked
        ]
        return tuple(lines)
