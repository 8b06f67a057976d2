"""The finding on benchmark overfitting: are published items answered better, or as a teacher answers them?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from auditor.probe.generator.twins import Side
from auditor.probe.overfitting.asking import Asking
from auditor.probe.overfitting.counts import ScoredTwin, TwinCounts
from auditor.probe.overfitting.inheritance import enough, exact_p
from auditor.probe.overfitting.inheritance_findings import Inheritance
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import (
    AnswerPair,
    Claim,
    Estimate,
    Estimates,
    Exhibit,
    Fact,
    Finding,
    Outcome,
    SideBySide,
    Table,
)
from auditor.record.observation import observation_id
from auditor.record.request import request_digest
from auditor.record.result import Guarantee, TestResult
from auditor.stats.two_sample import smallest_detectable_difference

METHOD = "twin_gap"
#: What a model with a gap learned.
RIGHT_ANSWERS, ANSWERS_OF, BOTH = "right answers", "answers of {}", "right answers and those of {}"
NOT_TOLD = "not told"


@dataclass(frozen=True)
class GapFinding:
    """What published and fresh items say of the suspect.

    Two things show that published items were learned: more right answers, and a teacher's wrong ones. Where
    teachers are compared, either has half of the level.

    Attributes:
        spec: The probe.
        asking: Its questions, with the answers.
        inheritance: What was found of each teacher's mistakes.
    """

    spec: ProbeSpec
    asking: Asking
    inheritance: Inheritance

    @cached_property
    def _scored(self) -> tuple[ScoredTwin, ...]:
        return self.asking.scored(self.asking.seen.suspect)

    @cached_property
    def _counted(self) -> TwinCounts:
        return TwinCounts.of(self._scored)

    @property
    def _share(self) -> int:
        """Kinds of test that share the level."""
        return 2 if self.inheritance.compared else 1

    @property
    def _level(self) -> float:
        return self.asking.parameters.alpha / self._share

    @cached_property
    def _gap_p(self) -> float:
        return exact_p(self._counted)

    @property
    def _p_value(self) -> float:
        """Of both kinds of test together."""
        copied = self.inheritance.smallest_p
        return min(1.0, self._share * min(self._gap_p, copied))

    def finding(self) -> Finding:
        """The finding."""
        suspect = self.asking.seen.suspect
        counted = self._counted
        if not enough(counted):
            return Finding(
                claim=Claim.BENCHMARK_OVERFIT,
                probe=self.spec.id,
                method=METHOD,
                suspect=suspect.digest,
                outcome=Outcome.INCONCLUSIVE,
                reason=f"only {len(self._scored)} of {len(self.asking.items)} items were answered",
                decisive="answers to at least ten published and ten fresh items",
            )
        gap = counted.gap()
        per_side = int(counted.n.sum(axis=1).min())
        detectable = 100 * smallest_detectable_difference(counted.accuracy[1], per_side, self._level)
        outcome, reason, decisive = self._conclude(gap, detectable)
        return Finding(
            claim=Claim.BENCHMARK_OVERFIT,
            probe=self.spec.id,
            method=METHOD,
            suspect=suspect.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(gap),
            facts=self._facts(gap, detectable, outcome),
            exhibits=self._exhibits(),
            observation_ids=self._observation_ids(),
            limits=(
                "It shows that published items are known better than fresh ones, not how that came about.",
                "A model trained on other items of the same generators has learned the skill: not flagged.",
            ),
        )

    def _conclude(self, gap: Estimate, detectable: float) -> tuple[Outcome, str, str]:
        parameters = self.asking.parameters
        seen = (
            f"the suspect is {gap.value:+.1f} points better on published than on fresh items "
            f"({gap.low:+.1f} to {gap.high:+.1f})"
        )
        if self.inheritance.copied_at(self._level):
            copied = self.inheritance.first
            rise = copied.copied.gap()
            return (
                Outcome.SUPPORTS,
                f"where {copied.teacher.name} errs, the suspect sides with it {rise.value:+.1f} points more "
                f"often on published than on fresh items ({rise.low:+.1f} to {rise.high:+.1f}); {seen}",
                "",
            )
        if self._gap_p < self._level and gap.low > parameters.margin_points:
            return Outcome.SUPPORTS, seen, ""
        if self._gap_p < self._level:
            margin = f"the interval does not clear the margin of {parameters.margin_points:g} points"
            return Outcome.INCONCLUSIVE, f"{seen}, but {margin}", "more items on each side"
        if self.inheritance.sources:
            names = ", ".join(one.teacher.name for one in self.inheritance.sources)
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}, and where {names} errs the suspect sides with it more often on published items, "
                "too weakly to count beside the other test",
                "more items on each side",
            )
        if detectable <= parameters.material_points:
            return (
                Outcome.DOES_NOT_SUPPORT,
                f"{seen}; a gap of {detectable:.0f} points would have been found",
                "",
            )
        able = "no gap" if np.isinf(detectable) else f"only a gap of {detectable:.0f} points or more"
        return (
            Outcome.INCONCLUSIVE,
            f"{seen}, and with so few items {able} would have been found",
            f"about {self._needed(gap)} items on each side",
        )

    def _needed(self, gap: Estimate) -> int:
        """Items on each side with which a material gap would be found."""
        material = self.asking.parameters.material_points / 100
        fresh = min(self._counted.accuracy[1], 1 - material)
        size = max(20, gap.n // 2)
        while size < 1_000_000:
            if smallest_detectable_difference(fresh, size, self._level) <= material:
                return size
            size = int(size * 1.1) + 1
        return size

    def _result(self, gap: Estimate) -> TestResult:
        return TestResult(
            method=METHOD,
            null="published and fresh items are exchangeable for the suspect: it has seen neither",
            alternative="the suspect is right, or wrong as a teacher is, more often on the published items",
            statistic=gap.value,
            statistic_name="accuracy on published minus fresh items, points",
            effect=gap.value,
            effect_unit="points",
            interval=(gap.low, gap.high),
            p_value=self._p_value,
            n=gap.n,
            unit_of_replication="items",
            guarantee=Guarantee.EXACT,
            assumptions=(
                "the fresh seed was drawn after the suspect was trained",
                *(
                    ("the teachers have not seen the published items either",)
                    if self.inheritance.compared
                    else ()
                ),
            ),
            source="Zelen (1971); van Elteren (1960), exact within generator and level; Bonferroni",
        )

    def _facts(self, gap: Estimate, detectable: float, outcome: Outcome) -> tuple[Fact, ...]:
        public, fresh = self._counted.accuracy
        unscored = len(self.asking.items) - len(self._scored)
        facts = [
            Fact(
                name="gap_points",
                value=gap.value,
                unit="points",
                meaning="accuracy on published minus fresh items",
            ),
            Fact(name="gap_low", value=gap.low, unit="points", meaning="lower end of its interval"),
            Fact(name="gap_high", value=gap.high, unit="points", meaning="upper end of its interval"),
            Fact(name="public_accuracy", value=public, meaning="share of published items answered right"),
            Fact(name="fresh_accuracy", value=fresh, meaning="share of fresh items answered right"),
            Fact(name="items", value=gap.n, meaning="items answered on both sides"),
            Fact(name="unscored", value=unscored, meaning="items without an answer that could be judged"),
        ]
        if np.isfinite(detectable):
            meaning = "smallest gap found in 80 % of cases"
            facts.append(
                Fact(name="smallest_detectable_points", value=detectable, unit="points", meaning=meaning)
            )
        if outcome is Outcome.SUPPORTS:
            facts.append(Fact(name="cause", value=self._cause(), meaning="what was learned"))
        return tuple(facts)

    def _cause(self) -> str:
        """Whose answers to the published items were learned."""
        level = self.asking.parameters.alpha
        teachers = " or ".join(one.teacher.name for one in self.inheritance.sources)
        right = self.inheritance.corrected_p < level
        if teachers:
            return (BOTH if right else ANSWERS_OF).format(teachers)
        return RIGHT_ANSWERS if right else NOT_TOLD

    def _exhibits(self) -> tuple[Exhibit, ...]:
        return (self._gaps(), self._strata(), self._pairs())

    def _gaps(self) -> Estimates:
        rows: list[Estimate] = []
        for model in self.asking.models:
            counted = TwinCounts.of(self.asking.scored(model))
            if counted.n.size and counted.n.sum(axis=1).min() > 0:
                gap = counted.gap()
                label = f"{model.name} ({model.role.value})"
                rows.append(Estimate(label=label, value=gap.value, low=gap.low, high=gap.high, n=gap.n))
        return Estimates(
            title="Accuracy on published minus fresh items", unit="points", rows=tuple(rows), reference=0.0
        )

    def _strata(self) -> Table:
        counted = self._counted
        rows = tuple(
            (name, *(f"{counted.right[side, i]} of {counted.n[side, i]}" for side in Side))
            for i, name in enumerate(counted.strata)
        )
        return Table(
            title="Right answers by kind of item", columns=("items", "published", "fresh"), rows=rows
        )

    def _pairs(self) -> SideBySide:
        """A published and a fresh question of each kind with the right answer, for a reader's feeling."""
        pairs = tuple(
            AnswerPair(
                item=one.drawn.id,
                category=one.drawn.stratum,
                prompt=one.drawn.item.question,
                first=one.said,
                first_label="right" if one.right else "wrong",
                second=one.drawn.item.answer,
                second_label="right answer",
                flagged=not one.right,
            )
            for one in self._scored
            if one.drawn.number < 1
        )
        return SideBySide(
            title="First item of each kind",
            first_name=self.asking.seen.suspect.name,
            second_name="right answer",
            pairs=pairs,
        )

    def _observation_ids(self) -> tuple[str, ...]:
        suspect = self.asking.seen.suspect
        way = self.asking.way(suspect)
        requests = [self.asking.request(one.drawn, way) for one in self._scored]
        requests += [one for mistakes in self.inheritance.compared for one in mistakes.requests]
        ids = (observation_id(suspect.digest, request_digest(one)) for one in requests)
        return tuple(dict.fromkeys(ids))
