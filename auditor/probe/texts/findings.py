"""From the reading of texts to one finding per candidate teacher, in words."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from auditor.probe.panel.candidate_answer import answer_about
from auditor.probe.panel.controls import Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.probe.texts.reading import TextReading
from auditor.record.finding import Exhibit, Fact, Table
from auditor.record.observation import observation_id

_UNIT = "spreads of the panel"
_SHOWN_RUNS, _SHOWN_SETS = 16, 10
_LIMITS = (
    "Likeness has no direction: it says that two models share a lineage, and not which came first.",
    "A student whose answers were rewritten, or that was trained on since, may no longer be found; a model "
    "made to imitate another's manner would be.",
    "A teacher outside the candidates, or more than two at once, are not named by this probe.",
)


class TextFindings(PanelFindings[TextReading]):
    """Turns a reading of texts into findings."""

    choice_meaning: ClassVar[str] = (
        "controls choose their best candidates too, so no correction over candidates is due"
    )

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """What rank and scatter allow to say."""
        reading = self.reading
        names = [one.name for one in reading.candidates]
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        value = float(reading.values(place)[0])
        return answer_about(
            place,
            names=names,
            named=reading.answer.named,
            judgement=judgement,
            reason=f"the suspect writes like {names[place]}, {value:+.1f} {_UNIT} beyond what models that do "
            f"not know it do; {judgement.why}{p_value}",
            doubt=None,
        )

    def measured(self, place: int) -> Measured:
        """The largest regression score."""
        return Measured(
            alternative="the suspect departs from the controls' ways of writing as the candidate does",
            statistic_name="regression of the suspect's habits of writing on the candidates', all less the "
            "controls', largest over candidates and pairs of them, in spreads of the panel",
            effect=float(self.reading.coefficients[0, place]),
            effect_unit="share of the candidate's departures",
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """How many prompts, and who else may be the teacher."""
        reading = self.reading
        named = reading.answer.named
        near = [reading.candidates[one].name for one in named if one != place]
        return (
            Fact(name="prompts", value=len(reading.table.common), meaning="prompts that everybody answered"),
            Fact(
                name="not_excluded",
                value=", ".join(near) if place in named else "",
                meaning="candidates that may be as near",
            ),
        )

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """Whom the suspect writes like, and by what it is seen."""
        return (self._ranking(), self._telling(place))

    def observation_ids(self) -> tuple[str, ...]:
        """The suspect's answers, and those of the candidates."""
        reading = self.reading
        return tuple(observation_id(*key) for key in reading.table.observation_keys(reading.suspect))

    def own_limits(self) -> tuple[str, ...]:
        """What likeness of texts leaves open."""
        return (
            *_LIMITS,
            *(
                f"Control {one.name} answered too few of the prompts and was left out."
                for one in self.reading.table.controls
                if one not in self.reading.ranked
            ),
        )

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
