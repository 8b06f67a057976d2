"""From choices among wrong answers to one finding per candidate teacher, in words."""

from __future__ import annotations

import numpy as np

from auditor.probe.errors.ability import less_for_the_able
from auditor.probe.errors.choices import ChoiceReading
from auditor.probe.panel.controls import Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.record.finding import Exhibit, Fact, Finding, Table

_SHOWN = 12


class ChoiceFindings(PanelFindings[ChoiceReading]):
    """Turns a reading of choices into findings."""

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate; undecided for those with too few wrong answers."""
        reading = self.reading
        if reading.problem:
            return super().all()
        return tuple(
            self._finding(place)
            if place in reading.compared
            else self._undecided(place, *reading.too_few(len(reading.dilemmas[place])))
            for place in range(len(reading.candidates))
        )

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """What the rank allows to say."""
        reading = self.reading
        seen = (
            f"among others in the same sentences, the suspect finds {len(reading.dilemmas[place])} wrong "
            f"answers of {reading.candidates[place].name} likelier than controls do by "
            f"{float(reading.values(place)[0]):+.1f} {self.unit}"
        )
        said = self.plain_conclusion(place, judgement, seen)
        return less_for_the_able(said) if reading.errs_with_everybody else said

    def measured(self, place: int) -> Measured:
        """Probability of the candidate's wrong answers."""
        return Measured(
            alternative="the suspect finds this candidate's wrong answers likely, where others do not",
            statistic_name="probability of the candidate's wrong answers beyond the panel's, weighted by "
            "surprise, less the same with other candidates, largest over candidates, in spreads of the panel",
            effect=self.reading.excess(place),
            effect_unit="probability of surprising wrong answers",
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """How many wrong answers there were to choose among."""
        reading = self.reading
        return (
            Fact(
                name="agreement",
                value=reading.excess(place),
                unit="probability",
                meaning="probability of the candidate's wrong answers beyond the controls', by surprise",
            ),
            Fact(
                name="choices",
                value=len(reading.dilemmas[place]),
                meaning="wrong answers of the candidate that others chose among",
            ),
            Fact(name="items", value=len(reading.table.items), meaning="items that the candidates answered"),
        )

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """Whose errors the suspect believes, and which."""
        return (self._ranking(), self._believed(place))

    def observation_ids(self) -> tuple[str, ...]:
        """The candidates' answers, and the suspect's choices."""
        return self.reading.observation_ids()

    def own_limits(self) -> tuple[str, ...]:
        """What choices leave open."""
        reading = self.reading
        lines = [
            "A teacher outside the candidates, or a mixture of several, is not named by this probe.",
            "Whoever learned from the same faulty data makes the same mistakes; only controls that share the "
            "data tell such a model from a student.",
        ]
        left_out = [one.name for one in reading.controls if one not in reading.ranked]
        if left_out:
            lines.append(f"{len(left_out)} controls made too few choices: {', '.join(left_out)}.")
        return tuple(lines)

    def _ranking(self) -> Table:
        reading = self.reading
        rows = tuple(
            (
                reading.candidates[reading.compared[column]].name,
                len(reading.dilemmas[reading.compared[column]]),
                round(float(reading.scores[0, column]), 2),
                round(float(reading.scores[1:, column].max()), 2),
            )
            for column in map(int, np.argsort(-reading.scores[0], kind="stable"))
        )
        return Table(
            title="Whose wrong answers the suspect believes",
            columns=("candidate", "wrong answers", f"suspect, {self.unit}", "highest control"),
            rows=rows,
            note="Beyond what controls believe of them, less the same with the other candidates.",
        )

    def _believed(self, place: int) -> Table:
        """The candidate's wrong answers that the suspect believes more than the controls do."""
        reading = self.reading
        models = (reading.suspect, *reading.ranked)
        beliefs = np.stack([reading.beliefs(one, place) for one in models], axis=1)
        rows = []
        for one, (own, *others) in zip(reading.dilemmas[place], beliefs, strict=True):
            known = [value for value in others if not np.isnan(value)]
            if np.isnan(own) or not known:
                continue
            item = reading.table.items[one.place]
            usual = float(np.mean(known))
            rows.append((item.prompt[:240], item.answer, one.said, round(float(own), 3), round(usual, 3)))
        rows.sort(key=lambda row: row[4] - row[3])
        return Table(
            title="Wrong answers that the suspect believes",
            columns=(
                "prompt", "right", f"{reading.candidates[place].name} answers", "suspect", "controls"
            ),
            rows=tuple(rows[:_SHOWN]),
            note="Probability of the candidate's answer among those that might stand in its sentence.",
        )  # fmt: skip
