"""All methods of a scan together: whom at least one of them finds, and whom at least one accuses wrongly.

Each method keeps its own level; a reader who takes any one of them for the verdict runs the risk of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from auditor.probe.registry import METHODS
from auditor.record.finding import Claim, Outcome
from auditor.record.subject import Access, Kind, Role
from auditor.validation.experiment.lineup import Scenario
from auditor.validation.experiment.row import POINTING, Row
from auditor.validation.figure.accusation import Accusation, accusations
from auditor.validation.figure.detection import ALL
from auditor.validation.figure.share import Share
from auditor.validation.figure.unit import Test, Unit, units

#: What an auditor may have in hand, each with all that stands before it.
TEXT_ONLY, LIKELIHOODS, TWINS = "text", "log-probabilities and text", "twins of the teachers too"
_TAKES_TWINS = frozenset(one.name for one in METHODS if Role.TWIN in one.needs)
_TEXT_LABEL = Access.TEXT.label
_WEIGHTS_LABELS = (Access.HIDDEN.label, Access.WEIGHTS.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Suspects of one mechanism before all methods together.

    Attributes:
        mechanism: What they learned from.
        found: Those whose own teacher some method named.
        pointed: Those of whom some method said at least that they come from it or share its data.
        named_right: Among those of whom anybody was named: those where only their own teachers were.
    """

    mechanism: str
    found: Share
    pointed: Share
    named_right: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All methods that a kind of access allows, taken together.

    Attributes:
        kind: Kind of the suspects.
        access: What the auditor has in hand.
        methods: The methods.
        seen: By mechanism, in closed scans; all of them first.
        accusations: By scenario, group and stratum.
    """

    kind: str
    access: str
    methods: tuple[str, ...]
    seen: tuple[Seen, ...]
    accusations: tuple[Accusation, ...]


def wholes(rows: Sequence[Row]) -> tuple[Whole, ...]:
    """One for each kind of model and each kind of access that adds a method."""
    found: list[Whole] = []
    for kind in dict.fromkeys(row.kind for row in rows):
        before: tuple[str, ...] = ()
        for access in (TEXT_ONLY, LIKELIHOODS, TWINS):
            own = [row for row in rows if row.kind is kind and _within(row, access)]
            methods = tuple(dict.fromkeys(row.method for row in own))
            if len(methods) > max(1, len(before)):
                found.append(_whole(kind, access, methods, own))
            before = methods
    return tuple(found)


def _within(row: Row, access: str) -> bool:
    if row.claim is not Claim.DISTILLED_FROM or row.access in _WEIGHTS_LABELS:
        return False
    if row.method in _TAKES_TWINS:
        return access == TWINS
    return row.access == _TEXT_LABEL or access != TEXT_ONLY


def _whole(kind: Kind, access: str, methods: tuple[str, ...], rows: Sequence[Row]) -> Whole:
    test = Test(access, Claim.DISTILLED_FROM, "all methods")
    merged = _merged(rows, test)
    guilty = [one for one in units(merged, test) if one.guilty]
    groups: dict[str, list[Unit]] = {ALL: guilty} if guilty else {}
    for one in sorted(guilty, key=lambda unit: unit.mechanism):
        groups.setdefault(one.mechanism, []).append(one)
    return Whole(
        kind=kind.value,
        access=access,
        methods=methods,
        seen=tuple(
            Seen(
                mechanism=mechanism,
                found=Share.of(one.found for one in members),
                pointed=Share.of(one.pointed for one in members),
                named_right=Share.of(one.accused[0] == one.accused[1] for one in members if one.accused[0]),
            )
            for mechanism, members in groups.items()
        ),
        accusations=accusations(merged, test),
    )


def _merged(rows: Iterable[Row], test: Test) -> tuple[Row, ...]:
    """One row for each scan and candidate: the strongest that any method said."""
    groups: dict[tuple[Scenario, str, str | None], list[Row]] = {}
    for row in rows:
        if row.candidate is not None:
            groups.setdefault((row.scenario, row.suspect, row.candidate), []).append(row)
    merged = []
    for own in groups.values():
        first = max(own, key=_strength)
        outcome = first.outcome if first.pointed else Outcome.DOES_NOT_SUPPORT
        merged.append(
            replace(
                first,
                probe=test.probe,
                method=test.method,
                outcome=outcome,
                untrue=any(row.untrue for row in own),
                statistic=None,
                p_value=None,
                e_value=None,
            )
        )
    return tuple(merged)


def _strength(row: Row) -> tuple[bool, bool, int]:
    place = POINTING.index(row.answer) if row.answer in POINTING else len(POINTING)
    return (row.supported, row.pointed, -place)
