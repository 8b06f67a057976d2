"""Is a model better on published items than on fresh items of the very same making?

Published and fresh items come from the same generators under different seeds. For a model that has
seen neither they are exchangeable, so the test is exact, whatever the model's ability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from auditor.probe.generator.item import GeneratedItem
from auditor.probe.generator.twins import Benchmark, Side, Twin, option_named
from auditor.probe.overfitting.counts import ScoredTwin, TwinCounts
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import (
    AnswerPair,
    Claim,
    Estimate,
    Estimates,
    Fact,
    Finding,
    Outcome,
    SideBySide,
    Table,
)
from auditor.record.observation import Answer, Choice, Observations, Text, observation_id
from auditor.record.request import Choose, Generate, Prompt, Question, Request, ask_all, request_digest, user
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Access, Role, Subject
from auditor.stats.two_sample import smallest_detectable_difference, stratified_exact_test


class TwinGapParameters(Parameters):
    """Parameters of the twin gap.

    Attributes:
        generators: Names of the item generators.
        levels: Difficulty levels drawn from each generator.
        items: Items drawn on each side in all, spread evenly over generators and levels.
        public_seed: Seed of the published items.
        form: Whether the question is put as a conversation or as text to continue.
        question: Layout of the question; ``{question}`` is replaced.
        option: Layout of an answer to be scored; ``{answer}`` is replaced.
        ask: Score the options, generate an answer, or choose by the suspect's access.
        max_tokens: Longest generated answer.
        alpha: Level of the exact test.
        margin_points: Gap in points that the interval's lower end must exceed.
        material_points: Gap in points that a clean bill must have been able to find.
    """

    generators: tuple[str, ...] = Field(min_length=1)
    levels: tuple[Literal[1, 2, 3], ...] = (1, 2, 3)
    items: int = Field(default=288, ge=20)
    public_seed: int
    form: Literal["chat", "text"] = "text"
    question: str = "Question: {question}\nAnswer:"
    option: str = " {answer}"
    ask: Literal["auto", "choose", "generate"] = "auto"
    max_tokens: int = 48
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    margin_points: float = 2.0
    material_points: float = 15.0

    def twins(self, fresh_seed: int) -> tuple[Twin, ...]:
        """Published and fresh items."""
        made = Benchmark(generators=self.generators, levels=self.levels, items=self.items)
        return made.twins(self.public_seed, fresh_seed)


class TwinGap:
    """Accuracy on published items minus accuracy on fresh ones (points), tested exactly."""

    name: ClassVar[str] = "twin_gap"
    claim: ClassVar[Claim] = Claim.BENCHMARK_OVERFIT
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.TEACHER: Access.TEXT, Role.BASE: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = TwinGapParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every item to the suspect and, for comparison, to teachers and base."""
        parameters = parameters_of(spec, TwinGapParameters)
        items = parameters.twins(seen.seed)
        questions: list[Question] = []
        for subject in _asked(seen):
            ask = _way(parameters, subject)
            questions += ask_all(subject.digest, [_request(parameters, one, ask) for one in items])
        return questions

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on the suspect, with the others' gaps beside it."""
        parameters = parameters_of(spec, TwinGapParameters)
        items = parameters.twins(seen.seed)
        scored = {one.digest: _score(parameters, one, items, seen) for one in _asked(seen)}
        return (_Measurement(spec, parameters, seen, items, scored).finding(),)


def _asked(seen: Observations) -> tuple[Subject, ...]:
    roles = (Role.SUSPECT, Role.TEACHER, Role.BASE)
    return tuple(one for role in roles for one in seen.of_role(role))


def _way(parameters: TwinGapParameters, subject: Subject) -> Literal["choose", "generate"]:
    if parameters.ask == "auto":
        return "choose" if subject.access >= Access.LOGPROBS else "generate"
    return parameters.ask


def _prompt(parameters: TwinGapParameters, item: GeneratedItem) -> Prompt:
    text = parameters.question.replace("{question}", item.question)
    return user(text) if parameters.form == "chat" else text


def _request(parameters: TwinGapParameters, one: Twin, ask: Literal["choose", "generate"]) -> Request:
    prompt = _prompt(parameters, one.item)
    if ask == "generate":
        return Generate(prompt=prompt, max_tokens=parameters.max_tokens)
    options = tuple(parameters.option.replace("{answer}", option) for option in one.item.options)
    return Choose(prompt=prompt, options=options)


def _settled(answer: Answer | None, item: GeneratedItem) -> str | None:
    """The option that an answer amounts to, or None where there is no answer to judge."""
    if isinstance(answer, Choice):
        per_byte = [
            value / max(size, 1) for value, size in zip(answer.log_likelihoods, answer.bytes, strict=True)
        ]
        return item.options[int(np.argmax(per_byte))]
    if isinstance(answer, Text):
        return option_named(answer.text, item.options)
    return None


def _score(
    parameters: TwinGapParameters, subject: Subject, items: Sequence[Twin], seen: Observations
) -> tuple[ScoredTwin, ...]:
    ask = _way(parameters, subject)
    scored: list[ScoredTwin] = []
    for one in items:
        said = _settled(seen.answer(subject, _request(parameters, one, ask)), one.item)
        if said is not None:
            scored.append(ScoredTwin(one, said == one.item.answer, said))
    return tuple(scored)


@dataclass(frozen=True)
class _Measurement:
    spec: ProbeSpec
    parameters: TwinGapParameters
    seen: Observations
    items: tuple[Twin, ...]
    scored: dict[str, tuple[ScoredTwin, ...]]

    def finding(self) -> Finding:
        suspect = self.seen.suspect
        scored = self.scored[suspect.digest]
        counted = TwinCounts.of(scored)
        if not scored or counted.n.sum(axis=1).min() < 10:
            return Finding(
                claim=Claim.BENCHMARK_OVERFIT,
                probe=self.spec.id,
                method=TwinGap.name,
                suspect=suspect.digest,
                outcome=Outcome.INCONCLUSIVE,
                reason=f"only {len(scored)} of {len(self.items)} items were answered",
                decisive="answers to at least ten published and ten fresh items",
            )
        gap = counted.gap()
        p_value = stratified_exact_test(counted.right[0], counted.n[0], counted.right[1], counted.n[1])
        per_side = int(counted.n.sum(axis=1).min())
        detectable = 100 * smallest_detectable_difference(
            counted.accuracy[1], per_side, self.parameters.alpha
        )
        outcome, reason, decisive = self._conclude(gap, p_value, detectable)
        return Finding(
            claim=Claim.BENCHMARK_OVERFIT,
            probe=self.spec.id,
            method=TwinGap.name,
            suspect=suspect.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(gap, p_value),
            facts=self._facts(counted, gap, detectable, len(self.items) - len(scored)),
            exhibits=(self._gaps(), self._strata(counted), self._pairs(scored)),
            observation_ids=self._observation_ids(suspect, scored),
            limits=(
                "It shows that published items are known better than fresh ones, not how that came about.",
                "A model trained on other items of the same generators has learned the skill: not flagged.",
            ),
        )

    def _conclude(self, gap: Estimate, p_value: float, detectable: float) -> tuple[Outcome, str, str]:
        seen = (
            f"the suspect is {gap.value:+.1f} points better on published than on fresh items "
            f"({gap.low:+.1f} to {gap.high:+.1f})"
        )
        if p_value < self.parameters.alpha and gap.low > self.parameters.margin_points:
            return Outcome.SUPPORTS, seen, ""
        if p_value < self.parameters.alpha:
            margin = f"the interval does not clear the margin of {self.parameters.margin_points:g} points"
            return Outcome.INCONCLUSIVE, f"{seen}, but {margin}", "more items on each side"
        if detectable <= self.parameters.material_points:
            return (
                Outcome.DOES_NOT_SUPPORT,
                f"{seen}; a gap of {detectable:.0f} points would have been found",
                "",
            )
        able = "no gap" if np.isinf(detectable) else f"only a gap of {detectable:.0f} points or more"
        return (
            Outcome.INCONCLUSIVE,
            f"{seen}, and with so few items {able} would have been found",
            f"about {self._needed(gap)} items on each side",
        )

    def _needed(self, gap: Estimate) -> int:
        """Items on each side with which a material gap would be found."""
        material = self.parameters.material_points / 100
        fresh = TwinCounts.of(self.scored[self.seen.suspect.digest]).accuracy[1]
        size = max(20, gap.n // 2)
        while size < 1_000_000:
            if (
                smallest_detectable_difference(min(fresh, 1 - material), size, self.parameters.alpha)
                <= material
            ):
                return size
            size = int(size * 1.1) + 1
        return size

    def _result(self, gap: Estimate, p_value: float) -> TestResult:
        return TestResult(
            method=TwinGap.name,
            null="published and fresh items are exchangeable for the suspect: it has seen neither",
            alternative="the suspect is right more often on the published items",
            statistic=gap.value,
            statistic_name="accuracy on published minus fresh items, points",
            effect=gap.value,
            effect_unit="points",
            interval=(gap.low, gap.high),
            p_value=p_value,
            n=gap.n,
            unit_of_replication="items",
            guarantee=Guarantee.EXACT,
            assumptions=("the fresh seed was drawn after the suspect was trained",),
            source="Zelen (1971); Fisher (1935), exact test within generator and level",
        )

    def _facts(
        self, counted: TwinCounts, gap: Estimate, detectable: float, unscored: int
    ) -> tuple[Fact, ...]:
        public, fresh = counted.accuracy
        facts = [
            Fact(
                name="gap_points",
                value=gap.value,
                unit="points",
                meaning="accuracy on published minus fresh items",
            ),
            Fact(name="gap_low", value=gap.low, unit="points", meaning="lower end of its interval"),
            Fact(name="gap_high", value=gap.high, unit="points", meaning="upper end of its interval"),
            Fact(name="public_accuracy", value=public, meaning="share of published items answered right"),
            Fact(name="fresh_accuracy", value=fresh, meaning="share of fresh items answered right"),
            Fact(name="items", value=gap.n, meaning="items answered on both sides"),
            Fact(name="unscored", value=unscored, meaning="items without an answer that could be judged"),
        ]
        if np.isfinite(detectable):
            meaning = "smallest gap found in 80 % of cases"
            facts.append(
                Fact(name="smallest_detectable_points", value=detectable, unit="points", meaning=meaning)
            )
        return tuple(facts)

    def _gaps(self) -> Estimates:
        rows: list[Estimate] = []
        for subject in _asked(self.seen):
            counted = TwinCounts.of(self.scored[subject.digest])
            if counted.n.size and counted.n.sum(axis=1).min() > 0:
                gap = counted.gap()
                label = f"{subject.name} ({subject.role.value})"
                rows.append(Estimate(label=label, value=gap.value, low=gap.low, high=gap.high, n=gap.n))
        return Estimates(
            title="Accuracy on published minus fresh items", unit="points", rows=tuple(rows), reference=0.0
        )

    def _strata(self, counted: TwinCounts) -> Table:
        rows = tuple(
            (name, *(f"{counted.right[side, i]} of {counted.n[side, i]}" for side in Side))
            for i, name in enumerate(counted.strata)
        )
        return Table(
            title="Right answers by kind of item", columns=("items", "published", "fresh"), rows=rows
        )

    def _pairs(self, scored: Sequence[ScoredTwin]) -> SideBySide:
        """A few published and fresh questions side by side with the right answer, for a reader's feeling."""
        shown = [one for one in scored if one.drawn.number < 1]
        pairs = tuple(
            AnswerPair(
                item=one.drawn.id,
                category=one.drawn.stratum,
                prompt=one.drawn.item.question,
                first=one.said,
                first_label="right" if one.right else "wrong",
                second=one.drawn.item.answer,
                second_label="right answer",
                flagged=not one.right,
            )
            for one in shown
        )
        return SideBySide(
            title="First item of each kind",
            first_name=self.seen.suspect.name,
            second_name="right answer",
            pairs=pairs,
        )

    def _observation_ids(self, suspect: Subject, scored: Sequence[ScoredTwin]) -> tuple[str, ...]:
        ask = _way(self.parameters, suspect)
        return tuple(
            observation_id(suspect.digest, request_digest(_request(self.parameters, one.drawn, ask)))
            for one in scored
        )
