"""From the reading of surprisal residuals to one finding per candidate teacher, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditor.probe.candidate_answer import CandidateAnswer, answer_about
from auditor.probe.panel import UNDECIDED, Judgement, judge
from auditor.probe.residual_reading import ResidualReading
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.result import Guarantee, TestResult

_UNIT = "spreads of the panel"


@dataclass(frozen=True)
class ResidualFindings:
    """Turns a reading into findings.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        source: Literature behind it.
        reading: The numbers.
        alpha: Level of the conformal test.
        limits: What is already known to be left open.
    """

    probe: str
    method: str
    source: str
    reading: ResidualReading
    alpha: float
    limits: tuple[str, ...]

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate, in the order of the plan."""
        places = range(len(self.reading.candidates))
        problem = self.reading.problem
        if problem:
            return tuple(self._undecided(place, *problem) for place in places)
        return tuple(self._finding(place) for place in places)

    def _undecided(self, place: int, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.table.seen.suspect.digest,
            teacher=self.reading.candidates[place].digest,
            outcome=Outcome.INCONCLUSIVE,
            reason=reason,
            decisive=decisive,
            facts=(Fact(name="answer", value=UNDECIDED, meaning="one of the graded answers"),),
            limits=self.limits,
        )

    def _finding(self, place: int) -> Finding:
        reading = self.reading
        strata: dict[str, list[float]] = {}
        for control in reading.control_values(place):
            strata.setdefault(control.stratum, []).append(control.value)
        judgement = judge(float(reading.values(place)[0]), strata, self.alpha)
        said = self._conclude(place, judgement)
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=reading.table.seen.suspect.digest,
            teacher=reading.candidates[place].digest,
            outcome=said.outcome,
            reason=said.reason,
            decisive=said.decisive,
            result=self._result(place, judgement),
            facts=self._facts(place, judgement, said.answer),
            exhibits=(self._ranking(), self._telling(place)),
            observation_ids=tuple(
                observation_id(*key) for key in reading.table.observation_keys((reading.table.seen.suspect,))
            ),
            limits=(*self.limits, *self._own_limits(), *judgement.limits),
        )

    def _conclude(self, place: int, judgement: Judgement) -> CandidateAnswer:
        reading = self.reading
        name = reading.candidates[place].name
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        value = float(reading.values(place)[0])
        reason = (
            f"the suspect follows {name} {value:+.1f} {_UNIT} beyond what models that do not know it do; "
            f"{judgement.why}{p_value}"
        )
        abler = (
            "it is abler than every control, and ability alone leads to an abler teacher",
            "controls as able as the suspect",
        )
        return answer_about(
            place,
            names=[one.name for one in reading.candidates],
            named=reading.named,
            judgement=judgement,
            reason=reason,
            doubt=abler if judgement.outcome is Outcome.SUPPORTS and reading.abler_than_panel else None,
        )

    def _result(self, place: int, judgement: Judgement) -> TestResult:
        reading = self.reading
        controls = reading.control_values(place)
        value = float(reading.values(place)[0])
        return TestResult(
            method=self.method,
            null="the suspect learned from no candidate and is exchangeable with every stratum of controls",
            alternative="the suspect is surprised where the candidate is, and not where others are",
            statistic=value,
            statistic_name="regression of the suspect's surprisal residuals on the candidates', largest over "
            "candidates and pairs of them, in spreads of the panel",
            effect=float(reading.coefficients[0, place]),
            effect_unit="share of the candidate's residual",
            p_value=judgement.p_value,
            smallest_attainable_p=judgement.smallest,
            n=len(controls),
            unit_of_replication="models",
            guarantee=Guarantee.INDICATIVE if judgement.p_value is None else Guarantee.CALIBRATED,
            assumptions=(
                "no control derives from a candidate teacher",
                "an innocent suspect is exchangeable with each stratum's controls: same kind and ability",
            ),
            source=self.source,
            controls=controls,
        )

    def _facts(self, place: int, judgement: Judgement, answer: str) -> tuple[Fact, ...]:
        reading = self.reading
        open_names = [reading.candidates[one].name for one in reading.named if one != place]
        facts = [
            Fact(
                name="answer", value=answer, meaning="one of the graded answers to whether it learned from it"
            ),
            Fact(name="controls", value=len(reading.ranked), meaning="controls with a rank"),
            Fact(
                name="selection_inside_null",
                value=True,
                meaning="controls choose their best candidates too, so no correction over candidates is due",
            ),
            Fact(
                name="named",
                value=place == reading.named[0],
                meaning="whether this candidate is the one that the evidence points to most",
            ),
            Fact(
                name="prompts", value=len(reading.table.kept), meaning="prompts that all candidates answered"
            ),
            Fact(
                name="not_excluded",
                value=", ".join(open_names) if place in reading.named else "",
                meaning="candidates that may be as near",
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
        if judgement.parametric_p is not None:
            meaning = "parametric companion: normal scores of innocent models; indicative only"
            facts.append(Fact(name="parametric_p", value=judgement.parametric_p, meaning=meaning))
        return tuple(facts)

    def _ranking(self) -> Table:
        reading = self.reading
        rows = []
        for place in np.argsort(-reading.scores[0], kind="stable")[:10]:
            names = " + ".join(reading.candidates[one].name for one in reading.sets[int(place)])
            best = float(reading.scores[1:, int(place)].max()) if len(reading.ranked) else float("nan")
            rows.append((names, round(float(reading.scores[0, int(place)]), 2), round(best, 2)))
        return Table(
            title="Whom the suspect follows",
            columns=("candidates", f"suspect, {_UNIT}", "highest control"),
            rows=tuple(rows),
            note="Two stand first where neither alone explains it as well: siblings, or two teachers.",
        )

    def _telling(self, place: int) -> Table:
        """The candidate's answers whose words the suspect follows it in most."""
        reading, table = self.reading, self.reading.table
        suspect, own = table.scores(table.seen.suspect), table.scores(reading.candidates[place])
        controls = [one for one in map(table.scores, reading.ranked) if one is not None]
        if suspect is None or own is None or not controls:
            return Table(title="Prompts that tell most", columns=("prompt", "answer"), rows=())
        usual = np.nanmean(np.stack(controls), axis=0)
        product = np.nan_to_num((suspect - usual) * (own - usual))
        per_text = np.bincount(table.text_of_word, weights=product, minlength=len(table.requests))
        rows = []
        for number in np.argsort(-per_text, kind="stable")[:8]:
            request = table.requests[int(number)]
            asked = request.prompt if isinstance(request.prompt, str) else request.prompt[-1].text
            rows.append((asked[:240], request.continuation[:240], round(float(per_text[number]), 2)))
        return Table(
            title="Prompts that tell most",
            columns=("prompt", "text", "nats squared"),
            rows=tuple(rows),
            note=f"Texts, whoever of the candidates wrote them, in which suspect and "
            f"{reading.candidates[place].name} depart from the controls in the same words.",
        )

    def _own_limits(self) -> tuple[str, ...]:
        reading = self.reading
        lines = ["A teacher outside the candidates, or more than two at once, are not named by this probe."]
        if len(reading.candidates) == 1:
            lines.append(
                "With one candidate there is no neutral ground on which to see whether the suspect is abler "
                "than the controls; ability alone can lead to an abler teacher."
            )
        lines += [
            f"Control {one.name} scored too few of the answers and was left out."
            for one in reading.controls
            if one not in reading.ranked
        ]
        return tuple(lines)
