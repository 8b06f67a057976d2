"""From the reading of contrasted texts to one finding per candidate teacher, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from auditor.probe.contrast.reading import ContrastReading
from auditor.probe.panel.controls import NO_EVIDENCE, UNDECIDED, Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.record.finding import Estimate, Estimates, Exhibit, Fact, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.request import request_digest

_SHOWN = 8
_UNIT = "nats per byte"


class ContrastFindings(PanelFindings[ContrastReading]):
    """Turns a reading of contrasted texts into findings."""

    named_meaning: ClassVar[str] = "whether this candidate has the largest score"
    least_meaning: ClassVar[str] = "smallest lead in both sets that would have been significant"
    unit: ClassVar[str] = _UNIT

    def scale(self, place: int) -> float:
        """Nats per byte in a spread of the panel."""
        return float(self.reading.scores.scale[place])

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """Outcome, answer, reason and what would decide it."""
        return Conclusion(*self._conclude(place, judgement))

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

    def measured(self, place: int) -> Measured:
        """The lead of the teacher's texts."""
        return Measured(
            alternative="the suspect finds the teacher's answers likelier than any innocent model does",
            statistic_name="lead of the teacher's texts over rival texts, weaker of two prompt sets, "
            "in spreads of the panel",
            effect=float(self.reading.scores.pooled[0, place]),
            effect_unit=_UNIT,
            interval=self.reading.interval(place),
            assumptions=(
                "the interval is over prompts between these very models and says nothing of innocent models",
            ),
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """The lead in nats per byte, and what it was measured from."""
        reading = self.reading
        pooled = reading.scores.pooled[0]
        facts = [
            Fact(
                name="d",
                value=float(pooled[place]),
                unit=_UNIT,
                meaning="lead of the teacher's texts over the closest rival's",
            ),
            Fact(name="prompts", value=len(reading.texts.prompts), meaning="prompts of both sets"),
            Fact(name="reference", value=reading.reference, meaning="what gains are measured from"),
        ]
        if len(pooled) > 1:
            margin = float(pooled[place] - np.delete(pooled, place).max())
            meaning = "lead above the best lead of another candidate"
            facts.append(Fact(name="margin", value=margin, unit=_UNIT, meaning=meaning))
        over = reading.lead_over_controls(place)
        if over is not None:
            meaning = "lead above that of the control most favourable to this teacher"
            facts.append(Fact(name="lead_over_controls", value=over, unit=_UNIT, meaning=meaning))
        return tuple(facts)

    def own_limits(self) -> tuple[str, ...]:
        """What contrasted texts leave open."""
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

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """What the suspect gains where."""
        reading = self.reading
        second = reading.texts.second_set
        difference = reading.gains[0, place] - reading.gains[0, reading.rival(place)]
        sets = tuple(
            (
                name,
                int(np.count_nonzero(~np.isnan(difference) & (second == bool(index)))),
                round(float(reading.scores.leads[0, place, index]), 5),
                reading.named_by(index) or "nobody",
            )
            for index, name in enumerate("AB")
        )
        return (
            self._telling(place),
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

    def observation_ids(self) -> tuple[str, ...]:
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
