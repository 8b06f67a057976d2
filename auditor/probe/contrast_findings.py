"""From the reading of contrasted texts to one finding per candidate teacher, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.probe.contrast_reading import ContrastReading
from auditor.probe.panel import NO_EVIDENCE, UNDECIDED, Judgement, judge
from auditor.record.finding import Claim, Estimate, Estimates, Exhibit, Fact, Finding, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.request import request_digest
from auditor.record.result import Guarantee, TestResult

_SHOWN = 8
_UNIT = "nats per byte"


@dataclass(frozen=True)
class ContrastFindings:
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
    reading: ContrastReading
    alpha: float
    limits: tuple[str, ...]

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate, in the order of the plan."""
        candidates = range(len(self.reading.texts.teachers))
        problem = self.reading.problem
        if problem:
            return tuple(self._undecided(index, *problem) for index in candidates)
        return tuple(self._finding(index) for index in candidates)

    def _undecided(self, teacher: int, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.texts.seen.suspect.digest,
            teacher=self.reading.texts.teachers[teacher].digest,
            outcome=Outcome.INCONCLUSIVE,
            reason=reason,
            decisive=decisive,
            facts=(Fact(name="answer", value=UNDECIDED),),
            limits=self.limits,
        )

    def _finding(self, teacher: int) -> Finding:
        strata: dict[str, list[float]] = {}
        for control in self.reading.control_values(teacher):
            strata.setdefault(control.stratum, []).append(control.value)
        judgement = judge(float(self.reading.values(teacher)[0]), strata, self.alpha)
        outcome, answer, reason, decisive = self._conclude(teacher, judgement)
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.texts.seen.suspect.digest,
            teacher=self.reading.texts.teachers[teacher].digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(teacher, judgement),
            facts=self._facts(teacher, judgement, answer),
            exhibits=self._exhibits(teacher),
            observation_ids=self._observation_ids(),
            limits=(*self.limits, *self._own_limits(), *judgement.limits),
        )

    def _conclude(self, teacher: int, judgement: Judgement) -> tuple[Outcome, str, str, str]:
        """Outcome, answer, reason and what would decide it."""
        reading = self.reading
        name = reading.texts.teachers[teacher].name
        rival = reading.texts.sources[reading.rival(teacher)].name
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        reason = (
            f"the suspect's gain on answers of {name} is {reading.scores.pooled[0, teacher]:+.4f} {_UNIT} "
            f"against that on answers of {rival}; {judgement.why}{p_value}"
        )
        if judgement.outcome is Outcome.DOES_NOT_SUPPORT:
            least = judgement.threshold * reading.scores.scale[teacher]
            found = f"; a lead of {least:.4f} would have been found" if np.isfinite(least) else ""
            return judgement.outcome, NO_EVIDENCE, reason + found, ""
        if judgement.outcome is Outcome.INCONCLUSIVE:
            return judgement.outcome, judgement.answer, reason, judgement.decisive
        if teacher != reading.named:
            best = reading.texts.teachers[reading.named].name
            reason = f"{reason}, but answers of {best} are preferred still: both may have been teachers"
            return Outcome.INCONCLUSIVE, UNDECIDED, reason, "more prompts, or known students of either"
        names = [reading.named_by(index) for index in (0, 1)]
        if names != [name, name]:
            reason = (
                f"{reason}, but the two prompt sets do not both name {name}: "
                f"set A names {names[0] or 'nobody'}, set B {names[1] or 'nobody'}"
            )
            return Outcome.INCONCLUSIVE, UNDECIDED, reason, "more prompts in both sets"
        return Outcome.SUPPORTS, judgement.answer, reason, ""

    def _result(self, teacher: int, judgement: Judgement) -> TestResult:
        controls = self.reading.control_values(teacher)
        calibrated = judgement.p_value is not None
        return TestResult(
            method=self.method,
            null="the suspect learned from no candidate and is exchangeable with every stratum of controls",
            alternative="the suspect finds the teacher's answers likelier than any innocent model does",
            statistic=float(self.reading.values(teacher)[0]),
            statistic_name="lead of the teacher's texts over rival texts, weaker of two prompt sets, "
            "in spreads of the panel",
            effect=float(self.reading.scores.pooled[0, teacher]),
            effect_unit=_UNIT,
            interval=self.reading.interval(teacher),
            p_value=judgement.p_value,
            smallest_attainable_p=judgement.smallest,
            n=len(controls),
            unit_of_replication="models",
            guarantee=Guarantee.CALIBRATED if calibrated else Guarantee.INDICATIVE,
            assumptions=(
                "no control derives from a candidate teacher",
                "an innocent suspect is exchangeable with each stratum's controls: same kind and ability",
                "the interval is over prompts between these very models and says nothing of innocent models",
            ),
            source=self.source,
            controls=controls,
        )

    def _facts(self, teacher: int, judgement: Judgement, answer: str) -> tuple[Fact, ...]:
        reading = self.reading
        pooled = reading.scores.pooled[0]
        facts = [
            Fact(
                name="answer", value=answer, meaning="one of the graded answers to whether it learned from it"
            ),
            Fact(name="controls", value=int(reading.ranked.sum()), meaning="controls with a rank"),
            Fact(
                name="selection_inside_null",
                value=True,
                meaning="controls choose their best candidate too, so no correction over candidates is due",
            ),
            Fact(
                name="named",
                value=teacher == reading.named,
                meaning="whether this candidate has the largest score",
            ),
            Fact(
                name="d",
                value=float(pooled[teacher]),
                unit=_UNIT,
                meaning="lead of the teacher's texts over the closest rival's",
            ),
            Fact(name="prompts", value=len(reading.texts.prompts), meaning="prompts of both sets"),
            Fact(name="reference", value=reading.reference, meaning="what gains are measured from"),
        ]
        if len(pooled) > 1:
            margin = float(pooled[teacher] - np.delete(pooled, teacher).max())
            meaning = "lead above the best lead of another candidate"
            facts.append(Fact(name="margin", value=margin, unit=_UNIT, meaning=meaning))
        over = reading.lead_over_controls(teacher)
        if over is not None:
            meaning = "lead above that of the control most favourable to this teacher"
            facts.append(Fact(name="lead_over_controls", value=over, unit=_UNIT, meaning=meaning))
        least = judgement.threshold * float(reading.scores.scale[teacher])
        if np.isfinite(least):
            meaning = "smallest lead in both sets that would have been significant"
            facts.append(Fact(name="smallest_detectable", value=least, unit=_UNIT, meaning=meaning))
        if judgement.parametric_p is not None:
            meaning = "parametric companion: normal scores of innocent models; indicative only"
            facts.append(Fact(name="parametric_p", value=judgement.parametric_p, meaning=meaning))
        return tuple(facts)

    def _own_limits(self) -> tuple[str, ...]:
        reading, texts = self.reading, self.reading.texts
        lines = [
            "A teacher outside the candidates, or a mixture of several, is not named by this probe.",
            "Answers rewritten by another model before training, or long training since, hide the trace.",
        ]
        lines += [
            f"Control {one.name} scored {reading.shares[one.digest]:.0%} of the answers and was left out."
            for one in texts.controls
            if one not in reading.controls
        ]
        lines += [
            f"Control {one.name} lacks too many answers of one source and was left out."
            for one, ranked in zip(reading.controls, reading.ranked, strict=True)
            if not ranked
        ]
        if texts.base and not reading.base:
            lines.append(f"Base {texts.base.name} scored too few of the answers to serve as reference.")
        if reading.reference == "none":
            lines.append(
                "Without base and controls the lead also holds how predictable the texts are by nature."
            )
        if not reading.within_panel():
            lines.append(
                "The suspect finds rival texts likelier than every control does: it is abler than the panel, "
                "and ability alone can favour the abler teacher."
            )
        available = texts.available()
        if not available.all():
            missing = int((~available).sum())
            lines.append(f"{missing} of {available.size} answers were missing, filtered or too short.")
        return tuple(lines)

    def _exhibits(self, teacher: int) -> tuple[Exhibit, ...]:
        reading = self.reading
        second = reading.texts.second_set
        difference = reading.gains[0, teacher] - reading.gains[0, reading.rival(teacher)]
        sets = tuple(
            (
                name,
                int(np.count_nonzero(~np.isnan(difference) & (second == bool(index)))),
                round(float(reading.scores.leads[0, teacher, index]), 5),
                reading.named_by(index) or "nobody",
            )
            for index, name in enumerate("AB")
        )
        return (
            self._telling(teacher),
            Table(
                title="The two prompt sets", columns=("set", "prompts", f"lead, {_UNIT}", "names"), rows=sets
            ),
            Estimates(
                title="Lead of each candidate", unit=_UNIT, rows=tuple(self._estimates()), reference=0.0
            ),
        )

    def _telling(self, teacher: int) -> Table:
        """The prompts that speak most for the teacher."""
        reading, texts = self.reading, self.reading.texts
        rival = reading.rival(teacher)
        difference = reading.gains[0, teacher] - reading.gains[0, rival]
        rows = []
        for index in np.argsort(-difference, kind="stable")[
            : min(_SHOWN, int((~np.isnan(difference)).sum()))
        ]:
            item = texts.prompts[int(index)]
            said, against = ((texts.text(texts.sources[one], item) or "")[:240] for one in (teacher, rival))
            place = "B" if item.second_set else "A"
            rows.append((item.id, place, item.text, said, against, round(float(difference[index]), 4)))
        teacher_name, rival_name = texts.sources[teacher].name, texts.sources[rival].name
        return Table(
            title="Prompts that tell most",
            columns=("prompt", "set", "text", f"{teacher_name} answers", f"{rival_name} answers", _UNIT),
            rows=tuple(rows),
            note=f"Gain on the answer of {teacher_name} less gain on that of {rival_name}.",
        )

    def _estimates(self) -> Sequence[Estimate]:
        rows = []
        for index, one in enumerate(self.reading.texts.teachers):
            interval = self.reading.interval(index)
            if interval:
                value = float(self.reading.scores.pooled[0, index])
                n = len(self.reading.texts.prompts)
                rows.append(Estimate(label=one.name, value=value, low=interval[0], high=interval[1], n=n))
        return rows

    def _observation_ids(self) -> tuple[str, ...]:
        """Texts, and the likelihoods of suspect and base. A control's have the same second half."""
        texts, base = self.reading.texts, self.reading.base
        readers = [texts.seen.suspect, *([base] if base else [])]
        ids: list[str] = []
        for source in texts.sources:
            for item in texts.prompts:
                request = texts.score(source, item)
                if request is None:
                    continue
                ids.append(observation_id(source.digest, request_digest(texts.asking.generate(item))))
                ids += [observation_id(one.digest, request_digest(request)) for one in readers]
        return tuple(dict.fromkeys(ids))
