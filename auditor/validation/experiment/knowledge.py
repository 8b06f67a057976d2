"""What is true of a model's knowledge: what it does on facts that no probe asks, held against a claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditor.array import NDArray
from auditor.record.finding import Claim

#: Claims whose truth is a matter of what a model knows.
OF_KNOWLEDGE = (Claim.CALIBRATION_LOSS, Claim.TAIL_LOSS)
#: What matters and what does not, between which nothing is judged. Calibration: what a wrong temperature
#: costs of the Brier score (0 to 2) beyond what it costs the teacher; tail: share of right answers lost on
#: rare facts beyond that lost on common ones.
MATTERS = {Claim.CALIBRATION_LOSS: 0.08, Claim.TAIL_LOSS: 0.15}
NOTHING = {Claim.CALIBRATION_LOSS: 0.04, Claim.TAIL_LOSS: 0.05}

#: Temperatures of which the best is taken; 1, as the model is, is one of them.
TEMPERATURES = tuple(2.0 ** (step / 4) for step in range(-12, 21))


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a model knows of facts of a world.

    Attributes:
        common: Share of right answers about common facts.
        rare: Share of right answers about rare ones.
        misjudged: What its temperature costs: mean Brier score (0 to 2), minus that at the temperature that
            fits best. What it knows less of is not counted.
        chosen: What it takes for right, fact by fact.
    """

    common: float
    rare: float
    misjudged: float
    chosen: tuple[int, ...]

    @staticmethod
    def of(
        log_likelihoods: NDArray[np.float64], right: NDArray[np.int64], rare: NDArray[np.bool_]
    ) -> Knowledge:
        """Read it off the log-likelihoods of the options, shape [facts, options]."""
        chosen = log_likelihoods.argmax(axis=1)
        hits = chosen == right
        return Knowledge(
            common=float(hits[~rare].mean()),
            rare=float(hits[rare].mean()),
            misjudged=_brier(log_likelihoods, right)
            - min(_brier(log_likelihoods / one, right) for one in TEMPERATURES),
            chosen=tuple(int(one) for one in chosen),
        )

    def excess(self, claim: Claim, reference: Knowledge) -> float:
        """By how much a claim about this model is true in comparison with a reference."""
        if claim is Claim.CALIBRATION_LOSS:
            return self.misjudged - reference.misjudged
        return (reference.rare - self.rare) - (reference.common - self.common)


def _brier(log_likelihoods: NDArray[np.float64], right: NDArray[np.int64]) -> float:
    weights = np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True))
    shares = weights / weights.sum(axis=1, keepdims=True)
    truth = np.eye(shares.shape[1])[right]
    return float(((shares - truth) ** 2).sum(axis=1).mean())
