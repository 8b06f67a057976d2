"""The numbers behind a teacher among its twins: whom the suspect follows, and what innocents do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.panel.controls import RELATED, Judgement, judge, stratum_of
from auditor.probe.panel.scatter import held_back
from auditor.probe.residuals.reading import ResidualReading
from auditor.probe.twins.family import Family
from auditor.probe.words.table import SHARE_COMMON, Item, WordTable, Writing
from auditor.record.finding import Outcome
from auditor.record.observation import Observations
from auditor.record.result import ControlValue
from auditor.record.subject import Stratum, Subject
from auditor.stats.conformal import attains, normal_score, prediction_p
from auditor.stats.extreme_value import largest_prediction_p
from auditor.stats.family_contrast import FEWEST_CONTROLS, FamilyContrast, family_contrast


@dataclass(frozen=True, slots=True)
class Levels:
    """What is needed before anything is said.

    Attributes:
        twins: Fewest twins of a teacher.
        peers: Fewest controls with the teacher's data that the suspect is held against.
        prompts: Fewest prompts that all members of the family must have answered.
        alpha: Level of the test.
        rank_alpha: Level of the rank among controls that share nothing with a candidate.
    """

    twins: int
    peers: int
    prompts: int
    alpha: float
    rank_alpha: float


@dataclass(frozen=True)
class TwinReading:
    """One teacher against its twins.

    Attributes:
        seen: Answers so far.
        family: Who takes part.
        items: The prompts.
        writing: How the family answers them.
        levels: What is needed.
    """

    seen: Observations
    family: Family
    items: tuple[Item, ...]
    writing: Writing
    levels: Levels

    @property
    def enough(self) -> bool:
        """Whether there are twins and controls enough to ask anybody."""
        return len(self.family.twins) >= self.levels.twins and len(self.family.controls) >= FEWEST_CONTROLS

    @cached_property
    def table(self) -> WordTable:
        """What the family writes, under everybody."""
        family = self.family
        members = tuple(sorted(family.members, key=lambda one: one.digest))
        more = (*family.peers, *family.rivals) if self.among_peers else ()
        scorers = tuple(dict.fromkeys((self.seen.suspect, *members, *family.controls, *more)))
        return WordTable(self.seen, self.items, self.writing, members, scorers)

    @property
    def among_peers(self) -> bool:
        """Whether the suspect is held against models with the teacher's data.

        Then controls that know nothing of it must be cleared in another way, and there have to be enough.
        """
        strata: dict[str, int] = {}
        for one in self.family.controls:
            strata[stratum_of(one)] = strata.get(stratum_of(one), 0) + 1
        cleared = any(
            attains(count, self.levels.rank_alpha) for name, count in strata.items() if name not in RELATED
        )
        return cleared and len(self.family.peers) >= self.levels.peers

    @cached_property
    def contrast(self) -> FamilyContrast | str:
        """The contrast, or why there is none."""
        if len(self.table.kept) < self.levels.prompts:
            return f"teacher and twins all answered only {len(self.table.kept)} prompts"
        own = self.table.scores(self.seen.suspect)
        if own is None:
            return "the suspect scored too few of the answers word by word"
        family = [(one, self.table.scores(one)) for one in self.family.members]
        missing = [one.name for one, scores in family if scores is None]
        if missing:
            return f"{missing[0]} scored too few of the answers word by word"
        controls = [one for one in map(self.table.scores, self.family.controls) if one is not None]
        if len(controls) < FEWEST_CONTROLS:
            return f"only {len(controls)} controls scored the answers word by word"
        peers = [scores for one in self.peers if (scores := self.table.scores(one)) is not None]
        known: Float[NDArray[np.float64], "models words"] = np.stack(
            [own, *peers, *(one for _, one in family if one is not None), *controls]
        )
        common = ~np.isnan(known).any(axis=0)
        if common.mean() < SHARE_COMMON:
            return f"only {common.mean():.0%} of the words were scored by everybody"
        known = known if common.all() else known[:, common]
        prompts = (self.table.text_of_word % len(self.table.kept))[common]
        first, last = 1 + len(peers), 1 + len(peers) + len(family)
        found = family_contrast(known[0], known[first:last], known[last:], prompts, known[1:first])
        return found if found.coefficients.any() else "teacher and twins do not differ on these answers"

    @cached_property
    def peers(self) -> tuple[Subject, ...]:
        """Controls with the teacher's data that scored enough of the answers."""
        if not self.among_peers:
            return ()
        return tuple(one for one in self.family.peers if self.table.scores(one) is not None)

    @cached_property
    def residuals(self) -> ResidualReading:
        """How much everybody follows every candidate, on the family's answers."""
        family = self.family
        rivals = tuple(one for one in family.rivals if self.table.scores(one) is not None)
        return ResidualReading(self.table, (family.teacher, *rivals), family.controls)

    def standing(self, found: FamilyContrast) -> PeerStanding:
        """Where the suspect stands among models with the teacher's data, and among those without."""
        suspect, *peers = found.standings.tolist()
        return PeerStanding(
            leaning=suspect,
            peers=tuple(zip((one.name for one in self.peers), peers, strict=True)),
            p_value=prediction_p(suspect, peers) if len(peers) >= self.levels.peers else None,
            strangers=self._strangers(),
        )

    def _strangers(self) -> Judgement | str:
        """The rank of the suspect's likeness to the family among controls that share nothing with it."""
        reading = self.residuals
        if reading.problem:
            return reading.problem[0]
        if 0 not in reading.named:
            first = reading.candidates[reading.named[0]].name
            return f"it follows {first} more on the very answers of {self.family.teacher.name} and its twins"
        strata: dict[str, list[float]] = {}
        for one in reading.control_values(0):
            if one.stratum not in RELATED:
                strata.setdefault(one.stratum, []).append(one.value)
        value = float(reading.values(0)[0])
        found = {name: largest_prediction_p(value, values) for name, values in strata.items()}
        companions = {name: p for name, p in found.items() if p is not None}
        return held_back(judge(value, strata, self.levels.rank_alpha), companions, self.levels.alpha)


@dataclass(frozen=True, slots=True)
class PeerStanding:
    """The suspect among models with the teacher's data, and among models that share nothing with it.

    Attributes:
        leaning: How far it leans to the teacher rather than the twins, in standard errors over prompts.
        peers: Name and leaning of every control with the teacher's data.
        p_value: One-sided, of the suspect's leaning as one further draw from normal ones; None for too few.
        strangers: What its rank among the controls that share nothing allows to say, or why there is none.
    """

    leaning: float
    peers: tuple[tuple[str, float], ...]
    p_value: float | None
    strangers: Judgement | str

    @property
    def score(self) -> float:
        """The larger of its p-values as a normal score, which compares suspects of any two teachers."""
        return normal_score(self.joint_p)

    @property
    def control_values(self) -> tuple[ControlValue, ...]:
        """Every peer in the suspect's place, among the others, as a normal score."""
        leanings = [value for _, value in self.peers]
        found = []
        for place, (name, value) in enumerate(self.peers):
            p_value = prediction_p(value, leanings[:place] + leanings[place + 1 :])
            score = normal_score(1.0 if p_value is None else p_value)
            found.append(ControlValue(name=name, stratum=Stratum.SAME_DATA.value, value=score))
        return tuple(found)

    @property
    def cleared(self) -> bool:
        """Whether models that share nothing with a candidate are excluded as the suspect's likes."""
        return not isinstance(self.strangers, str) and self.strangers.outcome is Outcome.SUPPORTS

    @property
    def joint_p(self) -> float:
        """The largest p-value over the ways of being innocent, each by its parametric companion."""
        apart = None if isinstance(self.strangers, str) else self.strangers.parametric_p
        return max(1.0 if one is None else one for one in (self.p_value, apart))
