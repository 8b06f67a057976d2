"""From the reading of surprisal residuals to one finding per candidate teacher, in words."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from auditor.probe.panel.candidate_answer import answer_about
from auditor.probe.panel.controls import Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.probe.residuals.reading import ResidualReading
from auditor.record.finding import Exhibit, Fact, Outcome, Table

_UNIT = "spreads of the panel"


class ResidualFindings(PanelFindings[ResidualReading]):
    """Turns a reading of surprisal residuals into findings."""

    choice_meaning: ClassVar[str] = (
        "controls choose their best candidates too, so no correction over candidates is due"
    )
    unit: ClassVar[str] = _UNIT

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """Outcome, answer, reason and what would decide it."""
        reading = self.reading
        name = reading.candidates[place].name
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        value = float(reading.values(place)[0])
        abler = (
            "it is abler than every control, and ability alone leads to an abler teacher",
            "controls as able as the suspect",
        )
        return answer_about(
            place,
            names=[one.name for one in reading.candidates],
            named=reading.named,
            judgement=judgement,
            reason=f"the suspect follows {name} {value:+.1f} {_UNIT} beyond what models that do not know it "
            f"do; {judgement.why}{p_value}",
            doubt=abler if judgement.outcome is Outcome.SUPPORTS and reading.abler_than_panel else None,
        )

    def measured(self, place: int) -> Measured:
        """The largest regression score."""
        return Measured(
            alternative="the suspect is surprised where the candidate is, and not where others are",
            statistic_name="regression of the suspect's surprisal residuals on the candidates', largest over "
            "candidates and pairs of them, in spreads of the panel",
            effect=float(self.reading.coefficients[0, place]),
            effect_unit="share of the candidate's residual",
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """How many prompts, and who else may be the teacher."""
        reading = self.reading
        open_names = [reading.candidates[one].name for one in reading.named if one != place]
        return (
            Fact(
                name="prompts", value=len(reading.table.kept), meaning="prompts that all candidates answered"
            ),
            Fact(
                name="not_excluded",
                value=", ".join(open_names) if place in reading.named else "",
                meaning="candidates that may be as near",
            ),
        )

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """Whom the suspect follows, and where."""
        return (self._ranking(), self._telling(place))

    def observation_ids(self) -> tuple[str, ...]:
        """The texts, and the suspect's view of them."""
        table = self.reading.table
        return table.observation_ids((table.seen.suspect,))

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

    def own_limits(self) -> tuple[str, ...]:
        """What regression on residuals leaves open."""
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
