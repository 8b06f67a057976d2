"""From the reading of texts to one finding per candidate teacher, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from auditor.probe.candidate_answer import answer_about
from auditor.probe.panel import FROM_SHARED_DATA, FROM_SIBLING, UNDECIDED, Judgement, judge
from auditor.probe.panel_findings import Conclusion
from auditor.probe.text_reading import TextReading
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Stratum

_UNIT = "spreads of the panel"
_SHOWN_RUNS, _SHOWN_SETS = 16, 10
_LIMITS = (
    "Likeness has no direction: it says that two models share a lineage, and not which came first.",
    "A student whose answers were rewritten, or that was trained on since, may no longer be found; a model "
    "made to imitate another's manner would be.",
    "A teacher outside the candidates, or more than two at once, are not named by this probe.",
)


@dataclass(frozen=True)
class TextFindings:
    """Turns a reading into findings.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        source: Literature behind it.
        reading: The numbers.
        alpha: Level of the conformal test.
        companion: Level that the parametric companion must reach as well.
        limits: What is already known to be left open.
    """

    probe: str
    method: str
    source: str
    reading: TextReading
    alpha: float
    companion: float
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
            suspect=self.reading.suspect.digest,
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
        ranked = judge(float(reading.answer.values(place)[0]), strata, self.alpha)
        judgement = self._held_back(place, ranked)
        said = self._conclude(place, judgement)
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=reading.suspect.digest,
            teacher=reading.candidates[place].digest,
            outcome=said.outcome,
            reason=said.reason,
            decisive=said.decisive,
            result=self._result(place, judgement),
            facts=self._facts(place, judgement, said.answer),
            exhibits=(self._ranking(), self._telling(place)),
            observation_ids=tuple(
                observation_id(*key) for key in reading.table.observation_keys(reading.suspect)
            ),
            limits=(*self.limits, *_LIMITS, *self._left_out(), *judgement.limits),
        )

    def _held_back(self, place: int, judgement: Judgement) -> Judgement:
        """Without the stronger words, where the scatter of models with the teacher's data explains it."""
        if judgement.outcome is not Outcome.SUPPORTS or judgement.answer == FROM_SHARED_DATA:
            return judgement
        companions = self.reading.companions(place)
        weaker = ((Stratum.SAME_DATA.value, FROM_SHARED_DATA), (Stratum.SIBLING_STUDENT.value, FROM_SIBLING))
        for stratum, answer in weaker:
            if companions.get(stratum, 0.0) > self.companion:
                return replace(
                    judgement,
                    outcome=Outcome.INCONCLUSIVE,
                    answer=answer,
                    why=f"{judgement.why}, but the scatter of {stratum} controls explains its score",
                    decisive="twins of the teacher, or its logged answers",
                )
        return judgement

    def _conclude(self, place: int, judgement: Judgement) -> Conclusion:
        reading = self.reading
        names = [one.name for one in reading.candidates]
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        value = float(reading.answer.values(place)[0])
        companion = reading.companion(place)
        scattered = companion is None or companion > self.companion
        return answer_about(
            place,
            names=names,
            named=reading.answer.named,
            judgement=judgement,
            reason=f"the suspect writes like {names[place]}, {value:+.1f} {_UNIT} beyond what models that do "
            f"not know it do; {judgement.why}{p_value}",
            doubt=("it lies within the scatter that few controls foretell", "more controls")
            if scattered
            else None,
        )

    def _result(self, place: int, judgement: Judgement) -> TestResult:
        reading = self.reading
        controls = reading.control_values(place)
        return TestResult(
            method=self.method,
            null="the suspect learned from no candidate and is exchangeable with every stratum of controls",
            alternative="the suspect departs from the controls' ways of writing as the candidate does",
            statistic=float(reading.answer.values(place)[0]),
            statistic_name="regression of the suspect's habits of writing on the candidates', all less the "
            "controls', largest over candidates and pairs of them, in spreads of the panel",
            effect=float(reading.coefficients[0, place]),
            effect_unit="share of the candidate's departures",
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
        named = reading.answer.named
        near = [reading.candidates[one].name for one in named if one != place]
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
                value=place == named[0],
                meaning="whether this candidate is the one that the evidence points to most",
            ),
            Fact(name="prompts", value=len(reading.table.common), meaning="prompts that everybody answered"),
            Fact(
                name="not_excluded",
                value=", ".join(near) if place in named else "",
                meaning="candidates that may be as near",
            ),
        ]
        if np.isfinite(judgement.threshold):
            meaning = "smallest score that would have been significant"
            facts.append(
                Fact(name="smallest_detectable", value=judgement.threshold, unit=_UNIT, meaning=meaning)
            )
        companion = reading.companion(place)
        if companion is not None:
            meaning = (
                "parametric companion among controls that share nothing with a candidate; a support needs "
                f"{self.companion:g}"
            )
            facts.append(Fact(name="parametric_p", value=companion, meaning=meaning))
        return tuple(facts)

    def _ranking(self) -> Table:
        found = self.reading.answer
        rows = []
        for place in np.argsort(-found.scores[0], kind="stable")[:_SHOWN_SETS]:
            names = " + ".join(self.reading.candidates[one].name for one in found.sets[int(place)])
            highest = float(found.scores[1:, int(place)].max())
            rows.append((names, round(float(found.scores[0, int(place)]), 2), round(highest, 2)))
        return Table(
            title="Whom the suspect writes like",
            columns=("candidates", f"suspect, {_UNIT}", "highest control"),
            rows=tuple(rows),
            note="Two stand first where neither alone explains it as well: siblings, or two teachers.",
        )

    def _telling(self, place: int) -> Table:
        name = self.reading.candidates[place].name
        return Table(
            title="Runs of characters that tell most",
            columns=("run", "suspect", name, "controls, mean"),
            rows=tuple(
                (run.replace("\n", "⏎"), round(own, 3), round(theirs, 3), round(usual, 3))
                for run, own, theirs, usual in self.reading.telling(place, _SHOWN_RUNS)
            ),
            note="Share of the answers in which the run occurs. ⟨ and ⟩ stand for the beginning and the end "
            "of an answer, ⏎ for a new line.",
        )

    def _left_out(self) -> tuple[str, ...]:
        return tuple(
            f"Control {one.name} answered too few of the prompts and was left out."
            for one in self.reading.table.controls
            if one not in self.reading.ranked
        )
