"""The numbers behind a style attribution: scores of every model in the suspect's place, and their spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats

from auditor.array import NDArray
from auditor.probe.style.channels import OPENING, Channel
from auditor.probe.style.comparison import Comparison, Design, Square, compare
from auditor.probe.style.recordings import Recordings, Writer
from auditor.stats.grouped_conformal import (
    GroupedRank,
    grouped_prediction_p,
    grouped_rank,
    grouped_threshold,
)
from auditor.stats.likeness import Makers, best_elsewhere, centred, without_length

_RESAMPLES = 400

Row = Float[NDArray[np.float64], " models"]
Chosen = Bool[NDArray[np.bool_], " models"]


@dataclass(frozen=True)
class StyleReading:
    """Who is compared in one channel, and how alike they are. The suspect is model 0.

    Attributes:
        recordings: The answers.
        alpha: Level of the conformal test.
        channel: What is looked at.
        prompts: At most so many of the common prompts.
    """

    recordings: Recordings
    alpha: float
    channel: Channel = OPENING
    prompts: int | None = None

    @property
    def writers(self) -> tuple[Writer, ...]:
        """Everyone with enough answers; further samples last."""
        return self.recordings.writers

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The common prompts."""
        return self.recordings.prompts[: self.prompts]

    @cached_property
    def panel(self) -> Chosen:
        """Models of documented independence, other samples of theirs left out."""
        chosen = [one.independent and one.sample_of is None for one in self.writers]
        return np.array([False, *chosen[1:]])

    @cached_property
    def makers(self) -> Makers:
        """Who made each model."""
        return Makers(tuple(one.maker for one in self.writers), tuple(bool(one) for one in self.panel))

    @cached_property
    def ranked(self) -> tuple[int, ...]:
        """Models of the panel that have a candidate of another maker, and so a rank."""
        known = ~np.isnan(self._elsewhere) & self.panel
        return tuple(np.flatnonzero(known).tolist())

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Line of every ranked model."""
        return tuple(self.writers[one].line for one in self.ranked)

    @cached_property
    def candidates(self) -> Chosen:
        """Models that may be named for somebody, whatever their dates."""
        return np.array([False, *(one.candidate and one.sample_of is None for one in self.writers[1:])])

    @cached_property
    def eligible(self) -> Chosen:
        """Candidates of other makers that were not released after the suspect."""
        suspect = self.writers[0]
        return np.array(
            [
                candidate and one.maker != suspect.maker and not came_after(one, suspect)
                for one, candidate in zip(self.writers, self.candidates.tolist(), strict=True)
            ]
        )

    @cached_property
    def lengths(self) -> Row:
        """Mean logarithm of the length of each model's answers, in characters."""
        return np.array(
            [
                np.mean([np.log(len(text)) for text in one.answers.values()]) if one.answers else np.nan
                for one in self.writers
            ]
        )

    def within_lengths(self) -> bool:
        """Whether the suspect's mean log length lies in the panel's range."""
        known = self.lengths[self.panel]
        return bool(known.min() <= self.lengths[0] <= known.max())

    @cached_property
    def comparison(self) -> Comparison:
        """Likeness of everyone to everyone."""
        names = np.asarray(self.makers.names, dtype=object)
        both = self.panel[:, None] & self.panel[None, :]
        return compare(
            Design(
                answers=[[one.answers.get(prompt) for one in self.writers] for prompt in self.asked],
                counted=np.array([one.sample_of is None for one in self.writers]),
                apart=both & (names[:, None] != names[None, :]),
                second_half=np.arange(len(self.asked)) % 2 == 1,
                followed=0,
            ),
            self.channel,
        )

    @cached_property
    def scores(self) -> Square:
        """Likeness without length and centred on the panel: row in the suspect's place, column taught it."""
        return self._scores(self.comparison.whole)

    @cached_property
    def innocent(self) -> Row:
        """The statistic with each ranked model in the suspect's place: its best score over other makers."""
        return self._elsewhere[list(self.ranked)]

    @cached_property
    def _elsewhere(self) -> Row:
        return best_elsewhere(self.scores, self.candidates, self.makers.names)

    @cached_property
    def best(self) -> int:
        """The eligible candidate with the suspect's largest score."""
        return int(np.argmax(np.where(self.eligible, self.scores[0], -np.inf)))

    @cached_property
    def halves(self) -> tuple[int, int]:
        """The candidate that each half of the prompts names."""
        first, second = (
            int(np.argmax(np.where(self.eligible, self._scores(half)[0], -np.inf)))
            for half in self.comparison.halves
        )
        return first, second

    def rank(self, writer: int) -> GroupedRank:
        """The suspect's score for one model, among the best scores of the panel."""
        return grouped_rank(float(self.scores[0, writer]), self.innocent.tolist(), self.lines)

    @cached_property
    def threshold(self) -> float:
        """The score that the suspect must exceed."""
        return grouped_threshold(self.innocent.tolist(), self.lines, self.alpha)

    def parametric_p(self, writer: int) -> float | None:
        """Companion of the rank under normal scores of the lines."""
        return grouped_prediction_p(float(self.scores[0, writer]), self.innocent.tolist(), self.lines)

    def interval(self, writer: int) -> tuple[float, float]:
        """Bootstrap interval of the suspect's score, over prompts and makers of the panel."""
        low, high = np.quantile(self._resampled[:, writer], [0.025, 0.975])
        return float(low), float(high)

    @cached_property
    def not_excluded(self) -> tuple[int, ...]:
        """Eligible candidates that may be as near as the best one: it first, the others by score.

        A candidate is excluded where its score is lower beyond what resampled prompts explain, one-sided at
        5 % shared among the candidates.
        """
        others = [one for one in np.flatnonzero(self.eligible).tolist() if one != self.best]
        others.sort(key=lambda one: -float(self.scores[0, one]))
        limit = float(stats.norm.isf(0.05 / max(len(others), 1)))
        kept = [self.best]
        for one in others:
            spread = float(np.std(self._resampled[:, self.best] - self._resampled[:, one], ddof=1))
            if float(self.scores[0, self.best] - self.scores[0, one]) <= limit * spread:
                kept.append(one)
        return tuple(kept)

    def students(self) -> tuple[tuple[int, int, bool, bool], ...]:
        """Models declared to come from a candidate: place, whom they are likest to, found, rightly named."""
        found = []
        reach = {
            name for one, may in zip(self.writers, self.candidates, strict=True) if may for name in one.names
        }
        for place, one in enumerate(self.writers):
            if place == 0 or one.sample_of is not None or not reach.intersection(one.declared):
                continue
            allowed = self.candidates & np.array([other.maker != one.maker for other in self.writers])
            allowed[place] = False
            if not allowed.any():
                continue
            best = int(np.argmax(np.where(allowed, self.scores[place], -np.inf)))
            named = bool(self.writers[best].names.intersection(one.declared))
            found.append((place, best, bool(self.scores[place, best] > self.threshold), named))
        return tuple(found)

    def samples(self) -> tuple[tuple[int, float], ...]:
        """Models with a further sample, and how alike their two samples are."""
        first = {one.subject.digest: place for place, one in reversed(list(enumerate(self.writers)))}
        return tuple(
            (first[one.sample_of], float(self.comparison.whole[place, first[one.sample_of]]))
            for place, one in enumerate(self.writers)
            if one.sample_of is not None and one.sample_of in first
        )

    @cached_property
    def usual(self) -> float:
        """Median likeness of independent models of different makers."""
        names = np.asarray(self.makers.names, dtype=object)
        both = self.panel[:, None] & self.panel[None, :] & (names[:, None] != names[None, :])
        return float(np.nanmedian(self.comparison.whole[both]))

    def _scores(self, likeness: Square) -> Square:
        return centred(without_length(likeness, self.lengths, self.makers), self.makers)

    @cached_property
    def _resampled(self) -> Float[NDArray[np.float64], "resamples models"]:
        """The suspect's scores with prompts and makers of the panel drawn again."""
        rng = np.random.default_rng([self.recordings.seen.seed, len(self.writers), len(self.asked)])
        whole = self.comparison
        prompts = rng.multinomial(len(self.asked), np.full(len(self.asked), 1 / len(self.asked)), _RESAMPLES)
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn = (prompts @ whole.shares) / (prompts @ whole.weights)
        adjusted = without_length(whole.whole, self.lengths, self.makers)[0]
        drawn += adjusted - whole.whole[0]
        members = self.makers.of_panel()
        counts = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), _RESAMPLES)
        means = np.stack([drawn[:, places].mean(axis=1) for places in members.values()], axis=1)
        own = np.array(
            [[name not in (one.maker, self.writers[0].maker) for name in members] for one in self.writers]
        )
        sums = (counts * means) @ own.T
        return np.asarray(drawn - sums / np.maximum(counts @ own.T, 1))


def came_after(one: Writer, other: Writer) -> bool:
    """Whether ``one`` was surely released later than ``other``."""
    return (
        one.released is not None and other.released is not None and one.released.surely_after(other.released)
    )


def came_before(one: Writer, other: Writer) -> bool:
    """Whether ``one`` was surely released earlier than ``other``."""
    return (
        one.released is not None and other.released is not None and one.released.surely_before(other.released)
    )


def names_of(writers: Sequence[Writer], places: Sequence[int]) -> str:
    """The names of some models, in the order given."""
    return ", ".join(writers[one].subject.name for one in places)
