"""All figures of one population, made from its rows and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.record.finding import Claim
from auditor.record.subject import Kind
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import ANCESTRAL, TRAITS
from auditor.validation.figure.accusation import Accusation, Null, accusations, nulls
from auditor.validation.figure.combined import Combined, combined
from auditor.validation.figure.cost import Cost, costs
from auditor.validation.figure.detection import (
    Detection,
    Following,
    Separation,
    detections,
    false_alarms,
    followings,
    separations,
)
from auditor.validation.figure.picture import Curve, Strip, curves, strips
from auditor.validation.figure.served import ServedTest, served_test
from auditor.validation.figure.share import Share
from auditor.validation.figure.strength import Strength, strength
from auditor.validation.figure.trait import Alarm, Found, alarms, found_traits
from auditor.validation.figure.unit import Test, units
from auditor.validation.figure.whole import Whole, wholes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Everything about a test whose truth is a matter of ancestry.

    Attributes:
        name: What tells it apart from the other tests.
        test: Probe, claim and method.
        kind: Kind of the suspects.
        detections: By mechanism; all of them first.
        followings: By scenario and teacher.
        separations: By stratum of the innocents.
        false_alarms: Innocents above the threshold that is meant for 1 % of them.
        accusations: By scenario, group and stratum.
        nulls: P-values of innocents.
        strength: Likelihood ratios, where there are guilty suspects.
        curves: ROC curves by group of mechanisms.
        strips: Scores by group.
    """

    name: str
    test: Test
    kind: str
    detections: tuple[Detection, ...]
    followings: tuple[Following, ...]
    separations: tuple[Separation, ...]
    false_alarms: Share
    accusations: tuple[Accusation, ...]
    nulls: tuple[Null, ...]
    strength: Strength | None
    curves: tuple[Curve, ...]
    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """Everything about a test of what was built into models."""

    name: str
    test: Test
    kind: str
    found: tuple[Found, ...]
    alarms: tuple[Alarm, ...]
    nulls: tuple[Null, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a population.

    Attributes:
        lineage: One for each kind and test about ancestry.
        served: One for each kind and test about served logs.
        wholes: All methods about distillation together, by kind of model and of access.
        combined: All methods about distillation in one likelihood ratio, by kind and scenario.
        built_in: One for each kind and test of a trait.
        unjudged: Claims that the register holds no truth about.
        failed: Findings of a method that broke, by test and reason.
        costs: By probe.
    """

    lineage: tuple[Lineage, ...]
    served: tuple[ServedTest, ...]
    wholes: tuple[Whole, ...]
    combined: tuple[Combined, ...]
    built_in: tuple[BuiltIn, ...]
    unjudged: tuple[str, ...]
    failed: tuple[tuple[str, str, int], ...]
    costs: tuple[Cost, ...]


def figures(rows: Sequence[Row], reference: Sequence[Row] | None = None) -> Figures:
    """Count.

    Args:
        rows: What was said of a population, beside the truth.
        reference: Rows of another population, whose thresholds and calibrations are used as they are.
            Without them every suspect is judged by those of its own population who are no relatives.
    """
    tests = list(dict.fromkeys((row.kind, Test.of(row)) for row in rows))
    lineage, served, built_in, unjudged = [], [], [], []
    for kind, test in tests:
        name = _name(kind, test, [one for _, one in tests])
        own = [row for row in rows if row.kind is kind]
        others = None if reference is None else [row for row in reference if row.kind is kind]
        if test.claim in ANCESTRAL:
            lineage.append(_lineage(own, others, test, name))
        elif test.claim is Claim.TRAINED_ON_SERVED:
            served.append(served_test(own, test, name))
        elif test.claim in TRAITS:
            built_in.append(
                BuiltIn(
                    name=name,
                    test=test,
                    kind=kind.value,
                    found=found_traits(own, test),
                    alarms=alarms(own, test),
                    nulls=nulls(_alone(own), test),
                )
            )
        else:
            unjudged.append(f"{test.probe}: {test.claim.value}")
    failures = Counter((row.probe, row.reason) for row in rows if row.outcome.value == "failed")
    return Figures(
        lineage=tuple(lineage),
        served=tuple(served),
        wholes=wholes(rows),
        combined=combined(rows, reference),
        built_in=tuple(built_in),
        unjudged=tuple(unjudged),
        failed=tuple((probe, reason, count) for (probe, reason), count in sorted(failures.items())),
        costs=costs(rows),
    )


def _name(kind: Kind, test: Test, tests: Sequence[Test]) -> str:
    """Method and claim, with the kind where it is not the usual one and the probe where there are several."""
    rivals = {one.probe for one in tests if (one.method, one.claim) == (test.method, test.claim)}
    parts = [test.claim.value.replace("_", " ")]
    parts += [kind.value] if kind is not Kind.CAUSAL_LM else []
    parts += [test.probe] if len(rivals) > 1 else []
    return f"{test.method} ({', '.join(parts)})"


def _lineage(rows: Sequence[Row], reference: Sequence[Row] | None, test: Test, name: str) -> Lineage:
    tried = units(rows, test)
    others = None if reference is None else units(reference, test)
    thresholds = tried if others is None else others
    return Lineage(
        name=name,
        test=test,
        kind=rows[0].kind.value,
        detections=detections(tried, thresholds),
        followings=followings(rows, test),
        separations=separations(tried),
        false_alarms=false_alarms(tried, thresholds),
        accusations=accusations(rows, test),
        nulls=nulls(rows, test),
        strength=strength(tried, others) if any(one.guilty for one in tried) else None,
        curves=curves(tried),
        strips=strips(tried),
    )


def _alone(rows: Sequence[Row]) -> list[Row]:
    """Against a reference, innocents differ in truth; only claims about a suspect alone have a null here."""
    return [row for row in rows if row.candidate is None]
