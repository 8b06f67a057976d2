"""Who is put beside whom, and what is true of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tried import register

from auditor.record.finding import Claim
from auditor.record.subject import Access, Kind, Role, Stratum, Subject
from auditor.validation.experiment.lineup import INNOCENTS, Lineup, Scenario, covering, lineups, solo
from auditor.validation.experiment.truth import Truth, ties, truth_of
from auditor.zoo.recipe import Part

KNOWN = register()
ALL = lineups(KNOWN, Kind.CAUSAL_LM, 0)


def lineup(scenario: Scenario, suspect: str) -> Lineup:
    (found,) = (one for one in ALL if one.scenario is scenario and one.suspect.name == suspect)
    return found


def test_nobody_is_its_own_control_and_no_control_is_guilty() -> None:
    for one in ALL:
        assert one.suspect.name not in {control.name for control, _ in one.controls}
        for control, stratum in one.controls:
            assert control.part in INNOCENTS
            for candidate in one.candidates:
                assert not KNOWN.learned_from(control, candidate.name)
                assert control.family is None or control.family != candidate.family
            relations = {
                KNOWN.relation(control, candidate.name, one.suspect.base) for candidate in one.candidates
            }
            assert stratum in relations


def test_controls_stand_in_the_stratum_closest_to_guilt() -> None:
    strata = {control.name: stratum for control, stratum in lineup(Scenario.CLOSED, "text-0").controls}
    assert strata["data-0"] is strata["data-1"] is Stratum.SAME_DATA
    assert strata["twins-0"] is Stratum.SIBLING_STUDENT
    assert strata["plain-0"] is Stratum.SAME_BASE
    assert strata["plain-1"] is strata["plain-2"] is Stratum.UNRELATED
    of_other_base = {one.name: stratum for one, stratum in lineup(Scenario.CLOSED, "text-1").controls}
    assert of_other_base["plain-0"] is Stratum.UNRELATED
    assert of_other_base["plain-1"] is Stratum.SAME_BASE


def test_an_open_scene_lacks_the_teachers_and_a_closed_one_does_not() -> None:
    names = [one.name for one in lineup(Scenario.CLOSED, "text-0").candidates]
    assert names == ["sib-1", "sib-2", "third"]
    assert [one.name for one in lineup(Scenario.OPEN, "text-0").candidates] == ["sib-2", "third"]
    assert [one.name for one in lineup(Scenario.OPEN, "both").candidates] == ["sib-2"]
    assert [one.name for one in lineup(Scenario.OPEN, "pruned").candidates] == ["sib-1", "sib-2"]
    assert not [one for one in ALL if one.scenario is Scenario.OPEN and one.suspect.part in INNOCENTS]


def test_without_same_data_only_such_controls_are_missing() -> None:
    for one in ALL:
        if one.scenario is Scenario.NO_SAME_DATA:
            closed = lineup(Scenario.CLOSED, one.suspect.name)
            assert one.controls == tuple(pair for pair in closed.controls if pair[1] is not Stratum.SAME_DATA)


def test_shuffled_halves_part_the_innocents_and_depend_on_the_seed() -> None:
    shuffled = [one for one in ALL if one.scenario is Scenario.SHUFFLED]
    innocents = {one.name for one in KNOWN.of_part(*INNOCENTS)}
    assert {one.suspect.name for one in shuffled} == innocents
    of = {one.suspect.name: {control.name for control, _ in one.controls} for one in shuffled}
    for name, controls in of.items():
        for control in controls:
            assert name in of[control]
        assert abs(len(controls) - len(innocents) / 2) <= 1
    again = {
        one.suspect.name: {control.name for control, _ in one.controls}
        for one in lineups(KNOWN, Kind.CAUSAL_LM, 1)
        if one.scenario is Scenario.SHUFFLED
    }
    assert again != of
    assert lineups(KNOWN, Kind.CAUSAL_LM, 0) == ALL


def test_a_cast_has_the_roles_of_a_scan() -> None:
    known = {
        name: Subject(role=Role.SUSPECT, name=name, locator=name, digest=name, access=Access.WEIGHTS)
        for name in KNOWN.members
    }
    cast = lineup(Scenario.CLOSED, "text-0").subjects(known)
    roles = [one.role for one in cast]
    assert roles[:6] == [Role.SUSPECT, Role.TEACHER, Role.TEACHER, Role.TEACHER, Role.BASE, Role.TWIN]
    assert set(roles[6:]) == {Role.CONTROL}
    assert all((one.stratum is not None) == (one.role is Role.CONTROL) for one in cast)
    assert len({one.digest for one in cast}) == len(cast)
    assert [one.organisation for one in cast[:5]] == [None, "sib", "sib", "third", None]


def test_alone_everybody_who_can_be_suspected_meets_all_teachers() -> None:
    alone = tuple(solo(KNOWN, Kind.CAUSAL_LM))
    parts = {one.suspect.part for one in alone}
    assert Part.BASE in parts
    assert Part.TEACHER not in parts
    assert all(len(one.candidates) == 3 and not one.controls for one in alone)
    assert not tuple(solo(KNOWN, Kind.POLICY))


@pytest.mark.parametrize(
    ("claim", "suspect", "candidate", "truth", "stratum"),
    [
        (Claim.DISTILLED_FROM, "text-0", "sib-1", Truth.GUILTY, ""),
        (Claim.DISTILLED_FROM, "text-0", "sib-2", Truth.INNOCENT, "sibling-student"),
        (Claim.DISTILLED_FROM, "text-0", "third", Truth.INNOCENT, "same-base"),
        (Claim.DISTILLED_FROM, "soft-0", "third", Truth.INNOCENT, "unrelated"),
        (Claim.DISTILLED_FROM, "both", "third", Truth.GUILTY, ""),
        (Claim.DISTILLED_FROM, "data-0", "sib-2", Truth.INNOCENT, "same-data"),
        (Claim.DISTILLED_FROM, "data-0", "third", Truth.INNOCENT, "unrelated"),
        (Claim.DISTILLED_FROM, "plain-0", "sib-1", Truth.INNOCENT, "same-base"),
        (Claim.DISTILLED_FROM, "plain-2", "sib-1", Truth.INNOCENT, "unrelated"),
        (Claim.ANCESTRY, "text-0", "sib-1", Truth.INNOCENT, "student"),
        (Claim.ANCESTRY, "pruned", "third", Truth.GUILTY, ""),
        (Claim.ANCESTRY, "pruned", "sib-1", Truth.INNOCENT, "unrelated"),
        (Claim.BENCHMARK_OVERFIT, "both", None, Truth.GUILTY, "unstated"),
        (Claim.BENCHMARK_OVERFIT, "plain-0", None, Truth.INNOCENT, "unstated"),
        (Claim.SAFETY_LOSS, "text-0", "sib-1", Truth.INNOCENT, "unstated"),
        (Claim.SAFETY_LOSS, "text-0", "third", Truth.UNJUDGED, "unstated"),
        (Claim.SAFETY_LOSS, "plain-0", "third", Truth.INNOCENT, "unstated"),
        (Claim.MONOCULTURE, "text-0", "sib-1", Truth.UNJUDGED, "unstated"),
    ],
)
def test_the_truth(claim: Claim, suspect: str, candidate: str | None, truth: Truth, stratum: str) -> None:
    other = KNOWN.members[candidate] if candidate else None
    assert truth_of(KNOWN, claim, KNOWN.members[suspect], other) == (truth, stratum)


def test_ties_are_base_family_and_data() -> None:
    assert ties(KNOWN, KNOWN.members["text-0"]) == {"base base", "family sib", "data v1"}
    assert ties(KNOWN, KNOWN.members["soft-0"]) == {"family sib", "data v1"}
    assert ties(KNOWN, KNOWN.members["twins-1"]) == {"family third", "data v3"}
    assert ties(KNOWN, KNOWN.members["plain-2"]) == {"data own-2"}


def test_a_scan_knows_which_teacher_a_control_shares_data_with() -> None:
    chosen = lineup(Scenario.CLOSED, "text-0")
    known = {
        name: Subject(role=Role.SUSPECT, name=name, locator=name, digest=name, access=Access.WEIGHTS)
        for name in KNOWN.members
    }
    found = {one.name: one for one in chosen.subjects(known)}
    for control, _ in chosen.controls:
        for teacher in chosen.candidates:
            relation = KNOWN.relation(control, teacher.name, chosen.suspect.base)
            shared = relation if relation in (Stratum.SAME_DATA, Stratum.SIBLING_STUDENT) else None
            assert found[control.name].relation_to(known[teacher.name].digest) is shared
    assert found["sib-1"].related_to == ()
    assert found["data-0"].related_to


def test_few_lineups_cover_every_control_before_every_set_of_candidates() -> None:
    few = covering(ALL)
    assert 0 < len(few) < len(ALL) / 4

    def pairs(some: Sequence[Lineup]) -> set[tuple[tuple[str, ...], str]]:
        return {
            (tuple(other.name for other in (*one.candidates, *one.twins)), control.name)
            for one in some
            for control, _ in one.controls
        }

    assert pairs(few) == pairs(ALL)
