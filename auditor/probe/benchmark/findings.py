"""The finding on benchmarks of the user's own: published items against their twins, beside references."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.benchmark.asking import BenchmarkAsking
from auditor.record.finding import Claim, Estimate, Estimates, Fact, Finding, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.request import request_digest
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.subject import Subject
from auditor.stats.difference_in_differences import (
    FEWEST_REFERENCES,
    DifferenceInDifferences,
    difference_in_differences,
)
from auditor.stats.multiplicity import holm

METHOD = "benchmark_twins"
#: Fewest items of a benchmark that the suspect and all references answered.
FEWEST_ITEMS = 20
#: Share of the items that a reference must have answered to be one.
_SHARE_ANSWERED = 0.9
Scores = Float[NDArray[np.float64], "items 2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One benchmark.

    Attributes:
        name: Its name.
        items: Items that suspect and references all answered.
        own: The suspect's accuracy on published items and on twins, in points.
        usual: The references' mean accuracy on both.
        gaps: Gap of each reference, in points.
        found: The difference in differences, in points.
    """

    name: str
    items: int
    own: tuple[float, float]
    usual: tuple[float, float]
    gaps: tuple[float, ...]
    found: DifferenceInDifferences


@dataclass(frozen=True)
class BenchmarkFinding:
    """What all benchmarks say of the suspect.

    Attributes:
        asking: The questions, with the answers.
    """

    asking: BenchmarkAsking

    @cached_property
    def _scores(self) -> dict[str, Scores]:
        return {one.digest: self.asking.scores(one) for one in self.asking.models}

    @cached_property
    def _references(self) -> tuple[Subject, ...]:
        """References that answered nearly everything."""
        return tuple(one for one in self.asking.references if self._answered(one).mean() >= _SHARE_ANSWERED)

    def _answered(self, model: Subject) -> Bool[NDArray[np.bool_], " items"]:
        scores = self._scores[model.digest]
        return ~(np.isnan(scores[:, 0]) | np.isnan(scores[:, 1]))

    @cached_property
    def _compared(self) -> tuple[Compared, ...]:
        models = (self.asking.seen.suspect, *self._references)
        everybody = np.all([self._answered(one) for one in models], axis=0)
        names = np.array([one.benchmark for one in self.asking.items])
        found = []
        for name in dict.fromkeys(names.tolist()):
            chosen = everybody & (names == name)
            if chosen.sum() < FEWEST_ITEMS:
                continue
            scores = 100 * np.stack([self._scores[one.digest][chosen] for one in models])
            gaps = scores[:, :, 0] - scores[:, :, 1]
            found.append(
                Compared(
                    name=name,
                    items=int(chosen.sum()),
                    own=_pair(scores[0].mean(axis=0)),
                    usual=_pair(scores[1:].mean(axis=(0, 1))),
                    gaps=tuple(float(one) for one in gaps[1:].mean(axis=1)),
                    found=difference_in_differences(gaps[0], gaps[1:]),
                )
            )
        return tuple(found)

    @cached_property
    def _left_out(self) -> tuple[str, ...]:
        """Benchmarks that were given and could not be compared: nothing found on others clears these."""
        compared = {one.name for one in self._compared}
        given = dict.fromkeys(str(one["benchmark"]) for one in self.asking.spec.items)
        return tuple(name for name in given if name not in compared)

    def finding(self) -> Finding:
        """The finding."""
        problem = self._problem()
        if problem is not None:
            return self._finding(Outcome.INCONCLUSIVE, *problem)
        p_values = holm([one.found.p_value for one in self._compared])
        first = int(np.argmin(p_values))
        leading = self._compared[first]
        outcome, reason, decisive = self._conclude(leading, p_values[first])
        return self._finding(
            outcome,
            reason,
            decisive,
            result=self._result(leading, p_values[first]),
            facts=self._facts(leading),
            exhibits=(self._table(p_values), self._forest()),
        )

    def _problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        if not self.asking.spec.items:
            return "no benchmark was given", "--benchmark FILE"
        if not self.asking.items:
            return (
                "no item has a twin: there are no options to reshuffle, and no twin_question beside them",
                "multiple choice, or a column twin_question with items of the same making",
            )
        if len(self._references) < FEWEST_REFERENCES:
            return (
                f"{len(self._references)} references answered the items, and {FEWEST_REFERENCES} are needed "
                "to tell what reshuffling does to a model that has not seen them",
                "--control MODEL for models that cannot have seen the items; ten or more make it sharp",
            )
        if not self._compared:
            return (
                f"of no benchmark suspect and references all answered {FEWEST_ITEMS} items",
                "more items, or models that answer them",
            )
        return None

    def _conclude(self, leading: Compared, p_value: float) -> tuple[Outcome, str, str]:
        parameters, found = self.asking.parameters, leading.found
        gap = leading.own[0] - leading.own[1]
        seen = (
            f"on {leading.name} the suspect is {gap:+.1f} points better on items as published than on "
            f"their twins, {found.value:+.1f} points more than references are ({found.low:+.1f} to "
            f"{found.high:+.1f})"
        )
        if p_value < parameters.alpha and found.low > parameters.margin_points:
            return Outcome.SUPPORTS, seen, ""
        if self._left_out:
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}; of {', '.join(self._left_out)} too few items have twins that everybody answered",
                "twins of these items, and models that answer them",
            )
        detectable = max(self._detectable(one) for one in self._compared)
        if p_value >= parameters.alpha and detectable <= parameters.material_points:
            return Outcome.DOES_NOT_SUPPORT, f"{seen}; {detectable:.0f} points would have been found", ""
        if not np.isfinite(detectable):
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}; the references do not differ at all, so that nothing shows how far models scatter",
                "references that answer differently from each other",
            )
        return (
            Outcome.INCONCLUSIVE,
            f"{seen}; only {detectable:.0f} points or more would have been found",
            "more references that cannot have seen the items, or more items",
        )

    def _detectable(self, one: Compared) -> float:
        return one.found.smallest_detectable(self.asking.parameters.alpha / len(self._compared))

    def _finding(
        self,
        outcome: Outcome,
        reason: str,
        decisive: str,
        *,
        result: TestResult | None = None,
        facts: tuple[Fact, ...] = (),
        exhibits: tuple[Table | Estimates, ...] = (),
    ) -> Finding:
        suspect = self.asking.seen.suspect
        requests = self.asking.requests(suspect)
        answered = (one for one in requests if self.asking.seen.answer(suspect, one) is not None)
        ids = (observation_id(suspect.digest, request_digest(one)) for one in answered)
        return Finding(
            claim=Claim.BENCHMARK_OVERFIT,
            probe=self.asking.spec.id,
            method=METHOD,
            suspect=suspect.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=result,
            facts=facts,
            exhibits=exhibits,
            observation_ids=tuple(dict.fromkeys(ids)),
            limits=(
                "Reshuffled options show whether the published order of options is known. Who learned the "
                "right answers in their own words is not hurt by reshuffling and shows nothing here.",
                "References that have seen the items as well hide what the suspect has seen.",
            ),
        )

    def _result(self, leading: Compared, p_value: float) -> TestResult:
        found = leading.found
        controls = tuple(
            ControlValue(name=one.name, stratum="reference", value=gap)
            for one, gap in zip(self._references, leading.gaps, strict=True)
        )
        return TestResult(
            method=METHOD,
            null="the suspect's gap between published items and twins is one more draw among references'",
            alternative="the suspect has seen the published items",
            statistic=leading.own[0] - leading.own[1],
            statistic_name="accuracy on items as published minus twins, points",
            effect=found.value,
            effect_unit="points",
            interval=(found.low, found.high),
            p_value=p_value,
            n=len(self._references) + 1,
            unit_of_replication="models",
            guarantee=Guarantee.PARAMETRIC,
            assumptions=(
                "no reference has seen the items",
                "gaps of models that have not seen them scatter normally",
            ),
            source="difference in differences; prediction of one further draw (Whitmore 1986); Holm (1979)",
            controls=controls,
        )

    def _facts(self, leading: Compared) -> tuple[Fact, ...]:
        found = leading.found
        public, twins = leading.own
        detectable = self._detectable(leading)
        missing = int((~self._answered(self.asking.seen.suspect)).sum())
        return (
            Fact(name="benchmark", value=leading.name, meaning="the benchmark with the smallest p-value"),
            Fact(name="gap_points", value=found.value, unit="points", meaning="gap beyond the references'"),
            Fact(name="gap_low", value=found.low, unit="points", meaning="lower end of its interval"),
            Fact(name="gap_high", value=found.high, unit="points", meaning="upper end of its interval"),
            Fact(
                name="public_accuracy", value=public / 100, meaning="share of published items answered right"
            ),
            Fact(name="fresh_accuracy", value=twins / 100, meaning="share of twins answered right"),
            Fact(
                name="references", value=len(self._references), meaning="models whose gaps are the yardstick"
            ),
            Fact(name="items", value=leading.items, meaning="items that suspect and references answered"),
            Fact(name="unscored", value=missing, meaning="items without an answer that could be judged"),
            *(
                [
                    Fact(
                        name="smallest_detectable_points",
                        value=detectable,
                        unit="points",
                        meaning="smallest difference found in 80 % of cases",
                    )
                ]
                if np.isfinite(detectable)
                else []
            ),
            Fact(name="cause", value="not told", meaning="what was learned"),
        )

    def _table(self, p_values: tuple[float, ...]) -> Table:
        rows = tuple(
            (
                one.name,
                one.items,
                f"{one.own[0]:.1f}",
                f"{one.own[1]:.1f}",
                f"{one.own[0] - one.own[1]:+.1f}",
                f"{one.usual[0] - one.usual[1]:+.1f}",
                f"{one.found.low:+.1f} to {one.found.high:+.1f}",
                f"{p_value:.2g}",
            )
            for one, p_value in zip(self._compared, p_values, strict=True)
        )
        return Table(
            title="Accuracy by benchmark, in points",
            columns=(
                "benchmark",
                "items",
                "published",
                "twins",
                "gap",
                "references' gap",
                "difference",
                "p (Holm)",
            ),
            rows=rows,
            note="Difference: 95 % interval of the suspect's gap less the references'.",
        )

    def _forest(self) -> Estimates:
        rows = tuple(
            Estimate(
                label=one.name,
                value=one.found.value,
                low=one.found.low,
                high=one.found.high,
                n=one.items,
            )
            for one in self._compared
        )
        return Estimates(
            title="Better on items as published than references are", unit="points", rows=rows, reference=0.0
        )


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])
