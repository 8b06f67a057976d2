"""The combination and each method alone, in the same terms, so that one sees what the combination adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.record.subject import Kind
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.figure.detection import area, exceeding, false_alarms
from auditor.validation.figure.share import Area, Share
from auditor.validation.figure.strength import Strength, strength
from auditor.validation.figure.unit import Test, Unit, units


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The combination, or one method alone, in the same scans.

    Attributes:
        name: Probe, or the combination.
        cost: Cllr in bits.
        least_cost: Its minimum over all monotone calibrations of the same scores.
        area: Area under the ROC curve.
        at_rate: Guilty suspects above 99 % of the innocents who share nothing with them.
        passing: Innocents above that bar.
        left: Suspects without a ratio.
    """

    name: str
    cost: float | None
    least_cost: float | None
    area: Area
    at_rate: Share
    passing: Share
    left: int


def alone(
    test: Test, rows: Sequence[Row], reference: Sequence[Row] | None, kind: Kind, scenario: Scenario
) -> Compared:
    """One method alone, with bars and calibration of the other population where there is one."""
    tried = units([row for row in rows if row.kind is kind], test, scenario)
    others = (
        None
        if reference is None
        else units([row for row in reference if row.kind is kind], test, scenario)
    )  # fmt: skip
    return compared(test.probe, tried, tried if others is None else others, strength(tried, others))


def compared(name: str, tried: Sequence[Unit], bars: Sequence[Unit], told: Strength) -> Compared:
    """What suspects' scores are worth.

    Args:
        name: What made the scores.
        tried: Suspects.
        bars: Those whose innocents set bars.
        told: Their likelihood ratios.
    """
    guilty = [one for one in tried if one.guilty]
    return Compared(
        name=name,
        cost=told.cost,
        least_cost=told.least_cost,
        area=area(guilty, [one for one in tried if not one.guilty]),
        at_rate=Share.of(exceeding(guilty, bars)),
        passing=false_alarms(tried, bars),
        left=told.left,
    )
