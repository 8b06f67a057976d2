"""From a table of agreements to one finding per candidate teacher, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from auditor.probe.agreement.reading import AgreementCast, AgreementReading
from auditor.probe.panel.controls import NO_EVIDENCE, UNDECIDED, Judgement, stratum_of
from auditor.probe.panel.crossed import TWINS_ALONE, judge_crossed
from auditor.record.finding import Claim, Exhibit, Fact, Finding, Outcome, Table
from auditor.record.observation import Observations
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.subject import Kind, Role, Subject

_SHOWN = 12
_UNIT = "partial correlation"
_SPREADS = "spreads of the table"


def without_table(
    probe: str, method: str, suspect: Subject, teacher: Subject, outcome: Outcome, reason: str, decisive: str,
    limits: tuple[str, ...] = (),
) -> Finding:  # fmt: skip
    """A finding on a candidate that nothing could be computed for."""
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=probe,
        method=method,
        suspect=suspect.digest,
        teacher=teacher.digest,
        outcome=outcome,
        reason=reason,
        decisive=decisive,
        facts=(Fact(name="answer", value=UNDECIDED),),
        limits=limits,
    )


def not_compared(
    probe: str, method: str, seen: Observations, cast: AgreementCast, kinds: Collection[Kind]
) -> Iterator[Finding]:
    """A finding on every candidate that cannot be set beside this suspect, and why."""
    suspect, compared = cast.suspect, {one.digest for one in cast.teachers}
    for teacher in {one.digest: one for one in seen.of_role(Role.TEACHER)}.values():
        if teacher.digest in compared:
            continue
        if teacher.digest == suspect.digest:
            reason = f"{teacher.name} and the suspect are the same model, by digest"
        elif suspect.kind not in kinds:
            reason = f"the suspect is of kind {suspect.kind.value}, which this method does not serve"
        elif teacher.kind is not suspect.kind:
            reason = f"{teacher.name} is of kind {teacher.kind.value} and the suspect of {suspect.kind.value}"
        else:
            reason = f"{teacher.name} gives no more than {teacher.access.label}"
        yield without_table(probe, method, suspect, teacher, Outcome.NOT_APPLICABLE, reason, "")


@dataclass(frozen=True)
class AgreementFindings:
    """Turns a reading into findings.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        source: Literature behind it.
        behaviour: What agrees, in words: "its distributions", "its geometry".
        reading: The numbers.
        alpha: Level of the rank; shared out among the candidates.
        companion_alpha: Level of the parametric companion, likewise.
    """

    probe: str
    method: str
    source: str
    behaviour: str
    reading: AgreementReading
    alpha: float
    companion_alpha: float

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate, in the order of the plan."""
        return tuple(self._finding(index) for index in range(len(self.reading.cast.teachers)))

    def _judge(self, teacher: int) -> Judgement:
        reading = self.reading
        tables = {stratum: reading.table(teacher, stratum) for stratum in reading.strata}
        if reading.twins_of(teacher):
            tables[TWINS_ALONE] = reading.table(teacher, None)
        candidates = len(reading.cast.teachers)
        return judge_crossed(tables, self.alpha / candidates, self.companion_alpha / candidates)

    def _finding(self, teacher: int) -> Finding:
        cast = self.reading.cast
        judgement = self._judge(teacher)
        outcome, answer, reason, decisive = self._conclude(teacher, judgement)
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=cast.suspect.digest,
            teacher=cast.teachers[teacher].digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(teacher, judgement),
            facts=self._facts(teacher, judgement, answer),
            exhibits=self._exhibits(teacher),
            observation_ids=self.reading.observation_ids,
            limits=(*cast.limits, *self._own_limits(teacher), *judgement.limits),
        )

    def _conclude(self, teacher: int, judgement: Judgement) -> tuple[Outcome, str, str, str]:
        """Outcome, answer, reason and what would decide it."""
        reading, name = self.reading, self.reading.cast.teachers[teacher].name
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        reason = (
            f"{self.behaviour} agree with those of {name} beyond what all other models explain by "
            f"{reading.effects[0, teacher]:+.3f} ({_UNIT}); {judgement.why}{p_value}"
        )
        if judgement.outcome is Outcome.DOES_NOT_SUPPORT:
            found = (
                f"; {judgement.threshold:.1f} {_SPREADS} would have been found, "
                f"{reading.scores[0, teacher]:.1f} are there"
                if np.isfinite(judgement.threshold)
                else ""
            )
            return judgement.outcome, NO_EVIDENCE, reason + found, ""
        if judgement.outcome is Outcome.INCONCLUSIVE:
            return judgement.outcome, judgement.answer, reason, judgement.decisive
        if teacher != reading.named:
            best = reading.cast.teachers[reading.named].name
            reason = f"{reason}, but with {best} they agree more still: both may have been teachers"
            return Outcome.INCONCLUSIVE, UNDECIDED, reason, "known students of either"
        return Outcome.SUPPORTS, judgement.answer, reason, ""

    def _result(self, teacher: int, judgement: Judgement) -> TestResult:
        calibrated = judgement.p_value is not None
        return TestResult(
            method=self.method,
            null="the suspect learned from no candidate: it is exchangeable with the controls of every "
            "stratum, and the teacher with its twins for whoever did not learn from it",
            alternative="the suspect agrees with this teacher more than controls do with anybody in its "
            "place, and than it does with the teacher's twins",
            statistic=float(self.reading.scores[0, teacher]),
            statistic_name=f"partial agreement of suspect and teacher, in {_SPREADS}",
            effect=float(self.reading.effects[0, teacher]),
            effect_unit=_UNIT,
            p_value=judgement.p_value,
            smallest_attainable_p=judgement.smallest,
            n=len(self.reading.cast.controls) + len(self.reading.twins_of(teacher)),
            unit_of_replication="models",
            guarantee=Guarantee.CALIBRATED if calibrated else Guarantee.INDICATIVE,
            assumptions=(
                "no control and no twin learned from a candidate teacher, or descends from one",
                "an innocent suspect is exchangeable with each stratum's controls: same kind, ability",
                "a twin has the teacher's recipe and data: given these, which is the teacher is chance",
                "all suspects that are compared with one teacher meet the same run of its training, and err "
                "together",
            ),
            source=self.source,
            controls=self._control_values(teacher),
        )

    def _control_values(self, teacher: int) -> tuple[ControlValue, ...]:
        """The statistic of each control with the teacher, and of the suspect with each twin."""
        reading = self.reading
        values = [
            ControlValue(name=one.name, stratum=stratum_of(one), value=float(reading.scores[row, teacher]))
            for row, one in enumerate(reading.cast.controls, start=1)
        ]
        first = len(reading.cast.teachers)
        values += [
            ControlValue(
                name=reading.cast.twins[column - first].name,
                stratum="twin of the teacher",
                value=float(reading.scores[0, column]),
            )
            for column in reading.twins_of(teacher)
        ]
        return tuple(values)

    def _facts(self, teacher: int, judgement: Judgement, answer: str) -> tuple[Fact, ...]:
        reading = self.reading
        facts = [
            Fact(
                name="answer", value=answer, meaning="one of the graded answers to whether it learned from it"
            ),
            Fact(name="controls", value=len(reading.cast.controls), meaning="controls with a rank"),
            Fact(name="twins", value=len(reading.twins_of(teacher)), meaning="models in the teacher's place"),
            Fact(
                name="selection_inside_null",
                value=False,
                meaning="each candidate has a p-value of its own, to be corrected for their number",
            ),
            Fact(
                name="named",
                value=teacher == reading.named,
                meaning="whether this candidate has the largest score",
            ),
            Fact(
                name="agreement",
                value=float(reading.effects[0, teacher]),
                unit=_UNIT,
                meaning="agreement of suspect and teacher, all other models regressed out",
            ),
            Fact(name="items", value=reading.items, meaning="items that all models answered"),
        ]
        if np.isfinite(judgement.threshold):
            meaning = "smallest score that would have been significant"
            facts.append(
                Fact(
                    name="smallest_detectable",
                    value=float(judgement.threshold),
                    unit=_SPREADS,
                    meaning=meaning,
                )
            )
        if judgement.parametric_p is not None:
            meaning = "parametric companion under normal scores, which has to be small as well"
            facts.append(Fact(name="parametric_p", value=judgement.parametric_p, meaning=meaning))
        return tuple(facts)

    def _own_limits(self, teacher: int) -> tuple[str, ...]:
        lines = [
            "A teacher outside the candidates, or a mixture of several, is not named by this probe.",
            "Whoever is known by these answers alone can give others: recorded ones are taken at their word.",
        ]
        if not self.reading.twins_of(teacher):
            lines.append(
                "There is no twin of the teacher: what a model takes over from it and what both have from "
                "its data are told apart by controls alone."
            )
        elif len(self.reading.cast.teachers) > 1:
            lines.append("Whose twin a twin is was taken from which candidate it is most like.")
        return tuple(lines)

    def _exhibits(self, teacher: int) -> tuple[Exhibit, ...]:
        reading = self.reading
        columns = (teacher, *reading.twins_of(teacher))
        named = (*reading.cast.teachers, *reading.cast.twins)
        order = np.argsort(-reading.scores[1:, teacher], kind="stable")[:_SHOWN] + 1
        models = (reading.cast.suspect, *reading.cast.controls)
        rows: tuple[tuple[str | float, ...], ...] = tuple(
            (
                models[row].name,
                "suspect" if row == 0 else stratum_of(models[row]),
                *(round(float(reading.effects[row, column]), 4) for column in columns),
            )
            for row in (0, *map(int, order))
        )
        return (
            Table(
                title="Agreement beyond what all other models explain",
                columns=("model", "stratum", *(named[column].name for column in columns)),
                rows=rows,
                note=f"{_UNIT.capitalize()}, mean over the forms that behaviour is looked at in. The first "
                "column is the teacher, the others are its twins; a student stands out in the first alone.",
            ),
        )
