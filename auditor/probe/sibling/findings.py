"""From the contrast of siblings to one finding per candidate teacher, in words."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from auditor.probe.panel.controls import NO_EVIDENCE, UNDECIDED, Judgement
from auditor.probe.panel.findings import Conclusion, Measured, PanelFindings
from auditor.probe.sibling.reading import SiblingReading
from auditor.record.finding import Claim, Exhibit, Fact, Finding, Outcome, Table


class SiblingFindings(PanelFindings[SiblingReading]):
    """Turns the contrast of siblings into findings; its companion stands on all controls without a side."""

    choice_meaning: ClassVar[str] = (
        "controls choose their side too, so no correction over the two candidates is due"
    )

    def all(self) -> tuple[Finding, ...]:
        """One finding per candidate, in the order of the plan."""
        places = range(len(self.reading.candidates))
        if len(places) > 1 and self.reading.problem:
            return super().all()
        return tuple(
            self._alone(place)
            if len(places) < 2 or self.reading.sibling[place] is None
            else self._finding(place)
            for place in places
        )

    def adjusted(self, place: int, judgement: Judgement) -> Judgement:  # noqa: ARG002 - see conclude
        """The rank's own judgement: the companion is two-sided here, and asked for in ``conclude``."""
        return judgement

    def _alone(self, place: int) -> Finding:
        name = self.reading.candidates[place].name
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.suspect.digest,
            teacher=self.reading.candidates[place].digest,
            outcome=Outcome.NOT_APPLICABLE,
            reason=f"no other candidate is a sibling of {name}",
            decisive=f"a model of {name}'s own recipe and data with another seed, as a further --teacher",
            facts=(Fact(name="answer", value=UNDECIDED, meaning="one of the graded answers"),),
            limits=self.limits,
        )

    def conclude(self, place: int, judgement: Judgement) -> Conclusion:
        """What the suspect's side and its rank allow to say."""
        reading = self.reading
        name, sibling = reading.candidates[place].name, self._sibling(place)
        score = float(reading.values(place)[0])
        p_value = "" if judgement.p_value is None else f" (p = {judgement.p_value:.3g})"
        way = f"between {name} and its sibling {sibling}"
        least = (
            f"; {judgement.threshold:.1f} would have been found" if np.isfinite(judgement.threshold) else ""
        )
        if score <= 0:
            reason = f"{way} the suspect leans to {sibling}{least}"
            return Conclusion(Outcome.DOES_NOT_SUPPORT, NO_EVIDENCE, reason)
        reason = f"{way} the suspect leans to {name} by {score:.1f} {self.unit}; {judgement.why}{p_value}"
        if judgement.outcome is Outcome.DOES_NOT_SUPPORT:
            return Conclusion(judgement.outcome, NO_EVIDENCE, reason + least)
        companion = reading.companion_p(place)
        if judgement.outcome is Outcome.SUPPORTS and (companion is None or companion > self.companion_alpha):
            shown = "is not known" if companion is None else f"has p = {companion:.2g}"
            reason = (
                f"{reason}, but a leaning as far {shown} among normal leanings of all controls together, and "
                f"{self.companion_alpha:g} is asked for"
            )
            return Conclusion(
                Outcome.INCONCLUSIVE, UNDECIDED, reason, "more controls that know neither of the two"
            )
        if judgement.outcome is Outcome.SUPPORTS and reading.ability_could_explain(place):
            reason = (
                f"{reason}, but the suspect is abler than every control, and {name} is the abler of the two"
            )
            return Conclusion(Outcome.INCONCLUSIVE, UNDECIDED, reason, "controls as able as the suspect")
        return Conclusion(judgement.outcome, judgement.answer, reason, judgement.decisive)

    def measured(self, place: int) -> Measured:
        """The leaning, in spreads of the panel."""
        return Measured(
            alternative="the suspect goes the candidate's way where its sibling goes another",
            statistic_name="projection on the difference of the siblings' word likelihoods, in spreads of "
            "the panel; controls may take either side",
            effect=float(self.reading.leanings(place)[0]),
            effect_unit="share of the way from one sibling to the other",
        )

    def own_facts(self, place: int) -> tuple[Fact, ...]:
        """The sibling, the companion, and on how many prompts they rest."""
        facts = [
            Fact(
                name="sibling",
                value=self._sibling(place),
                meaning="the candidate that this one was set against",
            ),
            Fact(
                name="prompts",
                value=len(self.reading.words.table.kept),
                meaning="prompts that all candidates answered",
            ),
        ]
        companion = self.reading.companion_p(place)
        if companion is not None:
            meaning = "two-sided companion: normal leanings of innocent models; it can only hold a claim back"
            facts.append(Fact(name="companion_p", value=companion, meaning=meaning))
        return tuple(facts)

    def exhibits(self, place: int) -> tuple[Exhibit, ...]:
        """Where the suspect takes sides."""
        other = self.reading.sibling[place]
        return () if other is None else (self._texts(place, other),)

    def observation_ids(self) -> tuple[str, ...]:
        """The texts, and the suspect's view of them."""
        table = self.reading.words.table
        return table.observation_ids((table.seen.suspect,))

    def _sibling(self, place: int) -> str:
        other = self.reading.sibling[place]
        return "" if other is None else self.reading.candidates[other].name

    def _texts(self, place: int, other: int) -> Table:
        """The texts in which the suspect takes the candidate's side most."""
        words = self.reading.words
        table = words.table
        suspect, first, second = (
            table.scores(one)
            for one in (table.seen.suspect, words.candidates[place], words.candidates[other])
        )
        controls = [one for one in map(table.scores, words.ranked) if one is not None]
        names = (words.candidates[place].name, words.candidates[other].name)
        rows = []
        if suspect is not None and first is not None and second is not None and controls:
            usual = np.nanmean(np.stack(controls), axis=0)
            product = np.nan_to_num((suspect - usual) * (first - second))
            per_text = np.bincount(table.text_of_word, weights=product, minlength=len(table.requests))
            for number in np.argsort(-per_text, kind="stable")[:8]:
                request = table.requests[int(number)]
                asked = request.prompt if isinstance(request.prompt, str) else request.prompt[-1].text
                rows.append((asked[:240], request.continuation[:240], round(float(per_text[number]), 2)))
        return Table(
            title=f"Texts in which the suspect sides with {names[0]}",
            columns=("prompt", "text", "nats squared"),
            rows=tuple(rows),
            note=f"Texts, whoever of the candidates wrote them, in whose words {names[0]} and {names[1]} "
            f"differ and the suspect departs from the controls as {names[0]} does.",
        )

    def own_limits(self) -> tuple[str, ...]:
        """What a contrast of siblings leaves open."""
        words = self.reading.words
        lines = [
            "Who learned from both siblings alike leans to neither and is not seen.",
            "The way of the siblings' data lies by chance nearer to one of them: only controls with their "
            "data show how much.",
        ]
        if len(words.candidates) < 3:
            lines.append(
                "Without a third candidate there is no neutral ground on which to see whether the suspect is "
                "abler than the controls."
            )
        lines += [
            f"Control {one.name} scored too few of the answers and was left out."
            for one in words.controls
            if one not in words.ranked
        ]
        return tuple(lines)
