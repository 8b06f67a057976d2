"""The finding of all tests of a user's benchmarks together."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.probe.recall.together import ACCURACY, Cell, Together
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.observation import observation_id
from auditor.record.request import request_digest
from auditor.record.result import Guarantee, TestResult

METHOD = "benchmark_evidence"
_CLEAN, _OPEN, _LEARNED = "not learned", "open", "learned"


@dataclass(frozen=True)
class TogetherFinding:
    """What all tests say of all benchmarks.

    Attributes:
        together: The tests.
    """

    together: Together

    def finding(self) -> Finding:
        """The finding."""
        cells = self.together.cells
        if not cells:
            given = bool(self.together.spec.items)
            return self._finding(
                Outcome.INCONCLUSIVE,
                "no test could be made of any benchmark" if given else "no benchmark was given",
                "the findings of the single tests say what each of them needs"
                if given
                else "--benchmark FILE",
            )
        leading = min(cells, key=lambda one: one.adjusted)
        verdicts = {name: self._verdict(name) for name in self._benchmarks}
        learned = [name for name, verdict in verdicts.items() if verdict == _LEARNED]
        told = f"of {len(cells)} tests of all benchmarks together"
        least = (
            f"the smallest p-value is {leading.adjusted:.2g} (Holm; {leading.name}, {leading.compared.name})"
        )
        if learned:
            outcome, reason, decisive = (
                Outcome.SUPPORTS,
                f"{', '.join(learned)} was learned: {told} {least}",
                "",
            )
        elif all(verdict == _CLEAN for verdict in verdicts.values()):
            reason = f"{told} {least}; {self._largest:.0f} points more right answers would have been found"
            outcome, decisive = Outcome.DOES_NOT_SUPPORT, ""
        else:
            outcome, reason = Outcome.INCONCLUSIVE, f"{told} {least}, and not all would have found a gap"
            decisive = (
                "more references that cannot have seen the items, more items, or items in words that the "
                "suspect can answer"
            )
        return self._finding(outcome, reason, decisive, leading, self._table(verdicts))

    @property
    def _benchmarks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(one["benchmark"]) for one in self.together.spec.items))

    @property
    def _largest(self) -> float:
        return max(one.detectable for one in self.together.cells if one.name == ACCURACY)

    def _verdict(self, benchmark: str) -> str:
        """Learned where a test found it; clean by right answers alone, where enough would have been found."""
        cells = self.together.of(benchmark)
        if any(self.together.found(one) for one in cells):
            return _LEARNED
        unlikely = any(one.adjusted < self.together.parameters.alpha for one in cells)
        sharp = any(
            one.name == ACCURACY
            and one.detectable <= one.reading.quantity.material
            and not one.reading.unmoved(benchmark, one.compared.own)
            for one in cells
        )
        return _CLEAN if sharp and not unlikely else _OPEN

    def _cause(self, benchmark: str) -> str:
        """What of the items pays off or is known, by the tests that found it."""
        found = [one.name for one in self.together.of(benchmark) if self.together.found(one)]
        words = [one for one in found if one != ACCURACY]
        told = ["its score is too high"] * (ACCURACY in found)
        return "; ".join([*told, *([f"its words are known ({', '.join(words)})"] if words else [])])

    def _table(self, verdicts: dict[str, str]) -> Table:
        rows = []
        for name, verdict in verdicts.items():
            cells = self.together.of(name)
            answers = next((one.compared for one in cells if one.name == ACCURACY), None)
            least = min((one.adjusted for one in cells), default=None)
            shown: tuple[str | None, ...] = (None,) * 5
            if answers is not None:
                shown = (
                    f"{answers.own[0]:.1f}",
                    f"{answers.own[1]:.1f}",
                    f"{answers.gap:+.1f}",
                    f"{answers.usual[0] - answers.usual[1]:+.1f}",
                    f"{answers.found.low:+.1f} to {answers.found.high:+.1f}",
                )
            p_value = None if least is None else f"{least:.2g}"
            rows.append((name, *shown, len(cells), p_value, verdict, self._cause(name)))
        return Table(
            title="All tests by benchmark",
            columns=(
                "benchmark",
                "published",
                "twins",
                "gap",
                "references' gap",
                "difference",
                "tests",
                "smallest p (Holm)",
                "verdict",
                "cause",
            ),
            rows=tuple(rows),
            note="Accuracy in points; difference: 95 % interval of the suspect's gap less the references'.",
        )

    def _finding(
        self,
        outcome: Outcome,
        reason: str,
        decisive: str,
        leading: Cell | None = None,
        table: Table | None = None,
    ) -> Finding:
        suspect, seen = self.together.seen.suspect, self.together.seen
        requests = [one for it in self.together.readings.values() for one in it.requests(suspect)]
        answered = (one for one in requests if seen.answer(suspect, one) is not None)
        ids = (observation_id(suspect.digest, request_digest(one)) for one in answered)
        return Finding(
            claim=Claim.BENCHMARK_OVERFIT,
            probe=self.together.spec.id,
            method=METHOD,
            suspect=suspect.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=None if leading is None else self._result(leading),
            facts=() if leading is None else self._facts(leading),
            exhibits=() if table is None else (table,),
            observation_ids=tuple(dict.fromkeys(ids)),
            limits=(
                "The tests ask the same models about the same items: together they are no further evidence "
                "than the strongest of them, corrected for their number.",
                "A verdict of “not learned” is about right answers alone; tests of words clear nobody.",
                "References that have seen the items as well hide what the suspect has seen.",
            ),
        )

    def _result(self, leading: Cell) -> TestResult:
        quantity, found = leading.reading.quantity, leading.compared.found
        return TestResult(
            method=METHOD,
            null="in no test is the suspect's gap more than one more draw among references'",
            alternative="the suspect has seen the published items of a benchmark",
            statistic=leading.compared.gap,
            statistic_name=f"{leading.name}: {quantity.statistic}, {quantity.unit}",
            effect=found.value,
            effect_unit=quantity.unit,
            interval=(found.low, found.high),
            p_value=leading.adjusted,
            n=found.freedom + 2,
            unit_of_replication="models",
            guarantee=Guarantee.PARAMETRIC,
            assumptions=(
                "no reference has seen the items",
                "gaps of models that have not seen them scatter normally",
                "nothing about how the tests depend on each other",
            ),
            source="Holm (1979), Scand. J. Stat. 6, 65; prediction of one further draw (Whitmore 1986)",
        )

    def _facts(self, leading: Cell) -> tuple[Fact, ...]:
        cause = self._cause(leading.compared.name) or "not told"
        return (
            Fact(name="benchmark", value=leading.compared.name, meaning="the one with the smallest p-value"),
            Fact(name="items", value=leading.compared.items, meaning="items that everybody answered"),
            Fact(name="references", value=leading.compared.found.freedom + 1, meaning="the yardstick"),
            Fact(name="cause", value=cause, meaning="what was learned"),
        )
