"""The numbers behind agreement of next tokens: the suspect's, and those of every control in its place."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.probe.tokens.positions import Position, TokenTable, piece
from auditor.record.result import ControlValue
from auditor.record.subject import Subject
from auditor.stats.panel_regression import in_spreads
from auditor.stats.surprise_agreement import (
    against_rivals,
    shared_mass,
    surprise_agreement,
    surprise_excess,
)

#: Fewest controls that know no candidate, without which nothing is measured.
FEWEST_CLEAN = 3
#: Fewest questions that all candidates must have answered, and positions that everybody must have.
FEWEST_ITEMS, FEWEST_POSITIONS = 20, 100
#: Share of the suspect's positions that a control must have to take part.
SHARE_ANSWERED = 0.9


@dataclass(frozen=True)
class TokenReading:
    """What everybody would say next, and what follows from it.

    Attributes:
        table: Positions, and the answers there.
        candidates: Candidate teachers that show their likeliest tokens.
        controls: Controls that may stand in the suspect's place.
    """

    table: TokenTable
    candidates: tuple[Subject, ...]
    controls: tuple[Subject, ...]

    @property
    def suspect(self) -> Subject:
        """The suspect."""
        return self.table.seen.suspect

    @cached_property
    def ranked(self) -> tuple[Subject, ...]:
        """Controls that answered at nearly all positions at which the suspect did."""
        own = self._answered(self.suspect)
        enough = SHARE_ANSWERED * own.sum()
        return tuple(one for one in self.controls if (own & self._answered(one)).sum() >= enough)

    @property
    def problem(self) -> tuple[str, str] | None:
        """Why nothing can be said, and what would change that."""
        if len(self.table.kept) < FEWEST_ITEMS:
            return (
                f"the candidates all answered only {len(self.table.kept)} questions",
                "answers of every candidate to the questions",
            )
        clean = sum(stratum_of(one) not in RELATED for one in self.ranked)
        if clean < FEWEST_CLEAN:
            return (
                f"{clean} controls that share nothing with a candidate said what comes next, and "
                f"{FEWEST_CLEAN} are needed to tell what everybody would say",
                "--control MODEL, 19 or more in a stratum",
            )
        if self.common.sum() < FEWEST_POSITIONS:
            return (
                f"suspect, candidates and controls have {int(self.common.sum())} positions in common, and "
                f"{FEWEST_POSITIONS} are needed",
                "likeliest next tokens of suspect, candidates and controls at the same positions",
            )
        return None

    @cached_property
    def common(self) -> Bool[NDArray[np.bool_], " positions"]:
        """Positions at which everybody answered."""
        everybody = (self.suspect, *self.ranked, *self.candidates)
        return np.asarray(np.stack([self._answered(one) for one in everybody]).all(axis=0), dtype=bool)

    @cached_property
    def positions(self) -> tuple[Position, ...]:
        """The same, as positions."""
        return tuple(one for one, kept in zip(self.table.positions, self.common, strict=True) if kept)

    @cached_property
    def panel(self) -> Bool[NDArray[np.bool_], " models"]:
        """Suspect and controls that share nothing with a candidate."""
        return np.array([True, *(stratum_of(one) not in RELATED for one in self.ranked)], dtype=bool)

    @cached_property
    def agreements(self) -> Float[NDArray[np.float64], "models candidates positions"]:
        """Probability that every model has in common with every candidate."""
        models = (self.suspect, *self.ranked)
        found = [[self._shared(one, other)[self.common] for other in self.candidates] for one in models]
        return np.array(found, dtype=np.float64)

    @cached_property
    def scores(self) -> Float[NDArray[np.float64], "models candidates"]:
        """Agreement beyond the panel's, less that with other candidates, in spreads of the panel."""
        return in_spreads(against_rivals(surprise_agreement(self.agreements, self.panel)), self.panel)

    @cached_property
    def family(self) -> Float[NDArray[np.float64], " models"]:
        """The largest score over the candidates: the choice of one is part of the statistic."""
        largest: NDArray[np.float64] = self.scores.max(axis=1)
        return largest

    @cached_property
    def first_named(self) -> int:
        """The candidate with the suspect's largest score."""
        return int(np.argmax(self.scores[0]))

    @cached_property
    def excess(self) -> Float[NDArray[np.float64], "candidates positions"]:
        """What each position adds to the suspect's agreement with each candidate."""
        return surprise_excess(self.agreements, self.panel)

    @cached_property
    def more_typical_than_panel(self) -> bool:
        """Whether the suspect's likeliest piece is that of other models more often than any control's is.

        Who is abler than all controls agrees more with every able model. With several candidates that drops
        out; with a single one it would pass for a trace of that one.
        """
        models = [one for one, clean in zip((self.suspect, *self.ranked), self.panel, strict=True) if clean]
        tops = np.array([[self.top(one, place) for place in self.positions] for one in models])
        agree = (tops[:, None, :] == tops[None, :, :]).mean(axis=2)
        np.fill_diagonal(agree, 0.0)
        means = agree.sum(axis=1)
        return bool(means[0] > means[1:].max())

    def values(self, candidate: int) -> Float[NDArray[np.float64], " models"]:
        """The statistic of every model: over all candidates for the first one named, its own for another."""
        return self.family if candidate == self.first_named else self.scores[:, candidate]

    def control_values(self, candidate: int) -> tuple[ControlValue, ...]:
        """The statistic with each control in the suspect's place."""
        return tuple(
            ControlValue(name=control.name, stratum=stratum_of(control), value=float(value))
            for control, value in zip(self.ranked, self.values(candidate)[1:], strict=True)
        )

    def top(self, reader: Subject, position: Position) -> str:
        """The piece that a reader finds likeliest at a position."""
        return self._tops(reader)[self._places[position]]

    def usual(self, position: Position) -> str:
        """The piece that most of the panel's controls find likeliest."""
        place = self._places[position]
        clean = [one for one in self.ranked if stratum_of(one) not in RELATED]
        return Counter(self._tops(one)[place] for one in clean).most_common(1)[0][0]

    @cached_property
    def _places(self) -> dict[Position, int]:
        return {one: place for place, one in enumerate(self.table.positions)}

    def _pieces(self, reader: Subject) -> list[dict[str, float]]:
        """Probabilities of pieces at every position; empty where there was no answer."""

        def work_out() -> list[dict[str, float]]:
            found: list[dict[str, float]] = []
            for position in self.table.positions:
                masses: dict[str, float] = {}
                answer = self.table.next(reader, position)
                if answer is not None:
                    for token, log in zip(answer.tokens, answer.log_probabilities, strict=True):
                        if text := piece(token):
                            masses[text] = masses.get(text, 0.0) + math.exp(log)
                found.append(masses)
            return found

        return self.table.seen.remembered(("pieces", reader.digest, *self.table.key), work_out)

    def _tops(self, reader: Subject) -> list[str]:
        """The likeliest piece at every position; empty where there was no answer."""

        def work_out() -> list[str]:
            return [max(one, key=lambda text: one[text]) if one else "" for one in self._pieces(reader)]

        return self.table.seen.remembered(("tops", reader.digest, *self.table.key), work_out)

    def _answered(self, reader: Subject) -> Bool[NDArray[np.bool_], " positions"]:
        return self.table.seen.remembered(
            ("answered", reader.digest, *self.table.key),
            lambda: np.array([bool(one) for one in self._pieces(reader)], dtype=bool),
        )

    def _shared(self, model: Subject, candidate: Subject) -> Float[NDArray[np.float64], " positions"]:
        exact = model.tokenizer_digest is not None and model.tokenizer_digest == candidate.tokenizer_digest

        def work_out() -> Float[NDArray[np.float64], " positions"]:
            pairs = zip(self._pieces(model), self._pieces(candidate), strict=True)
            return np.clip([shared_mass(one, other, exact=exact) for one, other in pairs], 0.0, 1.0)

        key = ("shared", model.digest, candidate.digest, *self.table.key)
        return self.table.seen.remembered(key, work_out)
