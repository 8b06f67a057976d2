"""Two runs of one plan side by side: do the models answer as they did, and do the findings stand?"""

from __future__ import annotations

import math
import string
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from auditor.array import NDArray
from auditor.record.finding import Finding, Outcome
from auditor.record.observation import (
    Answer,
    Arrays,
    Choice,
    Distribution,
    Embedding,
    Likelihood,
    Text,
    TokenLikelihoods,
    TopTokens,
    WordLikelihoods,
)
from auditor.record.request import Generate, Request
from auditor.record.scan import Scan
from auditor.record.subject import Role, Subject
from auditor.stats.exchangeable_pairs import swap_test
from auditor.stats.multiplicity import holm

#: Level of the test that a model answers as it did, over all models and kinds of answer together.
LEVEL = 0.01
#: Differences of numbers that are nothing: other processors add up in another order.
ROUNDING = 1e-3
#: Mean difference of numbers that no rounding explains, be it that of bfloat16 on two kinds of processor.
ANOTHER = 0.05
_DRAWS = 1999
_DECIDED = (Outcome.SUPPORTS, Outcome.DOES_NOT_SUPPORT)


class Kept(StrEnum):
    """What became of a finding when the models were asked again."""

    STANDS = "stands"
    OPEN = "undecided both times"
    UNDECIDED_NOW = "undecided now"
    DECIDED_NOW = "decided only now"
    TURNED = "turned around"


class Replicated(StrEnum):
    """What a replication as a whole shows."""

    YES = "replicated"
    IN_PART = "not shown again"
    NO = "not replicated"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingAgreement:
    """One finding before and after.

    Attributes:
        probe: ``suite/probe-id``.
        claim: What is claimed.
        teacher: Name of the teacher that it is about; empty where it is about none.
        before: Outcome of the sealed run.
        after: Outcome of the replication; None where no such finding came of it.
        effect: Estimated effect before, where there was a test.
        interval: Its interval, where there was one.
        effect_again: Estimated effect of the replication.
        kept: What became of it.
    """

    probe: str
    claim: str
    teacher: str
    before: Outcome | None
    after: Outcome | None
    effect: float | None
    interval: tuple[float, float] | None
    effect_again: float | None
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAgreement:
    """Answers of one kind of one model to the same questions, twice.

    Attributes:
        subject: Name of the model.
        role: The part it plays.
        kind: Kind of answer.
        unit: Unit of the largest difference; empty for texts.
        compared: Questions that were answered both times.
        only_once: Questions that were answered one time only. Questions that quote a drawn answer differ
            where it was drawn anew.
        identical: Answers that are the same to the last digit.
        largest: Largest difference of a number; None for texts.
        p_value: Of the null that either answer of every pair could have come first; Holm over all rows.
        alike: Whether nothing speaks against that these come from the model that answered before.
    """

    subject: str
    role: Role
    kind: str
    unit: str
    compared: int
    only_once: int
    identical: int
    largest: float | None
    p_value: float
    alike: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A replication beside the run that it repeats.

    Attributes:
        findings: Every finding of either run.
        answers: Agreement of the answers, by model and kind.
    """

    findings: tuple[FindingAgreement, ...]
    answers: tuple[AnswerAgreement, ...]

    @property
    def replicated(self) -> Replicated:
        """The whole in one word.

        A finding that turned around, or a model that answers otherwise than it did, is a replication that
        failed. A finding that only one of the runs decides neither confirms nor refutes. Nor is anything
        confirmed where the suspect was not asked again, or nothing was decided and no answer compared.
        """
        kept = {one.kept for one in self.findings}
        suspect = [one for one in self.answers if one.role is Role.SUSPECT]
        something = any(one.compared for one in suspect) or any(
            one.after in _DECIDED for one in self.findings
        )
        if Kept.TURNED in kept or not all(one.alike for one in self.answers):
            return Replicated.NO
        return (
            Replicated.YES
            if suspect and something and kept <= {Kept.STANDS, Kept.OPEN}
            else Replicated.IN_PART
        )


def agreement(before: Scan, after: Scan, asked_again: frozenset[str]) -> Agreement:
    """Compare a run with its replication.

    Args:
        before: The run that was sealed.
        after: The run that put the same questions again.
        asked_again: Digests of the subjects that were asked again, live.
    """
    return Agreement(findings=_findings(before, after), answers=_answers(before, after, asked_again))


def _findings(before: Scan, after: Scan) -> tuple[FindingAgreement, ...]:
    earlier = {one.fingerprint: one for one in before.findings}
    later = {one.fingerprint: one for one in after.findings}
    return tuple(
        _one_finding(before, earlier.get(key), later.get(key)) for key in dict.fromkeys((*earlier, *later))
    )


def _one_finding(scan: Scan, one: Finding | None, other: Finding | None) -> FindingAgreement:
    known = one or other
    assert known is not None  # the key is of one of them
    first, second = one.result if one else None, other.result if other else None
    return FindingAgreement(
        probe=known.probe,
        claim=known.claim.value,
        teacher=scan.subject(known.teacher).name if known.teacher else "",
        before=one.outcome if one else None,
        after=other.outcome if other else None,
        effect=first.effect if first else None,
        interval=first.interval if first else None,
        effect_again=second.effect if second else None,
        kept=_kept(one.outcome if one else None, other.outcome if other else None),
    )


def _kept(before: Outcome | None, after: Outcome | None) -> Kept:
    if before in _DECIDED and after in _DECIDED:
        return Kept.STANDS if before is after else Kept.TURNED
    if before in _DECIDED:
        return Kept.UNDECIDED_NOW
    return Kept.DECIDED_NOW if after in _DECIDED else Kept.OPEN


def _answers(before: Scan, after: Scan, asked_again: frozenset[str]) -> tuple[AnswerAgreement, ...]:
    groups = {
        subject.digest: (_by_kind(before, subject), _by_kind(after, subject))
        for subject in after.plan.subjects
        if subject.digest in asked_again
    }
    pairs = [
        (after.subject(digest), kind, first[kind], second[kind])
        for digest, (first, second) in groups.items()
        for kind in first
        if kind in second  # the sealed ledger may hold answers of other scans as well
    ]
    generator = np.random.default_rng(before.plan.seed)
    raw = [_p_value(first, second, generator) for _, _, first, second in pairs]
    adjusted = holm(raw)
    return tuple(_one_kind(*pair, p_value=p_value) for pair, p_value in zip(pairs, adjusted, strict=True))


def _by_kind(scan: Scan, subject: Subject) -> dict[tuple[str, str], dict[str, Answer]]:
    found: dict[tuple[str, str], dict[str, Answer]] = defaultdict(dict)
    for (digest, request), answer in scan.observations.answers.items():
        if digest == subject.digest:
            found[_kind_of(scan.requests[request], answer)][request] = answer
    return found


def _kind_of(request: Request, answer: Answer) -> tuple[str, str]:
    """Kind of answer and unit of its numbers; both follow from the question, not from what was answered."""
    if isinstance(request, Generate):
        return ("drawn text" if request.temperature > 0 else "greedy text"), ""
    kinds = {
        Likelihood: ("log-likelihoods", "nats per byte"),
        WordLikelihoods: ("log-likelihoods", "nats per byte"),
        TokenLikelihoods: ("log-likelihoods", "nats per byte"),
        Choice: ("log-likelihoods of options", "nats per byte"),
        TopTokens: ("likeliest tokens", "nats"),
        Distribution: ("probabilities", "probability"),
        Embedding: ("vectors", "share of their length"),
        Arrays: ("weights and states", "share of their length"),
    }
    return kinds.get(type(answer), ("other answers", ""))


def _one_kind(
    subject: Subject,
    kind: tuple[str, str],
    before: Mapping[str, Answer],
    after: Mapping[str, Answer],
    *,
    p_value: float,
) -> AnswerAgreement:
    both = [key for key in before if key in after]
    gaps = [gap for key in both if (gap := _gap(_numbers(before[key]), _numbers(after[key]))) is not None]
    # Numbers that differ in one direction by next to nothing show another processor, not another model.
    mean = float(np.mean(gaps)) if gaps else None
    numbers_alike = None if mean is None else mean <= ROUNDING or (p_value > LEVEL and mean <= ANOTHER)
    return AnswerAgreement(
        subject=subject.name,
        role=subject.role,
        kind=kind[0],
        unit=kind[1],
        compared=len(both),
        only_once=len(before) + len(after) - 2 * len(both),
        identical=sum(before[key] == after[key] for key in both),
        largest=max(gaps, default=None),
        p_value=p_value,
        alike=p_value > LEVEL if numbers_alike is None else numbers_alike,
    )


def _p_value(
    before: Mapping[str, Answer], after: Mapping[str, Answer], generator: np.random.Generator
) -> float:
    pairs = [
        (first, second)
        for key in sorted(before)
        if key in after
        and (first := _features(before[key])) is not None
        and (second := _features(after[key])) is not None
        and len(first) == len(second)
    ]
    if not pairs:
        return 1.0
    widest = max(len(earlier) for earlier, _ in pairs)
    kept = [(earlier, later) for earlier, later in pairs if len(earlier) == widest]
    return swap_test(
        np.array([earlier for earlier, _ in kept]),
        np.array([later for _, later in kept]),
        draws=_DRAWS,
        generator=generator,
    )


def _features(answer: Answer) -> tuple[float, ...] | None:
    """What of an answer the swap test looks at: the make-up of a text, or the mean of numbers."""
    if isinstance(answer, Text):
        text = answer.text
        words = text.split()
        return (
            float(len(text)),
            float(len(words)),
            float(len(set(words))),
            float(text.count("\n")),
            float(sum(one.isdigit() for one in text)),
            float(sum(one.isupper() for one in text)),
            float(sum(one in string.punctuation for one in text)),
            float(answer.finish == "length"),
            float(answer.finish == "filtered"),
        )
    numbers = _numbers(answer)
    return None if numbers is None or not numbers.size else (float(numbers.mean()),)


def _numbers(answer: Answer) -> NDArray[Any] | None:
    """The numbers of an answer, in the unit of its kind; None for what holds none."""
    match answer:
        case Likelihood() | WordLikelihoods() | TokenLikelihoods():
            return np.array([answer.per_byte])
        case Choice():
            return np.array(answer.log_likelihoods) / np.maximum(answer.bytes, 1)
        case TopTokens():
            return np.array(answer.log_probabilities)
        case Distribution():
            return np.array(answer.probabilities)
        case Embedding():
            return _of_unit_length(answer.vector.unpack())
        case Arrays():
            return np.concatenate([_of_unit_length(one.unpack()) for one in answer.arrays])
        case _:
            return None


def _of_unit_length(array: NDArray[Any]) -> NDArray[Any]:
    flat = array.astype(np.float64).ravel()
    return flat / (np.linalg.norm(flat) or 1.0)


def _gap(first: NDArray[Any] | None, second: NDArray[Any] | None) -> float | None:
    """Largest difference of two answers' numbers; infinite where there are more of them in one."""
    if first is None or second is None:
        return None
    if first.shape != second.shape:
        return math.inf
    return float(np.abs(first - second).max()) if first.size else 0.0
