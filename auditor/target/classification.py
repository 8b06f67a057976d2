"""Classifiers of texts: the distribution over their own classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditor.digest import well_formed
from auditor.record.observation import Answer, Distribution, Unanswered
from auditor.record.request import Predict, Request
from auditor.target.encoder import Encoder
from auditor.target.protocol import Batch

if TYPE_CHECKING:
    from torch import Tensor


class TextClassifier:
    """Answers ``Predict`` with a classifier; texts longer than its window are cut, as is usual.

    Args:
        encoder: The model.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        config = encoder.model.config
        names = config.id2label or {}
        self._labels = tuple(str(names.get(place, place)) for place in range(int(config.num_labels)))
        self._refusal = _refusal(encoder, self._labels)

    def answer(self, requests: Sequence[tuple[int, Request]]) -> Iterator[Batch]:
        """Answer numbered requests, those that were computed together at once.

        Raises:
            TargetError: If a single request does not fit into memory.
        """
        refused: list[tuple[int, Answer]] = []
        rows: list[tuple[int, tuple[int, ...]]] = []
        for number, request in requests:
            if not isinstance(request, Predict):
                refused.append((number, Unanswered(reason="a classifier sorts texts, nothing else")))
            elif self._refusal:
                refused.append((number, Unanswered(reason=self._refusal)))
            else:
                rows.append((number, self._encoder.ids(well_formed(request.input))))
        if refused:
            yield refused
        for results in self._encoder.run(rows, lambda row: row[1], self._read, outputs=len(self._labels)):
            yield [(number, answer) for (number, _), answer in results]

    def _read(self, batch: Sequence[Any], output: Any, mask: Tensor) -> list[Answer]:  # noqa: ARG002
        chances = output.logits.double().softmax(-1).cpu().tolist()
        return [Distribution(labels=self._labels, probabilities=tuple(row)) for row in chances]


def _refusal(encoder: Encoder, labels: Sequence[str]) -> str:
    """Why this model has no distribution over classes, or an empty string."""
    if encoder.missing:
        return encoder.missing
    if len(labels) < 2:
        return "it puts out a single number and no distribution over classes"
    if encoder.model.config.problem_type == "multi_label_classification":
        return "its classes do not exclude each other, so it has no distribution over them"
    return ""
