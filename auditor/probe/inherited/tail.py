"""From right and wrong answers to a finding on what was lost at the tail, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from auditor.array import NDArray
from auditor.probe.inherited.answers import KeyedAnswers
from auditor.probe.inherited.asking import FEWEST_ITEMS, KeyedAsking, KeyedParameters
from auditor.record.finding import Claim, Estimate, Estimates, Fact, Finding, Outcome
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Subject
from auditor.stats.paired import Decision
from auditor.stats.paired_loss import PairedLoss, loss_difference, mean_loss, smallest_loss

METHOD = "tail_loss"
#: References from whose answers difficulty is read, where the file states no frequency.
FEWEST_REFERENCES = 3
#: Fewest items at either end.
_FEWEST_AT_END = 20
#: Share of the references' replies that an item needs.
_SHARE_ANSWERED = 0.9
#: Standard deviation, in points, of an item's loss that is planned for: one in four differs.
_SPREAD = 50.0
_OUTCOMES = {
    Decision.OVER: Outcome.SUPPORTS,
    Decision.UNDER: Outcome.DOES_NOT_SUPPORT,
    Decision.UNDECIDED: Outcome.INCONCLUSIVE,
}


class TailLossParameters(KeyedParameters):
    """Parameters of the comparison of rare with common items.

    Attributes:
        margin_points: Points more lost at the tail that count as nothing.
    """

    margin_points: float = Field(default=5.0, ge=0)


@dataclass(frozen=True)
class _Ends:
    """The items from the commonest or easiest to the rarest or hardest, in thirds.

    Attributes:
        tail: The rarest or hardest.
        head: The commonest or easiest.
        words: What they are called.
        by: What they were sorted by.
    """

    tail: Bool[NDArray[np.bool_], " items"]
    head: Bool[NDArray[np.bool_], " items"]
    words: tuple[str, str]
    by: str


@dataclass(frozen=True)
class TailFindings:
    """Turns answers into one finding for each candidate teacher.

    Attributes:
        asking: The questions, with the answers.
        parameters: Parameters of the probe.
    """

    asking: KeyedAsking
    parameters: TailLossParameters

    def all(self) -> tuple[Finding, ...]:
        """One finding for each candidate; a single one where there is none."""
        if not self.asking.spec.items:
            return (self._open(None, "no benchmark was given", "--benchmark FILE"),)
        if not self.asking.teachers:
            return (self._open(None, "no candidate teacher is named", "--teacher MODEL"),)
        return tuple(self._about(one) for one in self.asking.teachers)

    def forecast(self) -> tuple[str, ...]:
        """What so many items can find."""
        items = len(self.asking.items)
        if items < FEWEST_ITEMS or not self.asking.teachers:
            return ()
        level = self.parameters.alpha / len(self.asking.teachers)
        least = smallest_loss(_SPREAD, items / 6, margin=self.parameters.margin_points, alpha=level)
        return (
            f"{items} items find {least:.0f} points more lost on the rarest or hardest third than on the "
            "commonest or easiest with probability 0.8, where the two differ on one item in four",
        )

    @cached_property
    def _answers(self) -> KeyedAnswers:
        return KeyedAnswers(self.asking)

    @cached_property
    def _frequency(self) -> Float[NDArray[np.float64], " items"]:
        """What the file says of how common each item is; NaN where it says nothing."""
        stated = {
            (str(row["benchmark"]), str(row["id"])): row.get("frequency") for row in self.asking.spec.items
        }
        found = [stated.get((one.benchmark, one.id)) for one in self.asking.items]
        return np.array([math.nan if one is None else float(one) for one in found])

    @cached_property
    def _ease(self) -> Float[NDArray[np.float64], " items"]:
        """Share of the references that are right; NaN where too few of them answered."""
        references = self.asking.references
        answered = np.stack([self._answers.answered(one) for one in references])
        right = np.stack([self._answers.right(one) for one in references])
        enough = answered.mean(axis=0) >= _SHARE_ANSWERED
        share = right.sum(axis=0) / np.maximum(answered.sum(axis=0), 1)
        return np.where(enough, share, np.nan)

    def _about(self, teacher: Subject) -> Finding:
        suspect = self.asking.seen.suspect
        both = self._answers.answered(suspect) & self._answers.answered(teacher)
        by_file = both & ~np.isnan(self._frequency)
        if by_file.sum() >= FEWEST_ITEMS:
            ends = _thirds(
                self._frequency, by_file, ("rarest", "commonest"), "frequency as the file states it"
            )
        elif len(self.asking.references) < FEWEST_REFERENCES:
            return self._open(
                teacher,
                f"nothing tells which items are rare: the file states no frequency, and "
                f"{len(self.asking.references)} references answered, of {FEWEST_REFERENCES} that it takes to "
                "read difficulty off them",
                "a column frequency or rarity in the file, or --control MODEL for models of neither's making",
            )
        else:
            ends = _thirds(
                self._ease,
                both & ~np.isnan(self._ease),
                ("hardest", "easiest"),
                f"how many of {len(self.asking.references)} references are right",
            )
        if ends is None:
            return self._open(
                teacher,
                f"of the items that both answered, fewer than {_FEWEST_AT_END} are at one of the ends",
                "more items, or references that differ in what they know",
            )
        return self._concluded(teacher, ends)

    def _losses(self, teacher: Subject) -> Float[NDArray[np.float64], " items"]:
        """100 where only the candidate is right, -100 where only the suspect is."""
        right = (self._answers.right(one).astype(float) for one in (teacher, self.asking.seen.suspect))
        first, second = right
        losses: NDArray[np.float64] = 100.0 * (first - second)
        return losses

    def _concluded(self, teacher: Subject, ends: _Ends) -> Finding:
        losses, margin = self._losses(teacher), self.parameters.margin_points
        level = self.parameters.alpha / len(self.asking.teachers)
        loss = loss_difference(losses[ends.tail], losses[ends.head], margin=margin, alpha=level)
        tail, head = (float(losses[one].mean()) for one in (ends.tail, ends.head))
        seen = (
            f"on the {ends.words[0]} items the suspect is {tail:+.1f} points behind {teacher.name}, on the "
            f"{ends.words[1]} {head:+.1f}: {loss.value:+.1f} points more is lost at the tail "
            f"({loss.low:+.1f} to {loss.high:+.1f})"
        )
        decisive = ""
        if loss.decision is Decision.UNDECIDED:
            needed = loss.items_needed(len(losses), margin)
            decisive = f"about {needed} items" if needed else "more items; the loss lies on the margin itself"
            seen += f"; whether that is more than {margin:g} is open"
        elif loss.decision is Decision.UNDER:
            seen += f"; {margin:g} points or more are excluded"
        return Finding(
            claim=Claim.TAIL_LOSS,
            probe=self.asking.spec.id,
            method=METHOD,
            suspect=self.asking.seen.suspect.digest,
            teacher=teacher.digest,
            outcome=_OUTCOMES[loss.decision],
            reason=seen,
            decisive=decisive,
            result=self._result(ends, loss),
            facts=self._facts(ends, loss, tail, head),
            exhibits=(self._forest(teacher, ends),),
            observation_ids=self.asking.observation_ids((self.asking.seen.suspect, teacher)),
            limits=(
                "Losses are counted in points of right answers. Where the candidate knows little, little "
                "can be lost: a loss on items that hardly anybody gets right is hidden.",
                "Smaller models lose rare knowledge without any teacher. This says what is missing, not why.",
            ),
        )

    def _result(self, ends: _Ends, loss: PairedLoss) -> TestResult:
        return TestResult(
            method=METHOD,
            null=f"the suspect falls behind the candidate no more on the {ends.words[0]} items than on the "
            f"{ends.words[1]}",
            alternative="what is lost is lost at the tail",
            statistic=loss.value,
            statistic_name=f"points behind the candidate, {ends.words[0]} third minus {ends.words[1]} third",
            effect=loss.value,
            effect_unit="points",
            interval=(loss.low, loss.high),
            p_value=loss.p_value,
            n=int(ends.tail.sum() + ends.head.sum()),
            unit_of_replication="items",
            guarantee=Guarantee.ASYMPTOTIC,
            assumptions=(
                "items are a sample of those that matter",
                f"they were sorted by {ends.by}, which suspect and candidate have no part in",
            ),
            source="difference of paired differences, Welch (1947)",
        )

    def _facts(self, ends: _Ends, loss: PairedLoss, tail: float, head: float) -> tuple[Fact, ...]:
        return (
            Fact(name="loss_points", value=loss.value, unit="points", meaning="more lost at the tail"),
            Fact(name="loss_low", value=loss.low, unit="points", meaning="lower end of its interval"),
            Fact(name="loss_high", value=loss.high, unit="points", meaning="upper end of its interval"),
            Fact(
                name="margin_points",
                value=self.parameters.margin_points,
                unit="points",
                meaning="no loss up to here",
            ),
            Fact(
                name="tail_points", value=tail, unit="points", meaning=f"behind on the {ends.words[0]} items"
            ),
            Fact(
                name="head_points", value=head, unit="points", meaning=f"behind on the {ends.words[1]} items"
            ),
            Fact(name="tail_items", value=int(ends.tail.sum()), meaning=f"items among the {ends.words[0]}"),
            Fact(name="head_items", value=int(ends.head.sum()), meaning=f"items among the {ends.words[1]}"),
            Fact(name="sorted_by", value=ends.by, meaning="what makes an item rare or hard"),
        )

    def _forest(self, teacher: Subject, ends: _Ends) -> Estimates:
        losses = self._losses(teacher)
        rows = []
        for label, chosen in ((ends.words[1], ends.head), (ends.words[0], ends.tail)):
            one = mean_loss(losses[chosen], margin=0.0, alpha=self.parameters.alpha)
            rows.append(
                Estimate(label=label, value=one.value, low=one.low, high=one.high, n=int(chosen.sum()))
            )
        return Estimates(
            title=f"Points behind {teacher.name}, by {ends.by}",
            unit="points",
            rows=tuple(rows),
            reference=0.0,
        )

    def _open(self, teacher: Subject | None, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.TAIL_LOSS,
            probe=self.asking.spec.id,
            method=METHOD,
            suspect=self.asking.seen.suspect.digest,
            teacher=None if teacher is None else teacher.digest,
            outcome=Outcome.INCONCLUSIVE,
            reason=reason,
            decisive=decisive,
        )


def _thirds(
    values: Float[NDArray[np.float64], " items"],
    usable: Bool[NDArray[np.bool_], " items"],
    words: tuple[str, str],
    by: str,
) -> _Ends | None:
    """The lowest and the highest third by value, ties together; None where one of them is too small."""
    low, high = np.quantile(values[usable], [1 / 3, 2 / 3]) if usable.any() else (0.0, 0.0)
    tail, head = usable & (values <= low), usable & (values >= high)
    if low >= high:  # a tie reaches over two thirds: what lies strictly on either side is left
        tail, head = usable & (values < low), usable & (values >= high)
        if tail.sum() < _FEWEST_AT_END:
            tail, head = usable & (values <= low), usable & (values > high)
    if min(tail.sum(), head.sum()) < _FEWEST_AT_END:
        return None
    return _Ends(tail, head, words, by)
