"""The numbers behind the contrast of siblings: which candidates are related, and who leans to whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.panel.controls import stratum_of
from auditor.probe.residuals.reading import ResidualReading
from auditor.record.result import ControlValue
from auditor.record.subject import Role, Stratum, Subject
from auditor.stats.conformal import prediction_p
from auditor.stats.panel_regression import candidate_coefficients
from auditor.stats.sibling_contrast import leanings


@dataclass(frozen=True)
class SiblingReading:
    """What every model makes of the difference between two related candidates.

    Attributes:
        words: Word by word likelihoods under suspect, controls and candidates.
    """

    words: ResidualReading

    @property
    def suspect(self) -> Subject:
        """The suspect."""
        return self.words.suspect

    @property
    def candidates(self) -> tuple[Subject, ...]:
        """Candidate teachers."""
        return self.words.candidates

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        return self.words.problem

    @property
    def first_named(self) -> int:
        """The candidate that the suspect leans to most; the first where none has a sibling."""
        related = [place for place, other in enumerate(self.sibling) if other is not None]
        return max(related, key=lambda place: float(self.values(place)[0]), default=0)

    @cached_property
    def sibling(self) -> tuple[int | None, ...]:
        """Each candidate's sibling among the candidates, by place; None where it has none.

        Two are siblings if they are declared to have a twin in common. Where nothing is declared, they are if
        each of them, put in the suspect's place, follows the other more than any third candidate, and more
        than any control that knows no candidate does.
        """
        found = self._declared or self._mutual
        return tuple(found.get(place) for place in range(len(self.words.candidates)))

    @property
    def _declared(self) -> dict[int, int]:
        """Siblings by what the user said of twins; the first in the plan where a candidate has several."""
        place_of = {one.digest: place for place, one in enumerate(self.words.candidates)}
        found: dict[int, int] = {}
        for twin in self.words.table.seen.of_role(Role.TWIN):
            group = sorted(place_of[digest] for digest in twin.twin_of if digest in place_of)
            for place in group:
                others = [one for one in group if one != place]
                if others:
                    found.setdefault(place, others[0])
        return found

    @property
    def _mutual(self) -> dict[int, int]:
        nearest = [self._nearest(place) for place in range(len(self.words.candidates))]
        return {
            place: other
            for place, other in enumerate(nearest)
            if other is not None and nearest[other] == place
        }

    def _nearest(self, place: int) -> int | None:
        """The candidate that this one follows most, if it does so more than every clean control."""
        key = ("nearest", *self._key, place)
        return self.words.table.seen.remembered(key, lambda: self._find_nearest(place))

    @property
    def _key(self) -> tuple[object, ...]:
        ranked = tuple(one.digest for one in self.words.ranked)
        return (self.words.table.key, tuple(one.digest for one in self.words.candidates), ranked)

    def _find_nearest(self, place: int) -> int | None:
        candidates = self.words.candidates
        others = [one for one in range(len(candidates)) if one != place]
        if not others:
            return None
        clean = [one for one, known in zip(self.words.ranked, self.words.panel[1:], strict=True) if known]
        models = self.words.features_in_common((candidates[place], *clean))
        targets = self.words.features_in_common([candidates[one] for one in others])
        found = candidate_coefficients(models, np.ones(len(models), dtype=bool), targets)
        best = int(np.argmax(found[0]))
        return others[best] if found[0, best] > found[1:, best].max() else None

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The leanings in robust spreads of the panel about taking no side."""
        own = self.leanings(candidate)
        spread = 1.4826 * float(np.median(np.abs(own[self.words.panel])))
        scaled: Float[NDArray[np.float64], " models"] = own / (spread if spread > 0 else 1.0)
        return scaled

    def leanings(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """How far suspect (row 0) and controls lean to a candidate and away from its sibling.

        Raises:
            ValueError: If it has none.
        """
        other = self.sibling[candidate]
        if other is None:
            raise ValueError("a candidate without a sibling has nobody to be set against")
        if candidate > other:
            return -self.leanings_between[other, candidate]
        return self.leanings_between[candidate, other]

    @cached_property
    def leanings_between(self) -> dict[tuple[int, int], Float[NDArray[np.float64], " models"]]:
        """The leanings of everybody, by pair of siblings; toward the first of the two."""
        words = self.words
        models = words.features_in_common((words.table.seen.suspect, *words.ranked))
        candidates = words.features_in_common(words.candidates)
        pairs = {
            (min(place, other), max(place, other))
            for place, other in enumerate(self.sibling)
            if other is not None
        }
        return {
            (first, second): leanings(models, words.panel, candidates[first], candidates[second])
            for first, second in sorted(pairs)
        }

    def control_values(self, candidate: int) -> tuple[ControlValue, ...]:
        """The statistic with each control in the suspect's place, which side to take being its choice too.

        Students of a sibling have a side: for them it counts as it is.
        """
        own = self.values(candidate)[1:]
        return tuple(
            ControlValue(
                name=control.name,
                stratum=stratum_of(control),
                value=float(value if control.stratum is Stratum.SIBLING_STUDENT else abs(value)),
            )
            for control, value in zip(self.words.ranked, own, strict=True)
        )

    def companion_p(self, candidate: int) -> float | None:
        """Two-sided p-value of the suspect's leaning as a further draw from normal leanings of the controls.

        It stands on all controls together that have no side, so it can be small where no rank can; it is
        never the guarantee. None for fewer than three.
        """
        own = self.leanings(candidate)
        sideless = [
            float(value)
            for control, value in zip(self.words.ranked, own[1:], strict=True)
            if control.stratum is not Stratum.SIBLING_STUDENT
        ]
        one_sided = prediction_p(float(own[0]), sideless)
        return None if one_sided is None else min(1.0, 2 * min(one_sided, 1 - one_sided))

    def ability(self, model: Subject, candidate: int) -> float:
        """Nats a word under a model, on texts of neither the candidate nor its sibling; NaN if none."""
        scores = self.words.table.scores(model)
        writer = self.words.table.text_of_word // len(self.words.table.kept)
        ground = (writer != candidate) & (writer != self.sibling[candidate])
        if scores is None or not ground.any():
            return float("nan")
        return float(np.nanmean(scores[ground]))

    def ability_could_explain(self, candidate: int) -> bool:
        """Whether the suspect is abler than every clean control, and the candidate than its sibling.

        Then ability alone might lead to the candidate. It is told by the texts of further candidates; without
        any there is no neutral ground, and the answer is no.
        """
        other = self.sibling[candidate]
        if other is None:
            raise ValueError("a candidate without a sibling has nobody to be set against")
        own = self.ability(self.words.table.seen.suspect, candidate)
        clean = [one for one, known in zip(self.words.ranked, self.words.panel[1:], strict=True) if known]
        if np.isnan(own):
            return False
        if own <= max(self.ability(one, candidate) for one in clean):
            return False
        candidates = self.words.candidates
        return self.ability(candidates[candidate], candidate) >= self.ability(candidates[other], candidate)
