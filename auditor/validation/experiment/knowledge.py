"""What is true of a model's knowledge: what it does on facts that no probe asks, held against a claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditor.array import NDArray
from auditor.record.finding import Claim

#: Claims whose truth is a matter of what a model knows.
OF_KNOWLEDGE = (Claim.CALIBRATION_LOSS, Claim.TAIL_LOSS)
#: What matters and what does not, between which nothing is judged. Calibration: Brier score (0 to 2) beyond
#: the teacher's; tail: share of right answers lost on rare facts beyond that lost on common ones.
MATTERS = {Claim.CALIBRATION_LOSS: 0.08, Claim.TAIL_LOSS: 0.15}
NOTHING = {Claim.CALIBRATION_LOSS: 0.04, Claim.TAIL_LOSS: 0.05}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a model knows of facts of a world.

    Attributes:
        common: Share of right answers about common facts.
        rare: Share of right answers about rare ones.
        brier: Mean Brier score over common facts: what is lost at the tail is not counted twice.
        chosen: What it takes for right, fact by fact.
    """

    common: float
    rare: float
    brier: float
    chosen: tuple[int, ...]

    @staticmethod
    def of(
        log_likelihoods: NDArray[np.float64], right: NDArray[np.int64], rare: NDArray[np.bool_]
    ) -> Knowledge:
        """Read it off the log-likelihoods of the options, shape [facts, options]."""
        weights = np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True))
        shares = weights / weights.sum(axis=1, keepdims=True)
        truth = np.eye(shares.shape[1])[right]
        losses = ((shares - truth) ** 2).sum(axis=1)
        chosen = log_likelihoods.argmax(axis=1)
        hits = chosen == right
        return Knowledge(
            common=float(hits[~rare].mean()),
            rare=float(hits[rare].mean()),
            brier=float(losses[~rare].mean()),
            chosen=tuple(int(one) for one in chosen),
        )

    def excess(self, claim: Claim, reference: Knowledge) -> float:
        """By how much a claim about this model is true in comparison with a reference."""
        if claim is Claim.CALIBRATION_LOSS:
            return self.brier - reference.brier
        return (reference.rare - self.rare) - (reference.common - self.common)
