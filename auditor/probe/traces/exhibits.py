"""What is shown of habits: whom the suspect follows, in which of them, and traces side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditor.probe.traces.habit import HABITS
from auditor.probe.traces.reading import TraceReading
from auditor.record.finding import AnswerPair, Exhibit, SideBySide, Table

_SHOWN_SETS, _SHOWN_HABITS, _SHOWN_PAIRS = 10, 24, 6
_LONGEST = 1500


@dataclass(frozen=True)
class TraceExhibits:
    """Exhibits about one candidate.

    Attributes:
        reading: The numbers.
        place: The candidate.
        level: Level of the tests of single habits, after Holm.
    """

    reading: TraceReading
    place: int
    level: float

    @property
    def _name(self) -> str:
        return self.reading.candidates[self.place].name

    def all(self) -> tuple[Exhibit, ...]:
        """In the order of reading."""
        shown = (self._ranking(), self._habits(), self._formulas())
        return (*(one for one in shown if one.rows), self._side_by_side())

    def _ranking(self) -> Table:
        found = self.reading.answer
        rows = []
        for place in np.argsort(-found.scores[0], kind="stable")[:_SHOWN_SETS]:
            names = " + ".join(self.reading.candidates[one].name for one in found.sets[int(place)])
            highest = float(found.scores[1:, int(place)].max())
            rows.append((names, round(float(found.scores[0, int(place)]), 2), round(highest, 2)))
        return Table(
            title="Whom the suspect reasons like",
            columns=("candidates", "suspect, spreads of the panel", "highest control"),
            rows=tuple(rows),
            note="Two stand first where neither alone explains it as well.",
        )

    def _habits(self) -> Table:
        rows = []
        for one in self.reading.shared(self.place)[:_SHOWN_HABITS]:
            habit = HABITS[one.place]
            amounts = (one.suspect, one.candidate, one.usual)
            # Lengths are kept as doublings over six; a reader wants the length.
            shown = amounts if habit.is_share else tuple(2 ** (6 * amount) - 1 for amount in amounts)
            rows.append((habit.name, habit.family.value, *(round(each, 3) for each in shown), one.p_value))
        return Table(
            title="Habits, beside those of controls",
            columns=("habit", "family", "suspect", self._name, "controls, mean", "p (Holm)"),
            rows=tuple(rows),
            note="Step markers, doubts and punctuation: share of sentences; openings, closings and layout: "
            "share of answers; lengths: geometric mean. p: suspect and candidate both depart from controls "
            "in the same direction, over questions and between these very models; it says which habits "
            "carry the likeness, and not how unusual the likeness is.",
        )

    def _formulas(self) -> Table:
        reading = self.reading
        rows = []
        for one in reading.formulas[self.place]:
            uses = [reading.use_of(model, one) for model in reading.clean]
            rows.append(
                (
                    one,
                    round(reading.use_of(reading.suspect, one), 3),
                    round(reading.use_of(reading.candidates[self.place], one), 3),
                    round(float(np.mean(uses)), 3),
                    round(max(uses), 3),
                )
            )
        rows.sort(key=lambda row: -min(row[1], row[2]))
        return Table(
            title="Formulas that the candidate repeats",
            columns=("formula", "suspect", self._name, "controls, mean", "highest control"),
            rows=tuple(rows),
            note="Share of the questions. # stands for a number, _ for a word of the question. Chosen by the "
            "candidate's own answers and rare among suspect and controls together, so that nobody's place "
            "decides what is looked for.",
        )

    def _side_by_side(self) -> SideBySide:
        reading = self.reading
        table = reading.table
        together = reading.likeness_by_question(self.place, self.level)
        pairs = []
        for number in np.argsort(-together, kind="stable")[:_SHOWN_PAIRS].tolist():
            prompt = table.prompts[table.common[number]]
            item = table.own.get(prompt)
            first, second = (
                table.traces(one)[table.common[number]][0]
                for one in (reading.suspect, reading.candidates[self.place])
            )
            pairs.append(
                AnswerPair(
                    item=item.id if item else f"recorded-{number + 1}",
                    category=item.category if item else "recorded",
                    prompt=prompt,
                    first=first.text[:_LONGEST],
                    first_label=f"{first.words} words",
                    second=second.text[:_LONGEST],
                    second_label=f"{second.words} words",
                )
            )
        return SideBySide(
            title="Traces that are most alike in these habits",
            first_name=reading.suspect.name,
            second_name=self._name,
            pairs=tuple(pairs),
        )
