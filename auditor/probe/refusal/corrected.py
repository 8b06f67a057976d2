"""A paired difference of refusals, corrected for the judge's errors by people's labels of a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

from auditor.probe.label.correction import Correction
from auditor.probe.refusal.comparison import METHOD, Comparison, Shift, of_labels
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.record.finding import Estimate, Estimates, Exhibit, Fact, Table
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Subject
from auditor.stats.paired import Decision
from auditor.stats.prediction_powered import Powered, required_labels

_SOURCE = (
    "Angelopoulos et al. 2023, Science 382, 669 (prediction-powered inference); Angelopoulos, Duchi and "
    "Zrnic 2023 (power tuning); rates: Rogan and Gladen 1978, intervals: Lang and Reiczigel 2014"
)
_ASSUMPTIONS = (
    "prompts are independent of each other",
    "people's labels are right; where raters differ, the share of them is taken",
    "prompts whose labels are missing or unsure are like the others of their stratum",
    "there are labels enough for Student's approximation",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeErrors:
    """Errors of a judge on answers that people labelled.

    Attributes:
        missed: Refusals that it did not call so.
        refusals: Refusals in all.
        mistaken: Helpful answers that it called refusals.
        helpful: Helpful answers in all.
    """

    missed: int
    refusals: int
    mistaken: int
    helpful: int

    def variance(self, refused: float) -> float:
        """Variance of its error on a model of which it calls the share ``refused`` refusals."""
        miss, alarm = self.missed / self.refusals, self.mistaken / self.helpful
        youden = 1.0 - miss - alarm
        true = min(1.0, max(0.0, (refused - alarm) / youden)) if youden > 0.0 else 0.5
        wrong = true * miss + (1.0 - true) * alarm
        return wrong - (true * miss - (1.0 - true) * alarm) ** 2


#: Locator of the judge that a scan takes where none is named.
_EMBEDDING = "embedding"
#: What is assumed of a judge whose errors nobody has counted: that one in ten answers is misjudged.
_ASSUMED = JudgeErrors(missed=1, refusals=10, mistaken=1, helpful=10)
#: The rules on 169 answers that people labelled; the README says which, and how to repeat it.
RULES = JudgeErrors(missed=48, refusals=109, mistaken=0, helpful=60)
#: The embedding judge on 226 answers of two models that people labelled and that nobody looked at while
#: it was made; the README says which.
EMBEDDING = JudgeErrors(missed=16, refusals=89, mistaken=14, helpful=137)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A corrected difference, beside the judged one that it replaces.

    Attributes:
        correction: What people's labels make of it.
        difference: The prediction-powered difference.
        complied: The same, counting only prompts that the other side complied with.
        parameters: Parameters of the probe.
    """

    correction: Correction
    difference: Powered
    complied: Powered
    parameters: RefusalParameters

    @staticmethod
    def of(correction: Correction | None, parameters: RefusalParameters) -> Corrected | None:
        """The corrected difference, or None where there are no labels or too few."""
        if correction is None or correction.difference is None or correction.complied is None:
            return None
        return Corrected(
            correction=correction,
            difference=correction.difference,
            complied=correction.complied,
            parameters=parameters,
        )

    @property
    def decision(self) -> Decision:
        """Where the difference lies relative to the margin."""
        return self._decide(self.difference)

    @property
    def complied_decision(self) -> Decision:
        """The same of the difference that counts only compliance."""
        return self._decide(self.complied)

    def _decide(self, found: Powered) -> Decision:
        margin = self.parameters.margin
        if found.low > margin and found.p_value < self.parameters.alpha:
            return Decision.OVER
        return Decision.UNDER if found.high < margin else Decision.UNDECIDED

    def words(self) -> str:
        """The corrected difference for people, as a clause that follows the judged one."""
        one = self.difference
        return (
            f"corrected for the judge's errors by people's labels of {self.correction.prompts} prompts "
            f"{100 * one.estimate:.1f} points ({100 * self.parameters.level:g} % interval "
            f"{100 * one.low:.1f} to {100 * one.high:.1f})"
        )

    def facts(self, name: str, what: str, judged: Shift) -> tuple[Fact, ...]:
        """Corrected difference with its interval under ``name``, and the judged one under its own."""
        one, said = self.difference, self.correction
        facts = [
            Fact(
                name=f"{name}_points", value=100 * one.estimate, unit="points", meaning=f"{what}, corrected"
            ),
            Fact(name=f"{name}_low", value=100 * one.low, unit="points", meaning="lower end of its interval"),
            Fact(
                name=f"{name}_high", value=100 * one.high, unit="points", meaning="upper end of its interval"
            ),
            Fact(name=f"judged_{name}_points", value=judged.points, unit="points", meaning="as judged"),
            Fact(name="labelled_prompts", value=said.prompts, meaning="both answers labelled by people"),
            Fact(name="raters", value=said.raters, meaning="people who labelled"),
            Fact(name="unsure_labels", value=said.unsure, meaning="labels that say unsure, left out"),
            Fact(name="judge_weight", value=one.trust, meaning="how far the judge is used: 0 not, 1 in full"),
        ]
        if said.table is not None and (kappa := said.table.kappa()) is not None:
            facts.append(
                Fact(name="raters_kappa", value=kappa, meaning="agreement of the raters beyond chance")
            )
        return tuple(facts)

    def smallest_detectable(self, power: float = 0.8) -> float | None:
        """The smallest true difference that is over the margin with probability ``power``; None if over 1."""
        needed = self.difference.margin_of(self.parameters.level, power)
        return self.parameters.margin + needed if self.parameters.margin + needed <= 1.0 else None

    def decisive(self) -> str:
        """How many labels would decide, if the corrected difference is the true one."""
        one = self.difference
        needed = one.labels_for(max(abs(one.estimate - self.parameters.margin), 1e-6), self.parameters.level)
        if needed is None or one.labelled >= one.everything:
            return "more prompts: labels of all answers there are would not decide"
        return (
            f"labels of about {min(one.everything, max(needed, one.labelled + 1))} prompts, instead of "
            f"{one.labelled} (auditor label)"
        )

    def result(self, compared: Comparison, alternative: str) -> TestResult:
        """The test of the corrected difference."""
        one = self.difference
        return TestResult(
            method=METHOD,
            null="the two refuse equally often",
            alternative=alternative,
            statistic=one.estimate / one.standard_error,
            statistic_name=f"prediction-powered difference over its standard error, t with {one.freedom:.0f} "
            "degrees of freedom",
            p_value=one.p_value,
            effect=100 * one.estimate,
            effect_unit="points",
            interval=(100 * one.low, 100 * one.high),
            level=compared.parameters.level,
            n=one.everything,
            unit_of_replication="prompts",
            guarantee=Guarantee.ASYMPTOTIC,
            assumptions=_ASSUMPTIONS,
            source=_SOURCE,
        )

    def exhibits(self, names: tuple[str, str], judged: Shift, title: str) -> tuple[Exhibit, ...]:
        """Differences before and after correction, and the judge's errors on each model.

        Args:
            names: The model that is taken off from, and the other.
            judged: The difference by the judge alone.
            title: What the difference is.
        """
        said, one = self.correction, self.difference
        rows = [("by the judge alone", judged.points, 100 * judged.low, 100 * judged.high, judged.n)]
        if said.rates_difference is not None:
            value, low, high = said.rates_difference
            rows.append(("rates corrected (Rogan–Gladen)", 100 * value, 100 * low, 100 * high, said.prompts))
        rows.append(("prediction-powered", 100 * one.estimate, 100 * one.low, 100 * one.high, one.labelled))
        forest = Estimates(
            title=f"{title}, judged and corrected",
            unit="points",
            rows=tuple(Estimate(label=a, value=b, low=c, high=d, n=n) for a, b, c, d, n in rows),
            reference=100 * self.parameters.margin,
            level=self.parameters.level,
        )
        return forest, self._errors(names)

    def _errors(self, names: tuple[str, str]) -> Table:
        return Table(
            title="The judge's errors on each model, and refusal rates corrected for them",
            columns=("model", "judged rate", "sensitivity", "specificity", "corrected rate", "low", "high"),
            rows=tuple(
                (
                    name,
                    one.refused / one.n if one.n else None,
                    one.errors.sensitivity if one.errors.positives else None,
                    one.errors.specificity if one.errors.negatives else None,
                    one.corrected.estimate if one.corrected else None,
                    one.corrected.low if one.corrected else None,
                    one.corrected.high if one.corrected else None,
                )
                for name, one in zip(names, self.correction.rates, strict=True)
            ),
            note="Sensitivity is the share of refusals that the judge calls so, specificity that of other "
            "answers that it does not, both from people's labels weighted by inverse inclusion probability; "
            f"Lang and Reiczigel's intervals at {100 * self.parameters.level:g} %.",
        )


def judge_limit(compared: Comparison, correction: Correction | None, shift: Shift, *rates: float) -> str:
    """What is known of the judge's errors in one finding, as a limit of it.

    Args:
        compared: Who is compared, and by which judge.
        correction: What people's labels make of it, where there are any.
        shift: The difference by the judge alone.
        rates: Shares that the judge calls refused, of both models.
    """
    if correction is not None and not correction.lacking:
        left = f", {correction.unsure} of them unsure and left out" if correction.unsure else ""
        return (
            f"the judge's errors are corrected by the labels of {correction.raters} "
            f"{'person' if correction.raters == 1 else 'people'}, whose own errors are not{left}; retention, "
            "categories and the answers shown are the judge's alone"
        )
    had = f" (there are labels, but {correction.lacking})" if correction is not None else ""
    known = f"{of_labels(compared.judge)}{had}"
    if not shift.n:
        return known
    counted = counted_errors(compared.judge)
    errors = counted or _ASSUMED
    half_width = max(abs(shift.points / 100.0 - compared.parameters.margin), 1e-6)
    spread = (shift.b + shift.c) / shift.n - (shift.points / 100.0) ** 2
    needed = required_labels(half_width, shift.n, spread, math.fsum(errors.variance(one) for one in rates))
    plan = (
        "not even labels of all these answers would settle it"
        if needed is None
        else f"labels by people of about {needed} of these {shift.n} prompts would settle it (auditor label)"
    )
    if counted is None:
        return f"{known}; if it misjudges one answer in ten, {plan}"
    return (
        f"{known}: on answers labelled by people {counted.missed} of {counted.refusals} refusals were missed "
        f"and {counted.mistaken} of {counted.helpful} helpful answers called refusals; with as many errors "
        f"here, {plan}"
    )


def counted_errors(judge: Subject | None) -> JudgeErrors | None:
    """The errors that were counted of a judge; None for a judge of the user's own.

    Args:
        judge: Who gave the labels; None for the rules.
    """
    if judge is None:
        return RULES
    return EMBEDDING if judge.locator == _EMBEDDING else None
