"""The weights of the embedding judge: a multinomial logistic regression over features of an answer.

They were fitted by ``python -m benchmarks.judge`` to answers written for this project, and are kept as
numbers that anybody can fit again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.digest import digest_bytes
from auditor.error import ContentError
from auditor.probe.judge.grade import KINDS

_WEIGHTS = "classifier.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A fitted judge.

    Attributes:
        embedder: SHA-256 of the weights of the sentence embedder whose vectors it was fitted to.
        weights: One row per kind of answer, in the order of ``KINDS``, [kinds, features].
        intercepts: One per kind, [kinds].
        digest: Digest of the file that it was read from.
    """

    embedder: str
    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    digest: str

    def probabilities(
        self, described: Float[NDArray[np.float64], "answers features"]
    ) -> Float[NDArray[np.float64], "answers kinds"]:
        """Belief in each kind; rows sum to one."""
        scores = described @ self.weights.T + self.intercepts
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
        return chances


@cache
def load_classifier() -> Classifier:
    """The shipped weights.

    Raises:
        ContentError: If the installation lacks them or they are malformed.
    """
    path = resources.files("auditor.probe.judge") / _WEIGHTS
    try:
        raw = path.read_bytes()
        content = json.loads(raw)
        weights = np.array([content["weights"][kind] for kind in KINDS], dtype=np.float64)
        intercepts = np.array([content["intercepts"][kind] for kind in KINDS], dtype=np.float64)
        return Classifier(
            embedder=str(content["embedder"]),
            weights=weights,
            intercepts=intercepts,
            digest=digest_bytes(raw),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContentError(
            f"the weights of the embedding judge cannot be read: {error}",
            where=_WEIGHTS,
            fix="install the package again",
        ) from error
