"""What everybody is asked for distributions, and the distributions of all models side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.error import ContentError
from auditor.probe.agreement.reading import SHARE_ANSWERED, AgreementCast, AgreementReading
from auditor.probe.protocol import field_of
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Choice, Distribution, Inputs, Observations, observation_id
from auditor.record.request import Catalogue, Fill, Predict, Question, request_digest
from auditor.record.subject import Kind, Subject
from auditor.stats.agreement import choice_features, doubt_features, odds_features

#: Forms in which distributions are compared.
Form = Literal["doubts", "choices", "odds"]
_FEATURES = {"doubts": doubt_features, "choices": choice_features, "odds": odds_features}


@dataclass(frozen=True)
class OutputItems:
    """What everybody is asked: inputs that recordings hold, or the probe's own items.

    Attributes:
        spec: The probe.
        seen: The answers so far.
        cast: Who takes part.
        most: Most items.
        seed: Draws items where there are more.
    """

    spec: ProbeSpec
    seen: Observations
    cast: AgreementCast
    most: int
    seed: int

    @property
    def pending(self) -> tuple[Question, ...]:
        """Questions for inventories that are not answered yet."""
        if self.cast.suspect.kind is Kind.MASKED_LM:
            return ()
        return tuple(
            Question(subject_digest=one.digest, request=Catalogue())
            for one in (self.cast.suspect, *self.cast.teachers)
            if self.seen.answer(one, Catalogue()) is None
        )

    @property
    def requests(self) -> list[Fill] | list[Predict]:
        """The questions, in a fixed order."""
        if self.cast.suspect.kind is Kind.MASKED_LM:
            return [_gap(item, self.spec) for item in self._drawn(self.spec.items)]
        inputs = self._recorded()
        if inputs is None:
            inputs = [field_of(item, "input", self.spec) for item in self.spec.items]
        return [Predict(input=one) for one in self._drawn(inputs)]

    def _recorded(self) -> list[str] | None:
        """Inputs that all the suspect's and teachers' recordings have, or None where nobody is recorded."""
        models = (self.cast.suspect, *self.cast.teachers)
        found = [self.seen.answer(one, Catalogue()) for one in models]
        recorded = [dict.fromkeys(one.inputs) for one in found if isinstance(one, Inputs)]
        if not recorded:
            return None
        return [one for one in recorded[0] if all(one in other for other in recorded[1:])]

    def _drawn(self, every: Sequence[Any]) -> list[Any]:
        rng = np.random.default_rng(self.seed)
        places = sorted(rng.permutation(len(every))[: self.most])
        return [every[int(place)] for place in places]


def _gap(item: Mapping[str, Any], spec: ProbeSpec) -> Fill:
    options = item.get("options")
    if not isinstance(options, list) or len(options) < 2 or not all(isinstance(one, str) for one in options):
        raise ContentError("an item lacks 'options', two words or more", where=f"{spec.id}/items.jsonl")
    before, after = item.get("before", ""), item.get("after", "")
    return Fill(before=str(before), after=str(after), options=tuple(options))


@dataclass(frozen=True)
class OutputAnswers:
    """Distributions of all models that take part, over items that all of them answered.

    Attributes:
        cast: Who takes part.
        requests: The items.
        labels: Outputs that all of them know; empty where each item has its own.
        tables: Probabilities [items, outputs] by digest; outputs that an item lacks have none.
    """

    cast: AgreementCast
    requests: tuple[Fill | Predict, ...]
    labels: tuple[str, ...]
    tables: Mapping[str, Float[NDArray[np.float64], "items outputs"]]

    @staticmethod
    def of(seen: Observations, cast: AgreementCast, requests: Sequence[Fill | Predict]) -> OutputAnswers:
        """Gather distributions; a model that gave too few is left out, and then items that anybody lacks."""
        said = {
            one.digest: [_distribution(seen, one, request) for request in requests] for one in cast.models
        }
        labels = _labels(said[cast.suspect.digest], [said[one.digest] for one in cast.teachers])
        left_out: dict[str, str] = {}
        for one in cast.models:
            share = sum(row is not None for row in said[one.digest]) / max(len(requests), 1)
            if one is cast.suspect:
                continue
            if share < SHARE_ANSWERED:
                left_out[one.digest] = f"gave distributions for {share:.0%} of the items and was left out"
            elif labels and not set(labels) <= _known(said[one.digest]):
                left_out[one.digest] = "lacks classes that suspect and teachers share and was left out"
        kept = cast.without(left_out)
        places = [
            at for at in range(len(requests)) if all(said[one.digest][at] is not None for one in kept.models)
        ]
        tables = {one.digest: _table([said[one.digest][at] for at in places], labels) for one in kept.models}
        return OutputAnswers(kept, tuple(requests[at] for at in places), labels, tables)

    def problem(self, teacher: Subject, fewest: int) -> str:
        """Why nothing can be said of this candidate, or an empty string."""
        if teacher not in self.cast.teachers:
            return f"{teacher.name} and the suspect have too few distributions in common"
        if self.requests and isinstance(self.requests[0], Predict) and len(self.labels) < 2:
            return f"{teacher.name} and the suspect have fewer than two classes in common"
        if len(self.requests) < fewest:
            return f"all models together answered {len(self.requests)} items, and {fewest} are needed"
        return ""

    def reading(self, seen: Observations, forms: Sequence[Form]) -> AgreementReading:
        """Behaviour of all models in the forms asked for."""
        centred = bool(self.labels)
        tables = [self.tables[one.digest] for one in self.cast.models]
        asked = [request_digest(one) for one in self.requests]
        shown = (seen.suspect, *self.cast.teachers)
        return AgreementReading(
            cast=self.cast,
            forms=tuple(
                np.stack([_FEATURES[form](one, centred=centred) for one in tables]) for form in forms
            ),
            items=len(self.requests),
            observation_ids=tuple(observation_id(one.digest, digest) for one in shown for digest in asked),
        )


_Row = dict[str, float]


def _distribution(seen: Observations, subject: Subject, request: Fill | Predict) -> _Row | None:
    answer = seen.answer(subject, request)
    if isinstance(answer, Distribution):
        return dict(zip(answer.labels, answer.probabilities, strict=True))
    if isinstance(answer, Choice) and isinstance(request, Fill):
        logs = np.array(answer.log_likelihoods)
        odds = np.exp(logs - logs.max())
        return dict(zip(request.options, map(float, odds / odds.sum()), strict=True))
    return None


def _known(rows: Sequence[_Row | None]) -> set[str]:
    return set(next((row for row in rows if row is not None), {}))


def _labels(suspect: Sequence[_Row | None], teachers: Sequence[Sequence[_Row | None]]) -> tuple[str, ...]:
    """Outputs that suspect and teachers share, in the suspect's order; none if items differ in them."""
    given = [tuple(row) for row in suspect if row is not None]
    if not given or any(one != given[0] for one in given):
        return ()
    others = [_known(rows) for rows in teachers if any(row is not None for row in rows)]
    return tuple(one for one in given[0] if all(one in other for other in others))


def _table(rows: Sequence[_Row | None], labels: Sequence[str]) -> Float[NDArray[np.float64], "items outputs"]:
    """Probabilities, scaled to the labels where there are some."""
    values = [[row[one] for one in labels] if labels else list(row.values()) for row in rows if row]
    width = max((len(one) for one in values), default=0)
    table = np.array([[*one, *[0.0] * (width - len(one))] for one in values]).reshape(len(values), width)
    total = table.sum(axis=1, keepdims=True)
    even = np.full_like(table, 1 / max(width, 1))
    scaled: NDArray[np.float64] = np.divide(table, total, out=even, where=total > 0)
    return scaled
