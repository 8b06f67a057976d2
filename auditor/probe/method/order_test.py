"""Is the order in which a benchmark's items were published likelier than other orders of them?

Whoever read the file in training finds its order likelier; whoever did not has no reason to, as long as the
order itself is arbitrary. Whether it is, references show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from auditor.probe.benchmark.order import OrderReading, OrderTestParameters
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.observation import Observations, observation_id
from auditor.record.request import Question, ask_all, request_digest
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Access, Role
from auditor.stats.order_test import order_statistic, smallest_detectable_standing

#: Fewest shards that say anything at the level of .01.
FEWEST_SHARDS = 5
#: A standing that must have been found before the published order is said to be no likelier than others.
LARGEST_STANDING = 0.7


class OrderTest:
    """Standing of the published order among others, summed over shards of the file."""

    name: ClassVar[str] = "order_test"
    claim: ClassVar[Claim] = Claim.BENCHMARK_OVERFIT
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.LOGPROBS}
    uses: ClassVar[Mapping[Role, Access]] = {Role.CONTROL: Access.LOGPROBS, Role.BASE: Access.LOGPROBS}
    parameters: ClassVar[type[Parameters]] = OrderTestParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every order of every shard, to the suspect and the references."""
        reading = OrderReading(spec, parameters_of(spec, OrderTestParameters), seen)
        requests = [one for shard in reading.shards for one in shard]
        models = (seen.suspect, *reading.references)
        return [question for one in models for question in ask_all(one.digest, requests)]

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on all benchmarks together."""
        return (_finding(OrderReading(spec, parameters_of(spec, OrderTestParameters), seen)),)


def _finding(reading: OrderReading) -> Finding:
    suspect, parameters = reading.seen.suspect, reading.parameters
    table = reading.likelihoods(suspect)
    requests = [one for shard in reading.shards for one in shard]
    answered = [one for one in requests if reading.seen.answer(suspect, one) is not None]
    enough = len(table) >= FEWEST_SHARDS
    p_value = reading.p_value(suspect) if enough else 1.0
    standing = float(order_statistic(table)[:, 0].mean()) if enough else 0.0
    outcome, reason, decisive = _conclude(reading, len(table), p_value, standing)
    return Finding(
        claim=Claim.BENCHMARK_OVERFIT,
        probe=reading.spec.id,
        method=OrderTest.name,
        suspect=suspect.digest,
        outcome=outcome,
        reason=reason,
        decisive=decisive,
        result=_result(len(table), p_value, standing, parameters) if enough else None,
        facts=_facts(len(table), reading) if enough else (),
        exhibits=(_shown(reading),) if enough else (),
        observation_ids=tuple(
            dict.fromkeys(observation_id(suspect.digest, request_digest(one)) for one in answered)
        ),
        limits=(
            "It sees who read the items together, in the order of this file. Who met them one by one, "
            "shuffled, or in another file shows nothing here.",
            "Benchmarks are taken together: one that was read among many that were not may not show.",
        ),
    )


def _conclude(
    reading: OrderReading, shards: int, p_value: float, standing: float
) -> tuple[Outcome, str, str]:
    parameters = reading.parameters
    if shards < FEWEST_SHARDS:
        return (
            Outcome.INCONCLUSIVE,
            f"{shards} shards of {parameters.shard} items could be scored, and {FEWEST_SHARDS} are needed",
            "a longer file, or shorter shards (--set benchmark/order.shard=N)",
        )
    seen = (
        f"over {shards} shards the published order lies {standing:+.2f} standard deviations above other "
        f"orders of the same items (p {p_value:.2g})"
    )
    if p_value >= parameters.alpha:
        detectable = smallest_detectable_standing(shards, parameters.alpha)
        if detectable > LARGEST_STANDING:
            return (
                Outcome.INCONCLUSIVE,
                f"{seen}; only {detectable:.2f} or more would have been found",
                "a longer file, or shorter shards (--set benchmark/order.shard=N)",
            )
        return Outcome.DOES_NOT_SUPPORT, f"{seen}; {detectable:.2f} would have been found", ""
    if not reading.references:
        return (
            Outcome.INCONCLUSIVE,
            f"{seen}, and no reference shows whether this order is likelier to everybody, as a sorted one is",
            "--control MODEL or --base MODEL that cannot have seen the file",
        )
    if reading.favoured_anyway < parameters.reference_alpha:
        return (
            Outcome.INCONCLUSIVE,
            f"{seen}, and references find it likelier as well (p {reading.favoured_anyway:.2g}): the order "
            "is no arbitrary one, or they have read the file too",
            "a file in an arbitrary order, or other references",
        )
    return (
        Outcome.SUPPORTS,
        f"{seen}, which references do not find (p {reading.favoured_anyway:.2g})",
        "",
    )


def _result(shards: int, p_value: float, standing: float, parameters: OrderTestParameters) -> TestResult:
    return TestResult(
        method=OrderTest.name,
        null="the published order of the items is to the suspect one among equals",
        alternative="the suspect has read the items in the published order",
        statistic=standing,
        statistic_name="standing of the published order, standard deviations above the mean of all orders",
        effect=standing,
        effect_unit="standard deviations",
        p_value=p_value,
        smallest_attainable_p=max(1e-4, float(parameters.orders + 1) ** -shards),
        n=shards,
        unit_of_replication="shards",
        guarantee=Guarantee.EXACT,
        assumptions=("the published order is arbitrary: a model that has not read it expects no order more",),
        source="Oren et al. (2023), arXiv:2310.17623; Phipson and Smyth (2010)",
    )


def _facts(shards: int, reading: OrderReading) -> tuple[Fact, ...]:
    return (
        Fact(
            name="smallest_detectable_standing",
            value=smallest_detectable_standing(shards, reading.parameters.alpha),
            meaning="smallest standing of the published order that would have been found, usually",
        ),
        Fact(name="shards", value=shards, meaning="shards of the file that were scored in every order"),
        Fact(name="references", value=len(reading.references), meaning="models that were asked the same"),
        Fact(name="cause", value="not told", meaning="what was learned"),
    )


def _shown(reading: OrderReading) -> Table:
    models = (reading.seen.suspect, *reading.references)
    rows = []
    for one in models:
        table = reading.likelihoods(one)
        if len(table) >= FEWEST_SHARDS:
            first = float(order_statistic(table)[:, 0].mean())
            rows.append(
                (one.name, one.role.value, len(table), f"{first:+.2f}", f"{reading.p_value(one):.2g}")
            )
    return Table(
        title="Standing of the published order",
        columns=("model", "role", "shards", "standard deviations", "p"),
        rows=tuple(rows),
    )
