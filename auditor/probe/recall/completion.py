"""How well a model goes on in a question of which it is given the first half."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.benchmark.item import BenchmarkItem
from auditor.probe.benchmark.quantity import Quantity
from auditor.probe.recall.plain_words import plain_words
from auditor.probe.recall.way import TwoWayParameters, TwoWayReading
from auditor.record.observation import Likelihood, Text
from auditor.record.request import Generate, Request, Score
from auditor.record.subject import Subject
from auditor.stats.word_recall import recalled_in_order

METHOD = "completion_recall"
#: Standard deviations of an item's gap that are planned for, in nats per byte and in points.
_SPREAD, _SPREAD_POINTS = 0.4, 15.0


class CompletionParameters(TwoWayParameters):
    """Parameters of the completion of questions.

    Attributes:
        opening: Layout of the first half; ``{half}`` is replaced.
        told: What is said before it in a conversation.
        words: Fewest words of a question that is cut in halves.
        max_tokens: Longest written second half.
    """

    opening: str = "Question: {half}"
    told: str = "Go on with this question from a test, word for word, and write nothing else.\n\n"
    words: int = Field(default=8, ge=2)
    max_tokens: int = Field(default=48, ge=1)
    material: float = 0.05


class CompletionReading(TwoWayReading[CompletionParameters]):
    """Log-likelihood of a question's second half (nats per byte), or how much of it is written (points)."""

    lacking: ClassVar[tuple[str, str]] = (
        "no item has a twin that asks another question of some length: in another order options leave the "
        "question as it is",
        "a column twin_question with questions of the same making, or paraphrases",
    )

    @property
    def quantity(self) -> Quantity:
        """What is measured, in words."""
        given = self.parameters
        told = (
            "log-likelihood of the second half" if self.by_likelihood else "words of the second half written"
        )
        return Quantity(
            method=METHOD,
            unit="nats per byte" if self.by_likelihood else "points",
            digits=3 if self.by_likelihood else 1,
            seen="the suspect completes published questions {gap} better than twins, {beyond} more than "
            "references do ({low} to {high})",
            statistic=f"{told} of published questions minus twins",
            table=f"Completion of questions by benchmark: {told}",
            forest="Better at completing published questions than references are",
            source="Carlini et al. (2021), arXiv:2012.07805; Deng et al. (2024), arXiv:2311.09783",
            limits=(
                "It sees who knows the words of the questions. Who learned answers alone, or questions in "
                "other words, shows nothing here.",
                "Twins must be as easy to guess as published items: references show it where they are not.",
            ),
            margin=given.margin if self.by_likelihood else given.margin_points,
            material=given.material if self.by_likelihood else given.material_points,
            spread=_SPREAD if self.by_likelihood else _SPREAD_POINTS,
        )

    def serves(self, item: BenchmarkItem) -> bool:
        """Whether the twins ask another question, and every question is long enough to be cut."""
        enough = all(len(one.question.split()) >= self.parameters.words for one in item.forms)
        return (
            bool(item.twins) and enough and all(one.question != item.published.question for one in item.twins)
        )

    def requests_about(self, model: Subject, item: BenchmarkItem, place: int) -> Sequence[Request]:
        """The second half behind the first, or what the model writes there."""
        return (self._request(item, place),) if model.access >= self.access else ()

    def value(self, model: Subject, item: BenchmarkItem, place: int) -> float:
        """Nats per byte or points; NaN where the model did not answer."""
        answer = self.seen.answer(model, self._request(item, place))
        if isinstance(answer, Likelihood):
            return answer.per_byte
        if not isinstance(answer, Text):
            return math.nan
        _, rest = _halves(item.forms[place].question)
        wanted = plain_words(rest)
        # Who writes on and on is not to hit by chance what another question of the same length would miss.
        return 100.0 * recalled_in_order(wanted, plain_words(answer.text)[: 2 * len(wanted)])

    def _request(self, item: BenchmarkItem, place: int) -> Request:
        half, rest = _halves(item.forms[place].question)
        opening = self.parameters.opening.replace("{half}", half)
        if self.by_likelihood:
            return Score(prompt=opening, continuation=rest)
        told = self.parameters.told if self.parameters.form == "chat" else ""
        return Generate(
            prompt=self.parameters.laid_out(f"{told}{opening}"), max_tokens=self.parameters.max_tokens
        )


def _halves(question: str) -> tuple[str, str]:
    """Both halves by words, the white space between them with the second."""
    words = question.split()
    place = 0
    for word in words[: len(words) // 2]:
        place = question.index(word, place) + len(word)
    return question[:place], question[place:]
