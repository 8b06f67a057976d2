"""The numbers behind a served log: what the suspect makes of logged and redrawn answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.served.likeness import likenesses
from auditor.probe.served.log import LoggedPrompt
from auditor.probe.served.redraws import Redraws
from auditor.record.subject import Role, Subject
from auditor.stats.redraw import (
    EProcess,
    Groups,
    Relabelling,
    e_process,
    log_e_values,
    mean_interval,
    relabelling_test,
    residuals,
    standardised,
)

#: Sizes of bets that are averaged: a trace of one pass over a text is faint, and large bets lose on it.
BETS = (0.02, 0.05, 0.1, 0.2)
#: Share of the prompts that a reference must have weighed.
_SHARE_WEIGHED = 0.8
#: Fewest logged answers of an account that is tested by itself.
FEWEST_OF_ACCOUNT = 30

Members = Float[NDArray[np.float64], " members"]


@dataclass(frozen=True, slots=True)
class Drift:
    """Whether logged answers differ from redrawn ones by something that no suspect is needed for."""

    name: str
    test: Relabelling


@dataclass(frozen=True, slots=True)
class AccountReading:
    """One account's answers by themselves."""

    account: str
    answers: int
    test: Relabelling
    log_e: float


@dataclass(frozen=True)
class ServedReading:
    """Scores of all answers, and the tests of whether the suspect knows the logged ones.

    Attributes:
        redraws: Who said what.
        prompts: The prompts that are read, in their order.
        rounds: Prompts of each round; coefficients of a round come from it and from earlier ones.
        seed: Of random relabellings.
    """

    redraws: Redraws
    prompts: tuple[LoggedPrompt, ...]
    rounds: int
    seed: int

    @cached_property
    def _tables(self) -> dict[str, list[tuple[float, ...] | None]]:
        weighers = self.redraws.weighers
        if self.redraws.scored:
            return {
                one.digest: [self.redraws.weights(one, prompt) for prompt in self.prompts] for one in weighers
            }
        return likenesses(self.redraws, weighers, self.prompts)

    @cached_property
    def references(self) -> tuple[Subject, ...]:
        """References that weighed enough of what the suspect did."""
        own = self._tables[self.redraws.seen.suspect.digest]
        known = [number for number, one in enumerate(own) if one is not None]
        found = []
        for one in self.redraws.references:
            table = self._tables[one.digest]
            if known and sum(table[number] is not None for number in known) >= _SHARE_WEIGHED * len(known):
                found.append(one)
        return tuple(found)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Places of the prompts whose every answer the suspect and all references have weighed."""
        tables = [self._tables[one.digest] for one in (self.redraws.seen.suspect, *self.references)]
        return tuple(
            number
            for number in range(len(self.prompts))
            if all(table[number] is not None for table in tables)
        )

    @cached_property
    def groups(self) -> Groups:
        """Sizes of the groups, one per used prompt."""
        sizes = [len(self.redraws.answers(self.prompts[number]) or ()) for number in self.used]
        logged = [len(self.prompts[number].answers) for number in self.used]
        return Groups(np.array(sizes, dtype=np.int64), np.array(logged, dtype=np.int64))

    def _values(self, subject: Subject) -> Members:
        table = self._tables[subject.digest]
        return np.array([value for number in self.used for value in table[number] or ()], dtype=np.float64)

    @cached_property
    def scores(self) -> Members:
        """The suspect's score of every answer, the references' opinion taken off, in its group's spreads."""
        own = self._values(self.redraws.seen.suspect)
        others = np.stack([self._values(one) for one in self.references], axis=1) if self.references else None
        if others is None:
            others = np.zeros((len(own), 0))
        # How long an answer is belongs to it, whoever served it, and sways likelihoods per byte.
        others = np.column_stack([others, np.log1p(self._sizes)])
        found = np.zeros(len(own))
        for start in range(0, len(self.groups.sizes), self.rounds):
            end = min(start + self.rounds, len(self.groups.sizes))
            until = self.groups.first(end)
            members = int(until.sizes.sum())
            left = residuals(own[:members], others[:members], until)
            begin = int(self.groups.first(start).sizes.sum())
            block = Groups(self.groups.sizes[start:end], self.groups.logged[start:end])
            found[begin:members] = standardised(left[begin:], block)
        return found

    @cached_property
    def _sizes(self) -> Members:
        texts = [one for number in self.used for one in self.redraws.answers(self.prompts[number]) or ()]
        return np.array([len(one.encode("utf-8", "replace")) for one in texts], dtype=np.float64)

    @cached_property
    def process(self) -> EProcess:
        """Evidence after each prompt."""
        return e_process(log_e_values(self.scores, self.groups, BETS))

    @cached_property
    def test(self) -> Relabelling:
        """All prompts together."""
        return relabelling_test(self.scores, self.groups, self._rng(1))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Bootstrap interval of the mean advantage, over prompts."""
        return mean_interval(self.scores, self.groups, self._rng(2))

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """What tells logged from redrawn answers without the suspect: length, the teacher, the controls."""
        found = [Drift("length", self._drift(self._sizes))]
        teacher = next((one for one in self.references if one.digest == self.redraws.teacher.digest), None)
        if teacher is not None:
            found.append(Drift("the teacher's own likelihood", self._drift(self._values(teacher))))
        controls = [one for one in self.references if one.role in (Role.CONTROL, Role.BASE)]
        if controls:
            mean = np.mean([self._values(one) for one in controls], axis=0)
            measure = "likelihood" if self.redraws.scored else "likeness"
            found.append(Drift(f"the controls' {measure}", self._drift(mean)))
        return tuple(found)

    def _drift(self, values: Members) -> Relabelling:
        """The suspect plays no part in it, so that many suspects of one log have the same."""
        scores, groups = standardised(values, self.groups), self.groups
        key = (scores.tobytes(), groups.sizes.tobytes(), groups.logged.tobytes())
        return self.redraws.seen.remembered(
            ("drift", self.seed, *key), lambda: relabelling_test(scores, groups, self._rng(3))
        )

    def drifted(self, level: float) -> Drift | None:
        """The clearest sign that the teacher is no longer what it was, if there is one at ``level``."""
        clearest = min(self.drifts, key=lambda one: one.test.two_sided_p)
        return clearest if clearest.test.two_sided_p <= level / len(self.drifts) else None

    @cached_property
    def accounts(self) -> tuple[AccountReading, ...]:
        """Every account with enough answers, by itself, strongest first."""
        found = []
        for account in self.redraws.log.accounts:
            scores, groups = self._of_account(account)
            if int(groups.logged.sum()) >= FEWEST_OF_ACCOUNT:
                test = relabelling_test(scores, groups, self._rng(4))
                log_e = e_process(log_e_values(scores, groups, BETS)).final
                found.append(AccountReading(account, int(groups.logged.sum()), test, log_e))
        return tuple(sorted(found, key=lambda one: (one.test.upper_p, -one.log_e, one.account)))

    def _of_account(self, account: str) -> tuple[Members, Groups]:
        """Scores of one account's answers and all redrawn ones; what others were served is left out."""
        keep: list[bool] = []
        sizes, logged = [], []
        for number, size in zip(self.used, self.groups.sizes.tolist(), strict=True):
            mine = [one == account for one in self.prompts[number].accounts]
            chosen = any(mine)
            keep += [chosen and one for one in mine] + [chosen] * (size - len(mine))
            if chosen:
                sizes.append(sum(mine) + size - len(mine))
                logged.append(sum(mine))
        groups = Groups(np.array(sizes, dtype=np.int64), np.array(logged, dtype=np.int64))
        return standardised(self.scores[np.array(keep, dtype=bool)], groups), groups

    def _rng(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose])

    @property
    def evidence(self) -> float:
        """The largest e-value on the way, as far as a float can say it."""
        return math.exp(min(self.process.largest, 700.0))
