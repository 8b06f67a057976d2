"""Findings on inherited errors: one for each teacher."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from auditor.probe.generator.twins import Side
from auditor.probe.overfitting.asking import Asking
from auditor.probe.overfitting.counts import TwinCounts
from auditor.probe.overfitting.inheritance import FEWEST, Mistakes, all_mistakes
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Estimate, Estimates, Fact, Finding, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.request import request_digest
from auditor.record.result import Guarantee, TestResult
from auditor.stats.multiplicity import holm
from auditor.stats.two_sample import smallest_detectable_difference


@dataclass(frozen=True)
class Inheritance:
    """Which teachers' answers to published items the suspect learned.

    Attributes:
        spec: The probe.
        asking: Its questions, with the answers.
    """

    spec: ProbeSpec
    asking: Asking

    @cached_property
    def all(self) -> tuple[Mistakes, ...]:
        """The mistakes of every teacher."""
        return all_mistakes(self.asking)

    @cached_property
    def compared(self) -> tuple[Mistakes, ...]:
        """Those of teachers who err often enough, and do not know the published items themselves."""
        return tuple(one for one in self.all if one.enough and not self._knows(one))

    def _knows(self, mistakes: Mistakes) -> bool:
        return mistakes.teacher_knows < self.asking.parameters.alpha

    @cached_property
    def _p_values(self) -> dict[str, float]:
        """Of copying each compared teacher, after Holm."""
        adjusted = holm([one.copied_p for one in self.compared])
        return {one.teacher.digest: p for one, p in zip(self.compared, adjusted, strict=True)}

    @property
    def smallest_p(self) -> float:
        """Smallest p-value of copying, after Holm."""
        return min(self._p_values.values(), default=1.0)

    @property
    def corrected_p(self) -> float:
        """P-value of giving the right answer more often where a teacher errs, after Bonferroni."""
        found = [one.corrected_p for one in self.compared]
        return min(1.0, len(found) * min(found, default=1.0))

    @property
    def first(self) -> Mistakes:
        """Of the teacher that is copied most clearly."""
        return min(self.compared, key=lambda one: one.copied_p)

    def copied_at(self, level: float) -> bool:
        """Whether the teacher that is copied most clearly is copied at this level."""
        return bool(self.compared) and self._copies(self.first, level)

    def _copies(self, mistakes: Mistakes, level: float) -> bool:
        return self._p_values[mistakes.teacher.digest] < level and mistakes.copied.gap().value > 0

    @cached_property
    def _copied(self) -> tuple[Mistakes, ...]:
        return tuple(one for one in self.compared if self._copies(one, self.asking.parameters.alpha))

    def _confused(self, mistakes: Mistakes) -> tuple[Mistakes, ...]:
        """Other teachers that are copied as well, and whose answers these cannot be told from."""
        level = self.asking.parameters.alpha
        return tuple(
            other
            for other in self._copied
            if other is not mistakes and mistakes.copied_beyond(other) >= level
        )

    @cached_property
    def sources(self) -> tuple[Mistakes, ...]:
        """Teachers whose answers were learned; several where they cannot be told apart."""
        certain = tuple(one for one in self._copied if not self._confused(one))
        return certain or self._copied

    def findings(self) -> tuple[Finding, ...]:
        """One for each teacher."""
        return tuple(self._finding(one) for one in self.all)

    def _finding(self, mistakes: Mistakes) -> Finding:
        suspect = self.asking.seen.suspect
        compared = mistakes in self.compared
        outcome, reason, decisive = self._conclude(mistakes) if compared else self._not_compared(mistakes)
        ids = (observation_id(suspect.digest, request_digest(one)) for one in mistakes.requests)
        return Finding(
            claim=Claim.ERROR_INHERITANCE,
            probe=self.spec.id,
            method="twin_gap",
            suspect=suspect.digest,
            teacher=mistakes.teacher.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(mistakes) if compared else None,
            facts=self._facts(mistakes) if compared else (),
            exhibits=(self._rates(), _table(mistakes)) if compared else (),
            observation_ids=tuple(dict.fromkeys(ids)),
            limits=(
                "It is about answers to published items only; a student that learned from other outputs of "
                "this teacher, and never from these, shows nothing here.",
                "A text that reports these answers of the teacher teaches them as well as the teacher.",
            ),
        )

    def _not_compared(self, mistakes: Mistakes) -> tuple[Outcome, str, str]:
        name = mistakes.teacher.name
        if mistakes.enough:
            return (
                Outcome.INCONCLUSIVE,
                f"{name} itself does better on published than on fresh items, so that its mistakes on "
                "one are no yardstick for those on the other",
                "items that neither model can have seen before the suspect was trained",
            )
        return (
            Outcome.INCONCLUSIVE,
            f"{name} made {len(mistakes.all)} mistakes, and replies of the suspect to {FEWEST} of them on "
            "each side are needed",
            "more items, or harder ones",
        )

    def _conclude(self, mistakes: Mistakes) -> tuple[Outcome, str, str]:
        level, gap = self.asking.parameters.alpha, mistakes.copied.gap()
        name = mistakes.teacher.name
        seen = (
            f"where {name} errs, the suspect sides with it {gap.value:+.1f} points more often on published "
            f"than on fresh items ({gap.low:+.1f} to {gap.high:+.1f})"
        )
        if mistakes in self._copied:
            confused = self._confused(mistakes)
            if not confused:
                return Outcome.SUPPORTS, seen, ""
            others = ", ".join(one.teacher.name for one in confused)
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}, but not where {others} answers differently",
                "more items on which these teachers differ",
            )
        detectable = self._detectable(mistakes)
        material = self.asking.parameters.material_points
        if self._p_values[mistakes.teacher.digest] >= level and detectable <= material:
            return Outcome.DOES_NOT_SUPPORT, f"{seen}; {detectable:.0f} points would have been found", ""
        able = "no difference" if np.isinf(detectable) else f"only {detectable:.0f} points or more"
        return Outcome.INCONCLUSIVE, f"{seen}; {able} would have been found", "more items on each side"

    def _detectable(self, mistakes: Mistakes) -> float:
        counted = mistakes.copied
        per_side = int(counted.n.sum(axis=1).min())
        level = self.asking.parameters.alpha / len(self.compared)
        return 100 * smallest_detectable_difference(counted.accuracy[1], per_side, level)

    def _result(self, mistakes: Mistakes) -> TestResult:
        gap = mistakes.copied.gap()
        return TestResult(
            method="twin_gap",
            null="the suspect sides with the teacher's mistakes as often on published as on fresh items",
            alternative="it learned the teacher's answers to published items",
            statistic=gap.value,
            statistic_name="siding with the teacher's mistakes, published minus fresh items, points",
            effect=gap.value,
            effect_unit="points",
            interval=(gap.low, gap.high),
            p_value=self._p_values[mistakes.teacher.digest],
            n=gap.n,
            unit_of_replication="items",
            guarantee=Guarantee.EXACT,
            assumptions=(
                "the fresh seed was drawn after the suspect was trained",
                "the teacher has not seen the published items either",
            ),
            source="van Elteren (1960), permutation within generator and level; Holm (1979)",
        )

    def _facts(self, mistakes: Mistakes) -> tuple[Fact, ...]:
        counted, gap = mistakes.copied, mistakes.copied.gap()
        public, fresh = counted.accuracy
        facts = [
            Fact(name="copying_points", value=gap.value, unit="points", meaning="published minus fresh"),
            Fact(name="copying_low", value=gap.low, unit="points", meaning="lower end of its interval"),
            Fact(name="copying_high", value=gap.high, unit="points", meaning="upper end of its interval"),
            Fact(name="public_copying", value=public, meaning="share of published mistakes sided with"),
            Fact(name="fresh_copying", value=fresh, meaning="share of fresh mistakes sided with"),
            Fact(name="mistakes", value=gap.n, meaning="mistakes of the teacher that the suspect replied to"),
        ]
        detectable = self._detectable(mistakes)
        if np.isfinite(detectable):
            meaning = "smallest difference found in 80 % of cases"
            facts.append(
                Fact(name="smallest_detectable_points", value=detectable, unit="points", meaning=meaning)
            )
        return tuple(facts)

    def _rates(self) -> Estimates:
        rows = []
        for one in self.compared:
            gap = one.copied.gap()
            rows.append(
                Estimate(label=one.teacher.name, value=gap.value, low=gap.low, high=gap.high, n=gap.n)
            )
        return Estimates(
            title="Siding with a teacher's mistakes, published minus fresh items",
            unit="points",
            rows=tuple(rows),
            reference=0.0,
        )


def _table(mistakes: Mistakes) -> Table:
    def cells(counted: TwinCounts) -> tuple[str, ...]:
        return tuple(f"{counted.right[side].sum()} of {counted.n[side].sum()}" for side in Side)

    return Table(
        title=f"Where {mistakes.teacher.name} is wrong",
        columns=("the suspect prefers", "published", "fresh"),
        rows=(
            ("the teacher's answer", *cells(mistakes.copied)),
            ("the right answer", *cells(mistakes.corrected)),
        ),
    )
