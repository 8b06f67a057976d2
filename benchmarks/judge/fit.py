"""Fitting, and the same fit with manners of writing and prompts held out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.array import NDArray
from auditor.probe.judge.classifier import Classifier
from auditor.probe.judge.features import features, read_answer
from auditor.probe.judge.grade import KINDS, Graded, distribution, grade_of
from auditor.record.observation import Embedding
from auditor.record.request import Embed
from auditor.scan.judge.embedding import embedder_folder
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from benchmarks.judge.corpus import Example

#: Inverse strength of the penalty on weights, chosen by the held-out log loss.
PENALTIES = (0.5, 1.0, 2.0, 4.0, 8.0)
_FOLDS = 10


def described(examples: Sequence[Example]) -> NDArray[np.float64]:
    """Features of every example, [examples, features]."""
    readings = [read_answer(one.prompt, one.answer) for one in examples]
    texts = list(dict.fromkeys(text for one in readings for text in one.texts))
    embedder = LocalTarget(str(embedder_folder()), OpenOptions(device="cpu", dtype="float32"))
    vectors: dict[str, NDArray[np.float32]] = {}
    for number, answer in embedder.ask([Embed(text=text) for text in texts]):
        if isinstance(answer, Embedding):
            vectors[texts[number]] = answer.vector.unpack()
    return np.stack([features(one, *(vectors[text] for text in one.texts)) for one in readings])


def fitted(
    rows: NDArray[np.float64], labels: Sequence[str], penalty: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights [kinds, features] and intercepts [kinds] of a multinomial logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=penalty, max_iter=5_000)
    model.fit(rows, labels)
    order = [list(model.classes_).index(kind) for kind in KINDS]
    return model.coef_[order], model.intercept_[order]


def held_out(examples: Sequence[Example], rows: NDArray[np.float64], penalty: float) -> list[Graded]:
    """Every example judged by a fit that has seen neither its manner of writing nor its prompt."""
    manners = sorted({one.manner for one in examples})
    order = np.random.default_rng(0).permutation(len(manners))
    fold_of = {manners[place]: number % _FOLDS for number, place in enumerate(order)}
    folds = np.array([fold_of[one.manner] for one in examples])
    chances = np.zeros((len(examples), len(KINDS)))
    for fold in range(_FOLDS):
        inside = folds == fold
        prompts = {one.prompt for one, out in zip(examples, inside, strict=True) if out}
        kept = np.array(
            [not out and one.prompt not in prompts for one, out in zip(examples, inside, strict=True)]
        )
        labels = [one.label for one, keep in zip(examples, kept, strict=True) if keep]
        weights, intercepts = fitted(rows[kept], labels, penalty)
        judge = Classifier(embedder="", weights=weights, intercepts=intercepts, digest="")
        chances[inside] = judge.probabilities(rows[inside])
    return [grade_of(distribution(row)) for row in chances.tolist()]


def log_loss(examples: Sequence[Example], grades: Sequence[Graded]) -> float:
    """Mean log loss of "refused or not", in nats."""
    refused = np.array([one.label in ("refuse", "partial") for one in examples])
    belief = np.clip([one.refused if one.refused is not None else 0.5 for one in grades], 1e-4, 1 - 1e-4)
    return float(-np.mean(np.where(refused, np.log(belief), np.log1p(-belief))))
