"""The numbers behind surprisal residuals: whom the suspect follows, and every control in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.panel.candidate_sets import CandidateSets
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.probe.words.table import SHARE_COMMON, WordTable
from auditor.record.result import ControlValue
from auditor.record.subject import Subject
from auditor.stats.panel_regression import candidate_coefficients
from auditor.stats.word_features import word_features

#: Fewest controls that know no candidate, without which nothing is measured.
FEWEST_CLEAN = 3
#: Fewest prompts that all candidates must have answered.
FEWEST_ITEMS = 20


@dataclass(frozen=True)
class ResidualReading:
    """Word by word likelihoods under suspect, controls and candidates, and what follows from them.

    Attributes:
        table: Texts of the candidates, and who scored them.
        candidates: Candidate teachers that scored the texts themselves.
        controls: Controls that may stand in the suspect's place.
    """

    table: WordTable
    candidates: tuple[Subject, ...]
    controls: tuple[Subject, ...]

    @property
    def suspect(self) -> Subject:
        """The suspect."""
        return self.table.seen.suspect

    @property
    def first_named(self) -> int:
        """The candidate that the evidence points to most."""
        return self.named[0]

    @cached_property
    def ranked(self) -> tuple[Subject, ...]:
        """Controls that scored enough of the texts."""
        return tuple(one for one in self.controls if self.table.scores(one) is not None)

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        if len(self.table.kept) < FEWEST_ITEMS:
            return (
                f"the candidates all answered only {len(self.table.kept)} prompts",
                "answers of every candidate to the prompts",
            )
        for one in (self.table.seen.suspect, *self.candidates):
            if self.table.scores(one) is None:
                return (
                    f"{one.name} scored too few of the answers word by word",
                    f"word-by-word log-probabilities of given texts under {one.name}",
                )
        clean = sum(stratum_of(one) not in RELATED for one in self.ranked)
        if clean < FEWEST_CLEAN:
            return (
                f"{clean} controls that share nothing with a candidate scored the answers, and "
                f"{FEWEST_CLEAN} are needed to tell what everybody expects",
                "--control MODEL, 19 or more in a stratum",
            )
        if self.common.mean() < SHARE_COMMON:
            return (
                f"only {self.common.mean():.0%} of the words were scored by everybody",
                "word-by-word log-probabilities of the same texts under suspect, candidates and controls",
            )
        return None

    @cached_property
    def panel(self) -> Bool[NDArray[np.bool_], " models"]:
        """Suspect and controls that share nothing with a candidate."""
        return np.array([True, *(stratum_of(one) not in RELATED for one in self.ranked)], dtype=bool)

    def features_in_common(
        self, scorers: Sequence[Subject]
    ) -> Float[NDArray[np.float64], "scorers features"]:
        """The features of the words that everybody scored."""
        features = np.stack([self.features(one) for one in scorers])
        return features if self.common.all() else features[:, np.tile(self.common, 2)]

    @cached_property
    def coefficients(self) -> Float[NDArray[np.float64], "models candidates"]:
        """How much the suspect (row 0) and the controls follow each candidate."""
        models = self.features_in_common((self.table.seen.suspect, *self.ranked))
        return candidate_coefficients(models, self.panel, self.features_in_common(self.candidates))

    @cached_property
    def common(self) -> Bool[NDArray[np.bool_], " words"]:
        """Words that everybody scored: a word that two models lack alike would make them look alike."""
        everybody = (self.table.seen.suspect, *self.ranked, *self.candidates)
        known = [one for one in map(self.table.scores, everybody) if one is not None]
        return np.asarray(~np.isnan(np.stack(known)).any(axis=0), dtype=bool)

    def features(self, scorer: Subject) -> Float[NDArray[np.float64], " features"]:
        """Two features of every word under a scorer; NaN where it scored none."""

        def work_out() -> Float[NDArray[np.float64], " features"]:
            scores = self.table.scores(scorer)
            return word_features(np.full(self.table.words, np.nan) if scores is None else scores)

        return self.table.seen.remembered(("features", scorer.digest, *self.table.key), work_out)

    @cached_property
    def _answers(self) -> CandidateSets:
        return CandidateSets(self.coefficients, self.panel)

    @property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """The answers there are: every candidate, and where they are few every two of them."""
        return self._answers.sets

    @property
    def scores(self) -> Float[NDArray[np.float64], "models sets"]:
        """Summed coefficients of every set, in spreads of the panel."""
        return self._answers.scores

    @property
    def named(self) -> tuple[int, ...]:
        """The candidates of the set with the suspect's largest score, the larger coefficient first."""
        return self._answers.named

    @cached_property
    def abler_than_panel(self) -> bool:
        """Whether the suspect is abler than every control that knows no candidate, on neutral ground.

        That is the texts of the candidate that it follows least: who finds even these likelier than all
        controls do is abler than they are, and an abler teacher's surprise is like an able model's. With one
        candidate there is no neutral ground.
        """
        count = len(self.candidates)
        if count < 2:
            return False
        least = int(np.argmin(self.scores[0, :count]))
        per_source = len(self.table.kept)
        ground = self.table.text_of_word // per_source == least
        clean = [one for one in self.ranked if stratum_of(one) not in RELATED]
        own, *others = (self.table.scores(one) for one in (self.table.seen.suspect, *clean))
        means = [float(np.nanmean(one[ground])) for one in others if one is not None]
        return own is not None and bool(means) and float(np.nanmean(own[ground])) > max(means)

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model: over all sets for the first one named, its own for another."""
        return self._answers.values(candidate)

    def control_values(self, candidate: int) -> tuple[ControlValue, ...]:
        """The statistic with each control in the suspect's place."""
        return tuple(
            ControlValue(name=control.name, stratum=stratum_of(control), value=float(value))
            for control, value in zip(self.ranked, self.values(candidate)[1:], strict=True)
        )
