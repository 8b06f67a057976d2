"""The finding on benchmarks of the user's own: published items against their twins, beside references."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from auditor.probe.benchmark.comparison import FEWEST_ITEMS, Compared, Comparison
from auditor.probe.benchmark.contrast import ContrastReading
from auditor.record.finding import Claim, Estimate, Estimates, Fact, Finding, Outcome, Table
from auditor.record.observation import Unanswered, observation_id
from auditor.record.request import request_digest
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.stats.difference_in_differences import FEWEST_REFERENCES
from auditor.stats.multiplicity import holm

#: What makes a comparison sharper.
_SHARPER = "more references that cannot have seen the items, or more items"


@dataclass(frozen=True)
class ContrastFinding:
    """What all benchmarks say of the suspect.

    Attributes:
        reading: The questions, with the answers.
    """

    reading: ContrastReading[Any]

    @cached_property
    def _comparison(self) -> Comparison:
        return Comparison(self.reading)

    @property
    def _compared(self) -> tuple[Compared, ...]:
        return self._comparison.compared

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
            result=self._result(leading, p_values[first], outcome),
            facts=self._facts(leading),
            exhibits=(self._table(p_values), self._forest()),
        )

    def _problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        if not self.reading.spec.items:
            return "no benchmark was given", "--benchmark FILE"
        if not self.reading.items:
            return self.reading.lacking
        if refused := self._refused():
            return f"the suspect answered fewer than {FEWEST_ITEMS} items: {refused}", "a deeper access to it"
        if len(self._comparison.references) < FEWEST_REFERENCES:
            return (
                f"{len(self._comparison.references)} references answered the items, and {FEWEST_REFERENCES} "
                "are needed to tell how far twins are from items to a model that has not seen them",
                "--control MODEL for models that cannot have seen the items; ten or more make it sharp",
            )
        if not self._compared:
            return (
                f"of no benchmark suspect and references all answered {FEWEST_ITEMS} items",
                "more items, or models that answer them",
            )
        return None

    def _refused(self) -> str:
        """Why the suspect answered too little, where it said so."""
        suspect = self.reading.seen.suspect
        if self._comparison.answered(suspect).sum() >= FEWEST_ITEMS:
            return ""
        answers = (self.reading.seen.answer(suspect, one) for one in self.reading.requests(suspect))
        return next((one.reason for one in answers if isinstance(one, Unanswered)), "")

    def _conclude(self, leading: Compared, p_value: float) -> tuple[Outcome, str, str]:
        quantity, found, alpha = self.reading.quantity, leading.found, self.reading.parameters.alpha
        seen = f"on {leading.name} " + quantity.seen.format(
            gap=f"{quantity.signed(leading.gap)} {quantity.unit}",
            beyond=f"{quantity.signed(found.value)} {quantity.unit}",
            low=quantity.signed(found.low),
            high=quantity.signed(found.high),
        )
        if p_value < alpha and found.low > quantity.margin:
            return Outcome.SUPPORTS, seen, ""
        if self._comparison.left_out:
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}; of {', '.join(self._comparison.left_out)} too few items have twins that everybody "
                "answered",
                "twins of these items, and models that answer them",
            )
        detectable = max(self._comparison.detectable(one) for one in self._compared)
        if not np.isfinite(detectable):
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}; the references do not differ at all, so that nothing shows how far models scatter",
                "references that answer differently from each other",
            )
        if p_value >= alpha:
            return self._nothing_found(seen, detectable)
        return (
            Outcome.INCONCLUSIVE,
            f"{seen}; only {quantity.amount(detectable)} or more would have been found",
            _SHARPER,
        )

    def _nothing_found(self, seen: str, detectable: float) -> tuple[Outcome, str, str]:
        """What a p-value above the level says: something where enough would have been found, or nothing."""
        quantity = self.reading.quantity
        smallest = quantity.amount(detectable)
        if not self.reading.clears:
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}; who learned answers alone leaves no such traces, so that this clears nobody",
                "right answers to items and their twins (the probe twin-difference)",
            )
        if why := next(filter(None, (self.reading.unmoved(one.name, one.own) for one in self._compared)), ""):
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}; {why}",
                "items in the words that the suspect's maker would put them in (parameters form, listed and "
                "short), or items that it can answer",
            )
        if detectable <= quantity.material:
            return Outcome.DOES_NOT_SUPPORT, f"{seen}; {smallest} would have been found", ""
        return Outcome.INCONCLUSIVE, f"{seen}; only {smallest} or more would have been found", _SHARPER

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
        suspect = self.reading.seen.suspect
        requests = self.reading.requests(suspect)
        answered = (one for one in requests if self.reading.seen.answer(suspect, one) is not None)
        ids = (observation_id(suspect.digest, request_digest(one)) for one in answered)
        return Finding(
            claim=Claim.BENCHMARK_OVERFIT,
            probe=self.reading.spec.id,
            method=self.reading.quantity.method,
            suspect=suspect.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=result,
            facts=facts,
            exhibits=exhibits,
            observation_ids=tuple(dict.fromkeys(ids)),
            limits=(
                *self.reading.quantity.limits,
                "References that have seen the items as well hide what the suspect has seen.",
                "Who learned the items in other words than these were put in may show nothing here.",
            ),
        )

    def _result(self, leading: Compared, p_value: float, outcome: Outcome) -> TestResult:
        quantity, found, references = self.reading.quantity, leading.found, self._comparison.references
        return TestResult(
            method=quantity.method,
            null="the suspect's gap between published items and twins is one more draw among references'",
            alternative="the suspect has seen the published items",
            statistic=leading.gap,
            statistic_name=f"{quantity.statistic}, {quantity.unit}",
            effect=found.value,
            effect_unit=quantity.unit,
            interval=(found.low, found.high),
            p_value=p_value,
            n=len(references) + 1,
            unit_of_replication="models",
            # Where nothing found clears nobody it is shown, and counts neither for nor against.
            guarantee=Guarantee.PARAMETRIC
            if outcome is Outcome.SUPPORTS or self.reading.clears
            else Guarantee.INDICATIVE,
            assumptions=(
                "no reference has seen the items",
                "gaps of models that have not seen them scatter normally",
            ),
            source=f"{quantity.source}; prediction of one further draw (Whitmore 1986); Holm (1979)",
            controls=tuple(
                ControlValue(name=one.name, stratum="reference", value=gap)
                for one, gap in zip(references, leading.gaps, strict=True)
            ),
        )

    def _facts(self, leading: Compared) -> tuple[Fact, ...]:
        suspect = self.reading.seen.suspect
        return (
            Fact(name="benchmark", value=leading.name, meaning="the benchmark with the smallest p-value"),
            *self.reading.facts(leading.own, leading.found, self._comparison.detectable(leading)),
            Fact(
                name="references",
                value=len(self._comparison.references),
                meaning="models whose gaps are the yardstick",
            ),
            Fact(name="items", value=leading.items, meaning="items that suspect and references answered"),
            Fact(
                name="unscored",
                value=int((~self._comparison.answered(suspect)).sum()),
                meaning="items without an answer that could be judged",
            ),
            Fact(name="cause", value="not told", meaning="what was learned"),
        )

    def _table(self, p_values: tuple[float, ...]) -> Table:
        quantity = self.reading.quantity
        rows = tuple(
            (
                one.name,
                one.items,
                quantity.plain(one.own[0]),
                quantity.plain(one.own[1]),
                quantity.signed(one.gap),
                quantity.signed(one.usual[0] - one.usual[1]),
                f"{quantity.signed(one.found.low)} to {quantity.signed(one.found.high)}",
                f"{p_value:.2g}",
            )
            for one, p_value in zip(self._compared, p_values, strict=True)
        )
        return Table(
            title=quantity.table,
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
                label=one.name, value=one.found.value, low=one.found.low, high=one.found.high, n=one.items
            )
            for one in self._compared
        )
        quantity = self.reading.quantity
        return Estimates(title=quantity.forest, unit=quantity.unit, rows=rows, reference=0.0)
