"""Forced choice: a candidate's own wrong answer, among others in the very same sentence."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.errors.ability import errs_with_everybody
from auditor.probe.errors.items import ErrorItem
from auditor.probe.errors.reading import FEWEST_CLEAN, ErrorTable
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.record.observation import Choice, observation_id
from auditor.record.request import Choose, Question, ask_all, request_digest, user
from auditor.record.result import ControlValue
from auditor.record.subject import Access, Subject
from auditor.stats.panel_regression import in_spreads
from auditor.stats.surprise_agreement import against_rivals, surprise_agreement, surprise_excess

#: Share of the choices that a model must have made to take part.
SHARE_ANSWERED = 0.9
#: Fewest answers to choose among.
_FEWEST_ANSWERS = 4
#: Slips near a number, which stand beside it where the item has no options of its own.
_SLIPS = (1, -1, 2, -2, 10, -10)


@dataclass(frozen=True, slots=True)
class Dilemma:
    """A wrong answer of a candidate among others in the same sentence.

    Attributes:
        place: Which item it is about.
        said: The candidate's answer.
        answers: What may stand in its place, the candidate's answer first.
        request: The question to the others.
    """

    place: int
    said: str
    answers: tuple[str, ...]
    request: Choose


def dilemma_of(place: int, item: ErrorItem, text: str) -> Dilemma | None:
    """The choice that a candidate's wrong answer makes; None where it is right, illegible or has no rivals.

    It depends on this candidate alone, so that another candidate costs no more than its own choices. A word
    has no rivals where the item states no options.

    Args:
        place: Which item it is.
        item: The item.
        text: What the candidate wrote.
    """
    said = item.final(text)
    if not said or said == item.right:
        return None
    found = list(re.finditer(rf"(?<!\w){re.escape(said)}(?!\w)", text, flags=re.IGNORECASE))
    answers = _answers(item, said)
    if not found or len(answers) < _FEWEST_ANSWERS:
        return None
    stem = text[: found[-1].start()]
    request = Choose(prompt=user(item.prompt), options=tuple(stem + one for one in answers))
    return Dilemma(place, said, answers, request)


def _answers(item: ErrorItem, said: str) -> tuple[str, ...]:
    if item.options:
        known = [one.casefold() for one in item.options]
        spelled = dict(zip(known, item.options, strict=True))
        return tuple(spelled[one] for one in dict.fromkeys((said, *known)))
    near: list[str] = []
    if said.lstrip("-").isdigit():
        near = [str(int(said) + slip) for slip in _SLIPS if int(said) + slip >= 0 or int(said) < 0]
    return tuple(dict.fromkeys((said, item.right, *near)))


@dataclass(frozen=True)
class ChoiceReading:
    """How likely every model finds each candidate's wrong answers among others.

    Attributes:
        table: The items, and what the candidates answer.
        candidates: Candidate teachers.
        controls: Controls that may stand in the suspect's place.
        fewest: Fewest wrong answers of a candidate.
        most: Most wrong answers of a candidate that are put to others.
    """

    table: ErrorTable
    candidates: tuple[Subject, ...]
    controls: tuple[Subject, ...]
    fewest: int
    most: int

    @property
    def suspect(self) -> Subject:
        """The suspect."""
        return self.table.seen.suspect

    def questions(self) -> tuple[Question, ...]:
        """The candidates' answers first; then suspect and controls choose."""
        asked = self.table.questions(self.candidates)
        seen = self.table.seen.answers
        if any((one.subject_digest, request_digest(one.request)) not in seen for one in asked):
            return asked
        able = [one for one in (self.suspect, *self.controls) if one.access >= Access.LOGPROBS]
        return tuple(question for one in able for question in self._open(one))

    def _open(self, model: Subject) -> tuple[Question, ...]:
        """Choices that a model has not made; many scans of one population have the same ones in common."""

        def work_out() -> tuple[Question, ...]:
            choices = dict.fromkeys(one.request for found in self.dilemmas for one in found)
            missing = [one for one in choices if self.table.seen.answer(model, one) is None]
            return ask_all(model.digest, missing)

        keys = tuple(self._key(one) for one in self.candidates)
        return self.table.seen.remembered(("open choices", model.digest, keys), work_out)

    @cached_property
    def dilemmas(self) -> tuple[tuple[Dilemma, ...], ...]:
        """Of each candidate: its wrong answers; items with options of their own come first."""
        return tuple(
            self.table.seen.remembered(("dilemmas", *self._key(one)), partial(self._dilemmas, one))
            for one in self.candidates
        )

    def _key(self, candidate: Subject) -> tuple[Hashable, ...]:
        return (*self.table.key, self.most, candidate.digest)

    def _dilemmas(self, candidate: Subject) -> tuple[Dilemma, ...]:
        items = enumerate(self.table.items)
        own = [dilemma_of(place, item, self.table.text(candidate, place)) for place, item in items]
        known = [one for one in own if one is not None]
        known.sort(key=lambda one: not self.table.items[one.place].options)
        return tuple(known[: self.most])

    @cached_property
    def compared(self) -> tuple[int, ...]:
        """Candidates with enough wrong answers that the suspect chose among."""
        return tuple(
            place
            for place, found in enumerate(self.dilemmas)
            if len(found) >= self.fewest and self._chosen(self.suspect, place) is not None
        )

    @cached_property
    def ranked(self) -> tuple[Subject, ...]:
        """Controls that made nearly all choices."""
        return tuple(
            one
            for one in self.controls
            if all(self._chosen(one, place) is not None for place in self.compared)
        )

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said of any candidate, and what would change that."""
        if not self.compared:
            return self.too_few(max(len(found) for found in self.dilemmas))
        clean = sum(stratum_of(one) not in RELATED for one in self.ranked)
        if clean < FEWEST_CLEAN:
            return (
                f"{clean} controls that share nothing with a candidate chose among its wrong answers, and "
                f"{FEWEST_CLEAN} are needed to tell which errors are common",
                "--control MODEL, 19 or more in a stratum",
            )
        return None

    def too_few(self, count: int) -> tuple[str, str]:
        """What is said where a candidate has too few wrong answers, or the suspect did not choose."""
        if count < self.fewest:
            return (
                f"the candidate has {count} legible wrong answers, and {self.fewest} are needed",
                "more items, or harder ones",
            )
        return (
            "the suspect chose among too few of the candidate's wrong answers",
            "log-probabilities of given answers under the suspect",
        )

    @cached_property
    def panel(self) -> Bool[NDArray[np.bool_], " models"]:
        """Suspect and controls that share nothing with a candidate."""
        return np.array([True, *(stratum_of(one) not in RELATED for one in self.ranked)], dtype=bool)

    def agreements(self, candidate: int) -> Float[NDArray[np.float64], "models 1 choices"]:
        """Probability of a candidate's wrong answers, where everybody chose."""
        models = (self.suspect, *self.ranked)
        rows = [self._chosen(one, candidate) for one in models]
        found = np.stack([one for one in rows if one is not None])
        return found[:, None, ~np.isnan(found).any(axis=0)]

    @cached_property
    def plain(self) -> Float[NDArray[np.float64], "models compared"]:
        """Wrong answers of each candidate found likelier than the panel finds them."""
        parts = [surprise_agreement(self.agreements(place), self.panel) for place in self.compared]
        return np.concatenate(parts, axis=1)

    @cached_property
    def scores(self) -> Float[NDArray[np.float64], "models compared"]:
        """Wrong answers found likelier than the panel does, less the same with others, in its spreads."""
        return in_spreads(against_rivals(self.plain), self.panel)

    @property
    def errs_with_everybody(self) -> bool:
        """Whether the suspect shares the errors even of whom it shares least with, more than any control."""
        return errs_with_everybody(self.plain, self.panel)

    @cached_property
    def first_named(self) -> int:
        """The candidate with the suspect's largest score."""
        return self.compared[int(np.argmax(self.scores[0]))]

    def excess(self, candidate: int) -> float:
        """Probability of the candidate's wrong answers beyond the panel's, weighted by surprise."""
        return float(surprise_excess(self.agreements(candidate), self.panel).sum())

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model: over all candidates for the first one named, its own for another."""
        if candidate == self.first_named:
            largest: NDArray[np.float64] = self.scores.max(axis=1)
            return largest
        return self.scores[:, self.compared.index(candidate)]

    def control_values(self, candidate: int) -> tuple[ControlValue, ...]:
        """The statistic with each control in the suspect's place."""
        return tuple(
            ControlValue(name=control.name, stratum=stratum_of(control), value=float(value))
            for control, value in zip(self.ranked, self.values(candidate)[1:], strict=True)
        )

    def observation_ids(self) -> tuple[str, ...]:
        """The candidates' answers, and the suspect's choices."""
        keys = self.table.observation_keys(self.candidates)
        own = [(self.suspect.digest, request_digest(one.request)) for found in self.dilemmas for one in found]
        return tuple(observation_id(*key) for key in dict.fromkeys((*keys, *own)))

    def shares(self, model: Subject, dilemma: Dilemma) -> Float[NDArray[np.float64], " answers"] | None:
        """Probabilities of the answers to choose among, or None where the model did not choose."""
        answer = self.table.seen.answer(model, dilemma.request)
        if not isinstance(answer, Choice):
            return None
        logs = np.array(answer.log_likelihoods, dtype=np.float64)
        weights = np.exp(logs - logs.max())
        found: NDArray[np.float64] = weights / weights.sum()
        return found

    def _chosen(self, model: Subject, candidate: int) -> Float[NDArray[np.float64], " choices"] | None:
        """Probability of each wrong answer, NaN where there was no choice; None if these are too many."""
        values = self.beliefs(model, candidate)
        return values if len(values) and np.isfinite(values).mean() >= SHARE_ANSWERED else None

    def beliefs(self, model: Subject, candidate: int) -> Float[NDArray[np.float64], " choices"]:
        """Probability of each wrong answer among those to choose from; NaN where there was no choice."""
        found = self.dilemmas[candidate]

        def work_out() -> Float[NDArray[np.float64], " choices"]:
            shares = [self.shares(model, one) for one in found]
            return np.array([np.nan if one is None else one[0] for one in shares], dtype=np.float64)

        return self.table.seen.remembered(
            ("chosen", model.digest, *self._key(self.candidates[candidate])), work_out
        )
