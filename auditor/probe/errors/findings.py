"""From the reading of shared errors to one finding per candidate teacher, in words."""

from __future__ import annotations

import numpy as np

from auditor.probe.errors.ability import less_for_the_able
from auditor.probe.errors.reading import ErrorReading
from auditor.probe.panel.controls import Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.record.finding import Exhibit, Fact, Finding, Table
from auditor.record.observation import observation_id

_SHOWN = 12


class ErrorFindings(PanelFindings[ErrorReading]):
    """Turns a reading of shared errors into findings."""

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate; undecided for those with which there is too little to compare."""
        reading = self.reading
        if reading.problem:
            return super().all()
        return tuple(
            self._finding(place)
            if place in reading.compared
            else self._undecided(place, *reading.too_few(reading.both_wrong(reading.suspect, candidate)))
            for place, candidate in enumerate(reading.candidates)
        )

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """What the rank allows to say."""
        reading, column = self.reading, self.reading.column(place)
        shared = reading.shared
        seen = (
            f"of {int(shared.both_wrong[0, column])} items that suspect and {reading.candidates[place].name} "
            f"both get wrong, {float(shared.observed[0, column]):.0%} have the same wrong answer, against "
            f"{float(shared.chance[0, column]):.0%} by chance: "
            f"{float(reading.values(place)[0]):+.1f} {self.unit}"
        )
        said = self.plain_conclusion(place, judgement, seen)
        return less_for_the_able(said) if reading.errs_with_everybody else said

    def measured(self, place: int) -> Measured:
        """Kappa on wrong answers."""
        return Measured(
            alternative="the suspect errs as the candidate does, where others err otherwise or not at all",
            statistic_name="same wrong answers as the candidate beyond chance, less those shared with other "
            "candidates, largest over candidates, in spreads of the panel",
            effect=float(self.reading.shared.kappa[0, self.reading.column(place)]),
            effect_unit="kappa on wrong answers",
            assumptions=("the rules that read answers err alike for suspect and controls",),
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """How many errors, and how many of them alike."""
        reading, column = self.reading, self.reading.column(place)
        return (
            Fact(
                name="kappa",
                value=float(reading.shared.kappa[0, column]),
                meaning="agreement on the same wrong answer beyond chance, 1 for always",
            ),
            Fact(
                name="both_wrong",
                value=int(reading.shared.both_wrong[0, column]),
                meaning="items that suspect and candidate both got wrong",
            ),
            Fact(
                name="same_wrong",
                value=int(reading.same(reading.suspect, place).sum()),
                meaning="items at which they gave the same wrong answer",
            ),
            Fact(name="items", value=len(reading.table.items), meaning="items that were asked"),
        )

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """With whom the suspect errs, and in which answers."""
        return (self._ranking(), self._alike(place))

    def observation_ids(self) -> tuple[str, ...]:
        """The answers of the suspect and of the candidates."""
        reading = self.reading
        keys = reading.table.observation_keys((reading.suspect, *reading.candidates))
        return tuple(observation_id(*key) for key in keys)

    def own_limits(self) -> tuple[str, ...]:
        """What shared errors leave open."""
        reading = self.reading
        lines = [
            "A teacher outside the candidates, or a mixture of several, is not named by this probe.",
            "Whoever learned from the same faulty data makes the same mistakes; only controls that share the "
            "data tell such a model from a student.",
            "Answers are read by rules: the last option, number or word counts.",
        ]
        left_out = [one.name for one in reading.controls if one not in reading.ranked]
        if left_out:
            lines.append(
                f"{len(left_out)} controls have fewer than {reading.fewest} legible wrong answers to compare "
                f"and were left out: {', '.join(left_out)}."
            )
        return tuple(lines)

    def _ranking(self) -> Table:
        reading = self.reading
        shared = reading.shared
        rows = tuple(
            (
                reading.candidates[reading.compared[column]].name,
                int(shared.both_wrong[0, column]),
                round(float(shared.observed[0, column]), 3),
                round(float(shared.chance[0, column]), 3),
                round(float(reading.scores[0, column]), 2),
                round(float(reading.scores[1:, column].max()), 2),
            )
            for column in map(int, np.argsort(-reading.scores[0], kind="stable"))
        )
        return Table(
            title="With whom the suspect errs",
            columns=(
                "candidate",
                "both wrong",
                "same wrong answer",
                "by chance",
                f"suspect, {self.unit}",
                "highest control",
            ),
            rows=rows,
            note="Chance is what controls of like accuracy say here, what is popular with this kind of item, "
            "or what the suspect says anyway, whichever is largest.",
        )

    def _alike(self, place: int) -> Table:
        """Wrong answers in common, those that fewest controls give first."""
        reading, table = self.reading, self.reading.table
        alike = np.flatnonzero(reading.same(reading.suspect, place))
        others = np.zeros(len(table.items), dtype=np.int64)
        for one in reading.ranked:
            others += reading.same(one, place)
        order = alike[np.argsort(others[alike], kind="stable")][:_SHOWN]
        candidate = reading.candidates[place]
        rows = tuple(
            (
                table.items[index].prompt[:240],
                table.items[index].answer,
                table.text(reading.suspect, index)[:160],
                table.text(candidate, index)[:160],
                int(others[index]),
            )
            for index in map(int, order)
        )
        return Table(
            title="Wrong answers in common",
            columns=("prompt", "right", "suspect", candidate.name, f"of {len(reading.ranked)} controls"),
            rows=rows,
            note="How many controls give this wrong answer stands last.",
        )
