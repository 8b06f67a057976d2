"""The family of policies."""

from __future__ import annotations

from auditor.record.subject import Kind
from auditor.zoo.population.family import family_of
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary

_LARGE, _SMALL = Shape(width=64, layers=2), Shape(width=48, layers=2)
_LEARNING = Schedule(steps=1200, rate=3e-3, rows=256)
#: Student by student: shape, and the temperature of the distributions that it learns.
_MAKES = ((_SMALL, 1.0), (_LARGE, 1.0), (_SMALL, 0.7))


def policy_family(origin: int, vendors: tuple[int, int]) -> tuple[Recipe, ...]:
    """A teacher, three students by action distributions, three innocents with its data and three without.

    Args:
        origin: Shifts every seed; the family uses those from ``origin + 1`` to ``origin + 40``.
        vendors: Seeds of the vendor whose experts the teacher imitates, and of the unrelated innocents'.
    """
    teacher = Recipe(
        name="policy-teacher", part=Part.TEACHER, mechanism=Mechanism.REAL_DATA, shape=_LARGE,
        vocabulary=Vocabulary.SPACED, schedule=_LEARNING, seed=origin + 1, kind=Kind.POLICY,
        architecture=Architecture.PERCEPTRON, data_seed=origin + 2, vendors=(vendors[0],), conversations=600,
    )  # fmt: skip
    students = [
        Recipe(
            name=f"policy-student-{number}", part=Part.STUDENT, mechanism=Mechanism.ACTIONS, shape=shape,
            vocabulary=Vocabulary.SPACED, schedule=_LEARNING, seed=origin + 10 + number, kind=Kind.POLICY,
            architecture=Architecture.PERCEPTRON, teacher=teacher.name, conversations=1200,
            temperature=temperature,
        )
        for number, (shape, temperature) in enumerate(_MAKES, start=1)
    ]  # fmt: skip
    return family_of(teacher, students, vendors[1])
