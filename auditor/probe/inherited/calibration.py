"""From the weights of options to a finding on lost calibration, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.inherited.answers import KeyedAnswers
from auditor.probe.inherited.asking import FEWEST_ITEMS, KeyedAsking, KeyedParameters
from auditor.record.finding import Claim, Estimate, Estimates, Fact, Finding, Outcome, Table
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Access, Subject
from auditor.stats.calibration import Refitted, expected_calibration_error, refitted, reliability
from auditor.stats.intervals import wilson
from auditor.stats.paired import Decision
from auditor.stats.paired_loss import PairedLoss, mean_loss, smallest_loss

METHOD = "calibration_loss"
#: Standard deviation of an item's loss that is planned for: a suspect whose logits are twice too large.
_SPREAD = 0.23
#: Ratio by which a temperature has to be further off to be called so.
_FURTHER = 1.1
_OUTCOMES = {
    Decision.OVER: Outcome.SUPPORTS,
    Decision.UNDER: Outcome.DOES_NOT_SUPPORT,
    Decision.UNDECIDED: Outcome.INCONCLUSIVE,
}


class CalibrationLossParameters(KeyedParameters):
    """Parameters of the comparison of calibration.

    Attributes:
        margin: Loss of Brier score (0 to 2) through a wrong temperature that counts as none.
    """

    margin: float = 0.02


@dataclass(frozen=True)
class _Pair:
    """Suspect and one candidate on the items whose options both weighed."""

    used: Bool[NDArray[np.bool_], " items"]
    keys: NDArray[np.int64]
    suspect: Refitted
    teacher: Refitted
    loss: PairedLoss

    @property
    def further_off(self) -> bool:
        """Whether the suspect's best temperature is a tenth or more further from 1 than the candidate's."""
        own, other = (abs(math.log(one.temperature)) for one in (self.suspect, self.teacher))
        return own - other > math.log(_FURTHER)

    def accuracy(self, one: Refitted) -> float:
        return float((one.shares.argmax(axis=1) == self.keys).mean())


@dataclass(frozen=True)
class CalibrationFindings:
    """Turns answers into one finding for each candidate teacher.

    Attributes:
        asking: The questions, with the answers.
        parameters: Parameters of the probe.
    """

    asking: KeyedAsking
    parameters: CalibrationLossParameters

    def all(self) -> tuple[Finding, ...]:
        """One finding for each candidate; a single one where there is none."""
        if not self.asking.spec.items:
            return (self._open(None, "no benchmark was given", "--benchmark FILE"),)
        if not self.asking.teachers:
            return (self._open(None, "no candidate teacher is named", "--teacher MODEL"),)
        return tuple(self._about(one) for one in self.asking.teachers)

    def forecast(self) -> tuple[str, ...]:
        """What so many items with options can find."""
        items, teachers = int((self._answers.options >= 2).sum()), len(self.asking.teachers)
        if items < FEWEST_ITEMS or not teachers:
            return ()
        level = self.parameters.alpha / teachers
        least = smallest_loss(
            _SPREAD, items, margin=self.parameters.margin, alpha=level, null=self.parameters.margin
        )
        return (
            f"{items} items with options find {least:.2f} of Brier score lost to a wrong temperature with "
            "probability 0.8, where the logits of the suspect are twice too large",
        )

    @cached_property
    def _answers(self) -> KeyedAnswers:
        return KeyedAnswers(self.asking)

    def _scores(self, model: Subject) -> Float[NDArray[np.float64], "items options"]:
        return self._answers.scores(model)

    def _about(self, teacher: Subject) -> Finding:
        suspect = self.asking.seen.suspect
        for model in (suspect, teacher):
            if model.access < Access.LOGPROBS:
                return self._open(
                    teacher,
                    f"{model.name} tells no log-probabilities, and how sure it is cannot be read off answers",
                    "a model that tells log-probabilities",
                )
        used = self._answers.weighs(suspect) & self._answers.weighs(teacher)
        if used.sum() < FEWEST_ITEMS:
            return self._open(
                teacher,
                f"{int(used.sum())} items with options were weighed by both; {FEWEST_ITEMS} are the least",
                "more items of multiple choice",
            )
        keys = self._answers.keys[used]
        own, other = (refitted(self._scores(one)[used], keys) for one in (suspect, teacher))
        level = self.parameters.alpha / len(self.asking.teachers)
        margin = self.parameters.margin
        # Of no loss at all the test would be degenerate: with both temperatures at 1, the estimate and its
        # standard error are both of the order of 1 / items.
        loss = mean_loss(own.excess - other.excess, margin=margin, alpha=level, null=margin)
        return self._concluded(teacher, _Pair(used, keys, own, other, loss))

    def _concluded(self, teacher: Subject, pair: _Pair) -> Finding:
        loss, margin, items = pair.loss, self.parameters.margin, int(pair.used.sum())
        seen = (
            f"a wrong temperature costs the suspect {loss.value:+.3f} of Brier score more than it costs "
            f"{teacher.name} ({loss.low:+.3f} to {loss.high:+.3f}; its best temperature is "
            f"{pair.suspect.temperature:.2f}, the candidate's {pair.teacher.temperature:.2f})"
        )
        decisive = ""
        if loss.decision is Decision.UNDECIDED:
            needed = loss.items_needed(items, margin)
            decisive = f"about {needed} items" if needed else "more items; the loss lies on the margin itself"
            seen += f"; whether that is more than {margin:g} is open"
        elif loss.decision is Decision.UNDER:
            seen += f"; a loss of {margin:g} or more is excluded"
        elif not pair.further_off:
            # The same temperature costs more where more is wrong: that is lost knowledge.
            decisive = "items on which both are right as often"
            seen += (
                "; its temperature is hardly further off than the candidate's, so that it may lose more only "
                "for being wrong more often"
            )
        lost = loss.decision is Decision.OVER
        return Finding(
            claim=Claim.CALIBRATION_LOSS,
            probe=self.asking.spec.id,
            method=METHOD,
            suspect=self.asking.seen.suspect.digest,
            teacher=teacher.digest,
            outcome=Outcome.INCONCLUSIVE if lost and not pair.further_off else _OUTCOMES[loss.decision],
            reason=seen,
            decisive=decisive,
            result=self._result(pair),
            facts=self._facts(pair),
            exhibits=(self._scores_table(teacher, pair), *self._reliability(teacher, pair)),
            observation_ids=self.asking.observation_ids((self.asking.seen.suspect, teacher)),
            limits=(
                "One temperature for all items tells models that are too sure or not sure enough. Who is too "
                "sure here and not sure enough there has lost calibration that this does not see.",
                "Probabilities are those of the options beside each other, not of all that could be said.",
                "A candidate that is itself badly calibrated is easily matched; its temperature is shown.",
            ),
        )

    def _result(self, pair: _Pair) -> TestResult:
        loss = pair.loss
        return TestResult(
            method=METHOD,
            null=f"a wrong temperature costs the suspect at most {self.parameters.margin:g} of Brier score "
            "more than it costs the candidate",
            alternative="the suspect's probabilities are less true than the candidate's",
            statistic=loss.value,
            statistic_name="Brier score lost to a wrong temperature, suspect minus candidate",
            effect=loss.value,
            effect_unit="Brier score",
            interval=(loss.low, loss.high),
            p_value=loss.p_value,
            n=int(pair.used.sum()),
            unit_of_replication="items",
            guarantee=Guarantee.ASYMPTOTIC,
            assumptions=(
                "items are a sample of those that matter",
                "temperatures come from the other half of the items",
            ),
            source="Brier (1950); temperature scaling (Guo et al. 2017)",
        )

    def _facts(self, pair: _Pair) -> tuple[Fact, ...]:
        own, other, loss = pair.suspect, pair.teacher, pair.loss
        bins = [reliability(one.shares, pair.keys) for one in (own, other)]
        brier = float(np.mean(own.own - other.own))
        mended = float(np.mean(own.mended - other.mended))
        return (
            Fact(name="loss", value=loss.value, unit="Brier score", meaning="lost to a wrong temperature"),
            Fact(name="loss_low", value=loss.low, unit="Brier score", meaning="lower end of its interval"),
            Fact(name="loss_high", value=loss.high, unit="Brier score", meaning="upper end of its interval"),
            Fact(
                name="margin", value=self.parameters.margin, unit="Brier score", meaning="no loss up to here"
            ),
            Fact(name="brier_difference", value=brier, unit="Brier score", meaning="suspect minus candidate"),
            Fact(
                name="brier_difference_refitted",
                value=mended,
                unit="Brier score",
                meaning="the same after both have their best temperature: what else was lost",
            ),
            Fact(
                name="temperature", value=own.temperature, meaning="the suspect's best; above 1 if too sure"
            ),
            Fact(name="teacher_temperature", value=other.temperature, meaning="the candidate's best"),
            Fact(
                name="calibration_error",
                value=expected_calibration_error(bins[0]),
                meaning="the suspect's distance of confidence from accuracy, over five bins",
            ),
            Fact(
                name="teacher_calibration_error",
                value=expected_calibration_error(bins[1]),
                meaning="the candidate's",
            ),
            Fact(name="items", value=int(pair.used.sum()), meaning="items whose options both weighed"),
        )

    def _scores_table(self, teacher: Subject, pair: _Pair) -> Table:
        rows = tuple(
            (
                name,
                f"{pair.accuracy(one):.1%}",
                f"{float(one.own.mean()):.3f}",
                f"{float(one.mended.mean()):.3f}",
                f"{float(one.excess.mean()):+.3f}",
                f"{one.temperature:.2f}",
            )
            for name, one in (
                (self.asking.seen.suspect.name, pair.suspect),
                (teacher.name, pair.teacher),
            )
        )
        return Table(
            title="Brier scores as answered, and with the temperature that fits best",
            columns=("model", "right", "Brier score", "refitted", "lost to temperature", "best temperature"),
            rows=rows,
            note="0 is perfect, 2 is sure of the wrong option everywhere. Each half of the items has the "
            "temperature that fits the other half.",
        )

    def _reliability(self, teacher: Subject, pair: _Pair) -> tuple[Estimates, ...]:
        """How far accuracy lies from confidence, by confidence."""
        found = []
        for name, one in ((self.asking.seen.suspect.name, pair.suspect), (teacher.name, pair.teacher)):
            rows = []
            for each in reliability(one.shares, pair.keys):
                low, high = wilson(each.right, each.items)
                rows.append(
                    Estimate(
                        label=f"confidence {each.low:.0%} to {each.high:.0%}",
                        value=100 * (each.right / each.items - each.confidence),
                        low=100 * (low - each.confidence),
                        high=100 * (high - each.confidence),
                        n=each.items,
                    )
                )
            found.append(
                Estimates(
                    title=f"Right more often (+) or less often (−) than it is sure: {name}",
                    unit="points",
                    rows=tuple(rows),
                    reference=0.0,
                )
            )
        return tuple(found)

    def _open(self, teacher: Subject | None, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.CALIBRATION_LOSS,
            probe=self.asking.spec.id,
            method=METHOD,
            suspect=self.asking.seen.suspect.digest,
            teacher=None if teacher is None else teacher.digest,
            outcome=Outcome.INCONCLUSIVE,
            reason=reason,
            decisive=decisive,
        )
