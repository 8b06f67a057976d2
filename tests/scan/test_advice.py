"""What a further model would add."""

from __future__ import annotations

from auditor.record.scan import Plan
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.scan.advice import advise


def subject(name: str, role: Role, **more: object) -> Subject:
    return Subject(role=role, name=name, locator=name, digest=name, access=Access.WEIGHTS, **more)  # type: ignore[arg-type]


SUSPECT, TEACHER = subject("s", Role.SUSPECT), subject("t", Role.TEACHER)
TWINS = tuple(subject(f"twin-{n}", Role.TWIN) for n in range(8))


def advice(*others: Subject) -> str:
    plan = Plan(
        subjects=(SUSPECT, *others), probes=(), seed=0, seed_origin="given", policy="", policy_digest=""
    )
    return "\n".join(advise(plan))


def test_without_a_teacher_nothing_is_said_of_telling_it() -> None:
    assert "--twin" not in advice()
    assert "--teacher MODEL" in advice()


def test_controls_with_the_teachers_data_and_twins_are_asked_for() -> None:
    assert "--control same-data=MODEL" in advice(TEACHER)
    assert "8 twins of the teacher" in advice(TEACHER)
    assert "--twin" not in advice(TEACHER, *TWINS)


def test_whose_data_a_control_shares_has_to_be_said() -> None:
    loose = subject("c", Role.CONTROL, stratum=Stratum.SAME_DATA)
    tied = subject("c", Role.CONTROL, stratum=Stratum.SAME_DATA, related_to=(("t", Stratum.SAME_DATA),))
    assert "same-data:TEACHER=MODEL" in advice(TEACHER, loose)
    assert "same-data" not in advice(TEACHER, tied)
