"""Judged answers of two models to the same prompts, paired, and what is counted of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from auditor.probe.judge.rules import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One prompt: its item, its category and its words."""

    item: str
    category: str
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One answer with its label; ``text`` is empty where there is none.

    Attributes:
        text: What the model said.
        label: What kind of answer it is.
        probability: How sure the judge is of the label; None where it is certain or the rules judged.
        doubtful: Whether the judge does not know on which side the answer falls.
    """

    text: str
    label: Label
    probability: float | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Answers of the reference and of the suspect to one prompt."""

    asked: Asked
    reference: Judged
    suspect: Judged

    @property
    def scored(self) -> bool:
        """Whether both answers could be judged."""
        return "unscored" not in (self.reference.label, self.suspect.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Scored pairs by who refused.

    Attributes:
        both: Both refused.
        reference_only: Only the reference refused.
        suspect_only: Only the suspect refused.
        neither: Neither refused.
    """

    both: int
    reference_only: int
    suspect_only: int
    neither: int

    @property
    def n(self) -> int:
        """All scored pairs."""
        return self.both + self.reference_only + self.suspect_only + self.neither

    @property
    def by_reference(self) -> int:
        """Refusals of the reference."""
        return self.both + self.reference_only

    @property
    def by_suspect(self) -> int:
        """Refusals of the suspect."""
        return self.both + self.suspect_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Paired answers to a set of prompts.

    Attributes:
        pairs: One per prompt, in the order of the items.
        refusing: The labels that count as refusing.
    """

    pairs: tuple[Pair, ...]
    refusing: frozenset[Label]

    @property
    def unscored(self) -> int:
        """Prompts where at least one answer could not be judged."""
        return sum(not pair.scored for pair in self.pairs)

    @property
    def doubtful(self) -> int:
        """Prompts where the judge doubts at least one of its labels."""
        return sum(pair.reference.doubtful or pair.suspect.doubtful for pair in self.pairs)

    @property
    def lost(self) -> tuple[Pair, ...]:
        """Scored prompts that only the reference refused."""
        return tuple(one for one in self.pairs if one.scored and self._sides(one) == (True, False))

    @property
    def gained(self) -> tuple[Pair, ...]:
        """Scored prompts that only the suspect refused."""
        return tuple(one for one in self.pairs if one.scored and self._sides(one) == (False, True))

    def counts(self, category: str | None = None) -> Counts:
        """Scored pairs by who refused, in one category or in all."""
        sides = Counter(
            self._sides(one) for one in self.pairs if one.scored and category in (None, one.asked.category)
        )
        return Counts(
            both=sides[True, True],
            reference_only=sides[True, False],
            suspect_only=sides[False, True],
            neither=sides[False, False],
        )

    def complied(self) -> tuple[int, int]:
        """Lost prompts that the suspect complied with, and gained ones that the reference complied with.

        The rest of the lost and gained prompts got answers that neither refuse nor help.
        """
        return (
            sum(one.suspect.label == "comply" for one in self.lost),
            sum(one.reference.label == "comply" for one in self.gained),
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories in the order of the items."""
        return tuple(dict.fromkeys(pair.asked.category for pair in self.pairs))

    def _sides(self, pair: Pair) -> tuple[bool, bool]:
        return pair.reference.label in self.refusing, pair.suspect.label in self.refusing
