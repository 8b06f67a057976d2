"""What each method finds: detection by mechanism, at the auditor's own level and at 1 % false accusations."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from auditor.stats.roc import auroc, auroc_interval, threshold_at
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import Row
from auditor.validation.figure.share import Area, Share, finite
from auditor.validation.figure.unit import Test, Unit, scores_of, units

#: False accusations per innocent suspect at which detection is compared between methods.
RATE = 0.01
ALL = "all mechanisms"
ANY_TEACHER = "any teacher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """How one test finds the suspects of one mechanism.

    Attributes:
        mechanism: What they learned from, or how they were derived.
        access: Access that was made use of.
        found: Suspects whose own teacher was named at the auditor's level.
        pointed: Those of whom it was said that they come from it or from something that shares its data.
        named_right: Among suspects of whom anybody was named: those where only their own teachers were.
        at_rate: Suspects whose score exceeds that of 99 % of the innocents who share nothing with them.
            Those for whom no innocent is left are not counted.
        references: Innocents that set the threshold, the fewest for any suspect.
        area: Area under the ROC curve against all innocent suspects.
        answers: How often each graded answer was given.
    """

    mechanism: str
    access: str
    found: Share
    pointed: Share
    named_right: Share
    at_rate: Share
    references: int
    area: Area
    answers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How one test finds those who come from one teacher.

    Attributes:
        scenario: What the auditor has at hand.
        teachers: The teacher, or several of one suspect joined by a plus.
        found: Suspects whose own teacher was named at the auditor's level.
    """

    scenario: Scenario
    teachers: str
    found: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Area under the ROC curve of all guilty suspects against the innocents of one stratum."""

    stratum: str
    area: Area


def detections(tried: Sequence[Unit], reference: Sequence[Unit]) -> tuple[Detection, ...]:
    """One row for all guilty suspects of a test, then one for each mechanism and access.

    Args:
        tried: Suspects of the test.
        reference: Those whose innocents set thresholds: the same, or those of another population.
    """
    guilty = [one for one in tried if one.guilty]
    groups: dict[tuple[str, str], list[Unit]] = {}
    for one in guilty:
        groups.setdefault((ALL, one.access), []).append(one)
    for one in sorted(guilty, key=lambda unit: unit.mechanism):
        groups.setdefault((one.mechanism, one.access), []).append(one)
    innocent = [one for one in tried if not one.guilty]
    return tuple(
        _detection(mechanism, access, members, innocent, reference)
        for (mechanism, access), members in groups.items()
    )


def followings(rows: Sequence[Row], test: Test) -> tuple[Following, ...]:
    """Detections by scenario and teacher, and of all teachers: some are harder to tell than others."""
    found: list[Following] = []
    for scenario in (Scenario.CLOSED, Scenario.NO_SAME_DATA):
        groups: dict[str, list[Unit]] = {}
        for one in sorted(units(rows, test, scenario), key=lambda unit: unit.teachers):
            if one.guilty:
                groups.setdefault(ANY_TEACHER, []).append(one)
                groups.setdefault(one.teachers, []).append(one)
        found += [
            Following(scenario=scenario, teachers=teachers, found=Share.of(one.found for one in members))
            for teachers, members in groups.items()
        ]
    return tuple(found)


def separations(tried: Sequence[Unit]) -> tuple[Separation, ...]:
    """How all guilty suspects stand to the innocents of each stratum."""
    guilty = [one for one in tried if one.guilty]
    strata = sorted({one.stratum for one in tried if not one.guilty})
    return tuple(
        Separation(
            stratum=stratum,
            area=area(guilty, [one for one in tried if one.stratum == stratum and not one.guilty]),
        )
        for stratum in strata
        if guilty
    )


def false_alarms(tried: Sequence[Unit], reference: Sequence[Unit]) -> Share:
    """Innocent suspects that exceed the threshold that is meant to let 1 % of them pass."""
    innocent = [one for one in tried if not one.guilty]
    return Share.of(exceeding(innocent, reference))


def area(guilty: Sequence[Unit], innocent: Sequence[Unit]) -> Area:
    """Area under the ROC curve; the bootstrap is seeded by who takes part."""
    positives, negatives = scores_of(guilty), scores_of(innocent)
    seed = zlib.crc32(" ".join(one.name for one in (*guilty, *innocent)).encode())
    low, high = auroc_interval(positives, negatives, np.random.default_rng(seed))
    return Area(
        value=finite(auroc(positives, negatives)),
        low=low,
        high=high,
        positives=len(guilty),
        negatives=len(innocent),
    )


def threshold_for(suspect: Unit, reference: Sequence[Unit]) -> tuple[float, int]:
    """The score that a suspect must exceed, and how many innocents say so.

    Left out are the suspect itself and everybody who shares with it a base, a teacher or a teacher's
    family, or data, be it the suspect's own or its teachers'. NaN where nobody is left.
    """
    others = [
        one
        for one in reference
        if not one.guilty and one.name != suspect.name and one.ties.isdisjoint(suspect.ties)
    ]
    return threshold_at(scores_of(others), RATE), len(others)


def exceeding(suspects: Iterable[Unit], reference: Sequence[Unit]) -> list[bool]:
    """Which suspects exceed their thresholds; those without a threshold are left out."""
    thresholds = ((one.score, threshold_for(one, reference)[0]) for one in suspects)
    return [score > threshold for score, threshold in thresholds if not math.isnan(threshold)]


def _detection(
    mechanism: str,
    access: str,
    members: Sequence[Unit],
    innocent: Sequence[Unit],
    reference: Sequence[Unit],
) -> Detection:
    counts = Counter(answer for one in members for answer in one.answers)
    return Detection(
        mechanism=mechanism,
        access=access,
        found=Share.of(one.found for one in members),
        pointed=Share.of(one.pointed for one in members),
        named_right=Share.of(one.accused[0] == one.accused[1] for one in members if one.accused[0]),
        at_rate=Share.of(exceeding(members, reference)),
        references=min(threshold_for(one, reference)[1] for one in members),
        area=area(members, innocent),
        answers=tuple(sorted(counts.items())),
    )
