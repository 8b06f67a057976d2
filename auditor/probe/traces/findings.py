"""From the reading of traces to one statement of risk per candidate teacher, in words."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from auditor.probe.panel.candidate_answer import answer_about
from auditor.probe.panel.controls import Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.probe.traces.exhibits import TraceExhibits
from auditor.probe.traces.habit import HABITS
from auditor.probe.traces.reading import Shared, TraceReading
from auditor.record.finding import Claim, Exhibit, Fact, Outcome
from auditor.record.observation import observation_id

_UNIT = "spreads of the panel"
#: Level of the tests that say which habits carry the likeness, after Holm over all habits.
HABIT_ALPHA = 0.05
_NAMED_HABITS = 3
_LIMITS = (
    "This states a risk, and no lineage: manners of reasoning are taught by any traces of that manner, also "
    "by those of other models and of people, and the teacher may have learned them from the same source. "
    "Whether the suspect learned from this teacher is the matter of the claims distilled_from and "
    "trained_on_served.",
    "Which habits carry it is tested between these very models, over questions: every model has habits of "
    "its own, so that only the rank among controls says whether the likeness is unusual.",
    "Habits that a system prompt, a template or later training changed are not found; habits that a prompt "
    "asks for look like inherited ones where controls were not asked in the same way.",
    "Habits are looked for in English.",
)


class TraceFindings(PanelFindings[TraceReading]):
    """Turns a reading of traces into findings."""

    claim: ClassVar[Claim] = Claim.TRACE_CONTAMINATION
    null: ClassVar[str] = (
        "the suspect took over no candidate's habits of reasoning and is exchangeable with every stratum of "
        "controls"
    )
    choice_meaning: ClassVar[str] = (
        "controls choose their best candidates too, so no correction over candidates is due"
    )

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """What rank and scatter allow to say, as a risk."""
        reading = self.reading
        name = reading.candidates[place].name
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        value = float(reading.values(place)[0])
        said = answer_about(
            place,
            names=[one.name for one in reading.candidates],
            named=reading.answer.named,
            judgement=judgement,
            reason=f"the suspect's reasoning leans {value:+.1f} {_UNIT} to the habits of {name}, against "
            f"models that do not know it; {judgement.why}{p_value}",
            doubt=None,
        )
        if said.outcome is not Outcome.SUPPORTS:
            return said
        risk = (
            f"its reasoning follows the habits of {name}{self._by_what(place)}, and it may carry its traces"
        )
        return replace(said, reason=f"{said.reason}: {risk}")

    def _by_what(self, place: int) -> str:
        told = [HABITS[one.place].name for one in self._carrying[place][:_NAMED_HABITS]]
        return f" (above all: {', '.join(told)})" if told else ""

    @cached_property
    def _carrying(self) -> tuple[tuple[Shared, ...], ...]:
        """Habits that a candidate and the suspect surely share, for every candidate."""
        places = range(len(self.reading.candidates))
        return tuple(
            tuple(one for one in self.reading.shared(place) if one.p_value <= HABIT_ALPHA) for place in places
        )

    def measured(self, place: int) -> Measured:
        """The largest regression score."""
        return Measured(
            alternative="the suspect departs from the controls' habits of reasoning as the candidate does",
            statistic_name="regression of the suspect's habits of reasoning on the candidates', all less the "
            "controls', largest over candidates and pairs of them, in spreads of the panel",
            effect=float(self.reading.coefficients[0, place]),
            effect_unit="share of the candidate's departures",
            assumptions=("all of them were asked in the same way",),
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """How many questions, and which habits carry it."""
        reading = self.reading
        named = reading.answer.named
        near = [reading.candidates[one].name for one in named if one != place]
        carrying = self._carrying[place]
        return (
            Fact(
                name="questions", value=len(reading.table.common), meaning="questions that everybody answered"
            ),
            Fact(
                name="not_excluded",
                value=", ".join(near) if place in named else "",
                meaning="candidates that may be as near",
            ),
            Fact(
                name="shared_habits",
                value=len(carrying),
                meaning="habits in which suspect and candidate both depart from controls; these models only",
            ),
            Fact(
                name="leading_habit",
                value=HABITS[carrying[0].place].name if carrying else "none",
                meaning="the one that is shared most clearly",
            ),
            Fact(
                name="shared_formulas",
                value=len(reading.shared_formulas(place)),
                meaning="formulas that the candidate repeats and the suspect uses more than any control",
            ),
        )

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """Whom the suspect reasons like, by which habits, and traces side by side."""
        return TraceExhibits(self.reading, place, HABIT_ALPHA).all()

    def observation_ids(self) -> tuple[str, ...]:
        """The suspect's answers."""
        reading = self.reading
        return tuple(observation_id(*key) for key in reading.table.observation_keys(reading.suspect))

    def own_limits(self) -> tuple[str, ...]:
        """What habits leave open."""
        reading = self.reading
        lines = [*_LIMITS]
        if reading.table.as_recorded:
            lines.append("The questions are those that were recorded; they may ask for little thought.")
        lines += [
            f"Control {one.name} answered too few of the questions and was left out."
            for one in reading.table.controls
            if one not in reading.ranked
        ]
        short = [
            one.name for one in reading.ranked if reading.table.reasoning(one).words < reading.least_words
        ]
        if short:
            lines.append(f"Controls whose answers are short weaken the comparison: {', '.join(short)}.")
        cut = float(np.isnan(reading.table.reasoning(reading.suspect).amounts).any(axis=1).mean())
        if cut > 0.5:
            lines.append(
                f"To {cut:.0%} of the questions every answer of the suspect was cut off for its length, so "
                "that its way of closing is hardly seen."
            )
        return tuple(lines)
