"""What a statistical test returned: never a bare number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Guarantee(StrEnum):
    """What stands behind a p-value, strongest first.

    ``exact``: finite-sample validity from randomness that the design itself creates. ``calibrated``:
    conformal over control models, valid where the suspect is exchangeable with them under the null.
    ``parametric``: over models too, where there are too few for ranks and a distribution is assumed.
    ``asymptotic``: large-sample, over items, for an effect between these very models. ``indicative``:
    no null; shown, and never enough for a rule by itself.
    """

    EXACT = "exact"
    CALIBRATED = "calibrated"
    PARAMETRIC = "parametric"
    ASYMPTOTIC = "asymptotic"
    INDICATIVE = "indicative"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlValue:
    """The same statistic with a control model in the suspect's place."""

    name: str
    stratum: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """A test with its null and everything needed to doubt it.

    Attributes:
        method: Registered name of the method.
        null: The hypothesis that the p-value is about, in words.
        alternative: What the test is sensitive to, in words.
        statistic: Value of the test statistic.
        statistic_name: What the statistic is, with its unit.
        p_value: One-sided p-value, or None where there is none.
        log10_p_value: Its decimal logarithm where the p-value underflows.
        smallest_attainable_p: The smallest p-value that this design could have returned.
        e_value: E-value, where the method makes one.
        effect: Estimated effect.
        effect_unit: Unit of effect and interval.
        interval: Lower and upper end.
        level: Confidence level of the interval.
        n: Number of replications.
        unit_of_replication: What is replicated: models, prompts, items, layers.
        guarantee: What stands behind the p-value.
        assumptions: What must hold for the guarantee.
        source: Where the method comes from.
        controls: The statistic of every control, for the plot and the conformal rank.
    """

    __test__ = False  # pytest collects classes named Test*

    method: str
    null: str
    alternative: str
    statistic: float
    statistic_name: str
    effect: float
    effect_unit: str
    n: int
    unit_of_replication: str
    guarantee: Guarantee
    assumptions: tuple[str, ...]
    source: str
    p_value: float | None = None
    log10_p_value: float | None = None
    smallest_attainable_p: float | None = None
    e_value: float | None = None
    interval: tuple[float, float] | None = None
    level: float = 0.95
    controls: tuple[ControlValue, ...] = ()
