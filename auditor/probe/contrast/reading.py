"""The numbers behind contrasted texts: gains, leads and scores of the suspect and of every control."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from auditor.array import NDArray
from auditor.probe.contrast.texts import SHARE_ANSWERED, ContrastTexts, share_scored
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.record.result import ControlValue
from auditor.record.subject import Subject
from auditor.stats.contrast import ContrastScores, contrast_scores, gains, lead_interval


@dataclass(frozen=True)
class ContrastReading:
    """Likelihoods of all texts under all models, and what follows from them.

    Attributes:
        texts: Sources, scorers and their answers.
    """

    texts: ContrastTexts

    @property
    def suspect(self) -> Subject:
        """The suspect."""
        return self.texts.seen.suspect

    @property
    def candidates(self) -> tuple[Subject, ...]:
        """Candidate teachers."""
        return self.texts.teachers

    @property
    def first_named(self) -> int:
        """The candidate with the suspect's largest score."""
        return self.named

    @cached_property
    def _tables(self) -> dict[str, Float[NDArray[np.float64], "sources prompts"]]:
        return {one.digest: self.texts.likelihoods(one) for one in self.texts.scorers}

    @cached_property
    def shares(self) -> dict[str, float]:
        """Share of the usable answers that each scorer scored, by its digest."""
        available = self.texts.available()
        return {digest: share_scored(table, available) for digest, table in self._tables.items()}

    @cached_property
    def base(self) -> Subject | None:
        """The base, if it scored enough to be the reference."""
        base = self.texts.base
        return base if base and self.shares[base.digest] >= SHARE_ANSWERED else None

    @cached_property
    def controls(self) -> tuple[Subject, ...]:
        """Controls that scored enough of the answers."""
        return tuple(one for one in self.texts.controls if self.shares[one.digest] >= SHARE_ANSWERED)

    @cached_property
    def gains(self) -> Float[NDArray[np.float64], "models sources prompts"]:
        """Gains of the suspect, then of the controls."""
        models = (self.texts.seen.suspect, *self.controls)
        table = np.stack([self._tables[one.digest] for one in models])
        if self.base:
            return gains(table, self._tables[self.base.digest])
        # A model would be its own median: without base and controls the contrast stays raw.
        return gains(table, None, self._panel) if self.controls else table

    @cached_property
    def _panel(self) -> Bool[NDArray[np.bool_], " models"]:
        """Suspect and controls that share nothing with a teacher; all, where every control does."""
        clean = np.array([stratum_of(one) not in RELATED for one in self.controls], dtype=bool)
        return np.concatenate([[True], clean if clean.any() else np.ones_like(clean)])

    @cached_property
    def owners(self) -> Int[NDArray[np.int64], " sources"]:
        """Which of the models wrote a source's texts; -1 for none."""
        digests = [self.texts.seen.suspect.digest, *(one.digest for one in self.controls)]
        return np.array(
            [digests.index(one.digest) if one.digest in digests else -1 for one in self.texts.sources]
        )

    @cached_property
    def scores(self) -> ContrastScores:
        """Leads and scores of the suspect (row 0) and of the controls."""
        return contrast_scores(
            self.gains,
            teachers=len(self.texts.teachers),
            owners=self.owners,
            second_set=self.texts.second_set,
            panel=self._panel,
        )

    @cached_property
    def ranked(self) -> Bool[NDArray[np.bool_], " controls"]:
        """Which controls have a score; one that lacks too many answers of one source has none."""
        return np.asarray(~np.isnan(self.scores.scores[1:]).any(axis=1))

    @cached_property
    def named(self) -> int:
        """The candidate with the suspect's largest score."""
        return int(np.argmax(self.scores.scores[0]))

    @property
    def reference(self) -> str:
        """What gains are measured from, in words."""
        if self.base:
            return f"the suspect's base, {self.base.name}"
        return "median of suspect and controls" if self.controls else "none"

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        if len(self.texts.sources) < 2:
            return (
                "there are no texts to set the teacher's against: no second candidate, no base, no control",
                "a second candidate teacher, the suspect's base, or controls",
            )
        share = self.shares[self.texts.seen.suspect.digest]
        if share < SHARE_ANSWERED:
            return (
                f"the suspect scored only {share:.0%} of the answers that it was given",
                "access to log-probabilities of given texts under the suspect",
            )
        if np.isnan(self.scores.scores[0]).any():
            return "too few prompts have usable answers of every source", "more prompts in both sets"
        return None

    def values(self, teacher: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model: over all candidates for the named one, its own for another."""
        return self.scores.family if teacher == self.named else self.scores.scores[:, teacher]

    def control_values(self, teacher: int) -> tuple[ControlValue, ...]:
        """The statistic with each ranked control in the suspect's place."""
        return tuple(
            ControlValue(name=control.name, stratum=stratum_of(control), value=float(value))
            for control, value, ranked in zip(
                self.controls, self.values(teacher)[1:], self.ranked, strict=True
            )
            if ranked
        )

    def rival(self, teacher: int) -> int:
        """The source whose texts come closest to the teacher's, for the suspect."""
        return int(self.scores.rivals[0, teacher])

    def named_by(self, index: int) -> str | None:
        """The candidate that one prompt set names: the largest lead, if it is a lead at all."""
        leads = self.scores.leads[0, :, index] / self.scores.scale
        best = int(np.argmax(leads))
        return self.texts.teachers[best].name if leads[best] > 0 else None

    def interval(self, teacher: int) -> tuple[float, float] | None:
        """Bootstrap interval of the suspect's lead, over prompts."""
        return self._intervals[teacher]

    @cached_property
    def _intervals(self) -> tuple[tuple[float, float] | None, ...]:
        """Of every candidate: each is shown beside all the others."""
        return tuple(self._interval(teacher) for teacher in range(len(self.texts.teachers)))

    def _interval(self, teacher: int) -> tuple[float, float] | None:
        allowed = self.owners != 0
        allowed[teacher] = False
        rng = np.random.default_rng(self.texts.seen.seed)
        return lead_interval(self.gains[0], teacher, allowed, self.texts.second_set, rng)

    def lead_over_controls(self, teacher: int) -> float | None:
        """The suspect's lead less the highest lead of a control, in nats per byte."""
        if not self.ranked.any():
            return None
        pooled = self.scores.pooled[:, teacher]
        return float(pooled[0] - pooled[1:][self.ranked].max())

    def within_panel(self) -> bool:
        """Whether some control finds the texts of the closest rivals as likely as the suspect does."""
        if not self.controls:
            return True
        rivals = sorted({self.rival(one) for one in range(len(self.texts.teachers))})
        means = np.nanmean(self.gains[:, rivals], axis=(1, 2))
        return bool((means[1:] >= means[0]).any())
