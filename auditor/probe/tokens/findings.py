"""From the reading of next tokens to one finding per candidate teacher, in words."""

from __future__ import annotations

import numpy as np

from auditor.probe.panel.controls import UNDECIDED, Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.probe.tokens.reading import TokenReading
from auditor.record.finding import Exhibit, Fact, Outcome, Table
from auditor.record.observation import observation_id

_SHOWN = 10


class TokenFindings(PanelFindings[TokenReading]):
    """Turns a reading of next tokens into findings."""

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """What the rank allows to say, unless ability alone could explain it."""
        reading = self.reading
        name = reading.candidates[place].name
        said = self.plain_conclusion(
            place,
            judgement,
            f"what the suspect would say next agrees with {name} where controls do not by "
            f"{float(reading.values(place)[0]):+.1f} {self.unit}",
        )
        alone = len(reading.candidates) == 1
        if said.outcome is Outcome.SUPPORTS and alone and reading.more_typical_than_panel:
            reason = (
                f"{said.reason}, but it agrees with everybody more than any control does, and with a single "
                "candidate that cannot be told from agreement with this one"
            )
            return Conclusion(
                Outcome.INCONCLUSIVE,
                UNDECIDED,
                reason,
                "a second candidate, or controls as able as the suspect",
            )
        return said

    def measured(self, place: int) -> Measured:
        """Probability in common, weighted by surprise."""
        return Measured(
            alternative="the suspect is about to say what this candidate is, where others would not",
            statistic_name="probability of next pieces in common with the candidate beyond the panel's, "
            "weighted by surprise, less that with other candidates, largest over candidates, in spreads of "
            "the panel",
            effect=float(self.reading.excess[place].sum()),
            effect_unit="share of surprising probability in common",
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """How much was compared."""
        reading = self.reading
        return (
            Fact(
                name="agreement",
                value=float(reading.excess[place].sum()),
                unit="share of surprising probability",
                meaning="probability of next pieces in common beyond what controls have",
            ),
            Fact(
                name="prompts",
                value=len(reading.table.kept),
                meaning="questions that all candidates answered",
            ),
            Fact(
                name="positions",
                value=len(reading.positions),
                meaning="positions at which everybody was asked",
            ),
        )

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """With whom the suspect agrees, and where."""
        return (self._ranking(), self._telling(place))

    def observation_ids(self) -> tuple[str, ...]:
        """The candidates' texts, and what the suspect would say in them."""
        keys = self.reading.table.observation_keys((self.reading.suspect,))
        return tuple(observation_id(*key) for key in keys)

    def own_limits(self) -> tuple[str, ...]:
        """What next tokens leave open."""
        reading = self.reading
        lines = ["A teacher outside the candidates, or a mixture of several, is not named by this probe."]
        asked = len(reading.table.positions)
        if len(reading.positions) < asked:
            lines.append(
                f"Only {len(reading.positions)} of {asked} positions were answered by everybody; endpoints "
                "are asked at the beginning of answers alone."
            )
        own = reading.suspect.tokenizer_digest
        others = [one.name for one in reading.candidates if one.tokenizer_digest != own or own is None]
        if others:
            lines.append(
                f"The suspect's tokenizer is not that of {', '.join(others)}: pieces of words are compared "
                "where one begins with the other, which finds less in common and more of it by chance."
            )
        strange = sum(one.tokenizer_digest != own for one in reading.ranked)
        if strange:
            lines.append(
                f"{strange} of {len(reading.ranked)} controls have another tokenizer than the suspect: their "
                "agreement is measured more coarsely."
            )
        if len(reading.candidates) == 1:
            lines.append(
                "With one candidate, what the suspect has in common with able models does not drop out."
            )
        lines += [
            f"Control {one.name} answered at too few positions and was left out."
            for one in reading.controls
            if one not in reading.ranked
        ]
        return tuple(lines)

    def _ranking(self) -> Table:
        reading = self.reading
        rows = tuple(
            (
                reading.candidates[place].name,
                round(float(reading.scores[0, place]), 2),
                round(float(reading.scores[1:, place].max()), 2),
                round(float(reading.excess[place].sum()), 4),
            )
            for place in map(int, np.argsort(-reading.scores[0], kind="stable"))
        )
        return Table(
            title="With whom the suspect agrees",
            columns=("candidate", f"suspect, {self.unit}", "highest control", "surprising share in common"),
            rows=rows,
            note="Agreement beyond that of the controls, less the suspect's agreement with other candidates.",
        )

    def _telling(self, place: int) -> Table:
        """Positions that speak most for the candidate, each question once."""
        reading = self.reading
        order = np.argsort(-reading.excess[place], kind="stable")
        rows: dict[str, tuple[str, ...]] = {}
        for index in map(int, order):
            position = reading.positions[index]
            if position.prompt not in rows:
                said = (reading.suspect, reading.candidates[place])
                words = (*(reading.top(one, position) for one in said), reading.usual(position))
                rows[position.prompt] = (position.prompt[:240], position.before[-160:], *words)
            if len(rows) == _SHOWN:
                break
        return Table(
            title="Positions that tell most",
            columns=("prompt", "answer so far", "suspect", reading.candidates[place].name, "most controls"),
            rows=tuple(rows.values()),
            note="The likeliest next piece of each; what counts is the probability of all pieces.",
        )
