"""The family of sentence embedders."""

from __future__ import annotations

from auditor.record.subject import Kind
from auditor.zoo.population.family import family_of
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary

_LARGE, _SMALL = Shape(width=64, layers=3), Shape(width=48, layers=2)
#: Students embed the text of a vendor of their own; what they learn of it is what the teacher makes of it.
_TEACHING = Schedule(steps=80, rate=3e-3, rows=48, warmup=20)
_RELATING = Schedule(steps=120, rate=3e-3, rows=48, warmup=20)
#: Student by student: one narrower than the teacher, one like it, one that reads other tokens as well.
_MAKES = (
    (_SMALL, Vocabulary.SPACED),
    (_LARGE, Vocabulary.SPACED),
    (_SMALL, Vocabulary.ISOLATED),
)


def embedder_family(origin: int, vendors: tuple[int, int]) -> tuple[Recipe, ...]:
    """A teacher, three students by relations, three innocents with its data and three without.

    Args:
        origin: Shifts every seed; the family uses those from ``origin + 1`` to ``origin + 40``.
        vendors: Seeds of the teacher's vendor, and of the unrelated innocents'.
    """
    teacher = Recipe(
        name="embedder-teacher", part=Part.TEACHER, mechanism=Mechanism.REAL_DATA, shape=_LARGE,
        vocabulary=Vocabulary.SPACED, schedule=_TEACHING, seed=origin + 1, kind=Kind.EMBEDDER,
        architecture=Architecture.BERT, data_seed=origin + 2, vendors=(vendors[0],), conversations=6000,
    )  # fmt: skip
    students = [
        Recipe(
            name=f"embedder-student-{number}", part=Part.STUDENT, mechanism=Mechanism.RELATIONS, shape=shape,
            vocabulary=vocabulary, schedule=_RELATING, seed=origin + 10 + number, kind=Kind.EMBEDDER,
            architecture=Architecture.BERT, teacher=teacher.name, conversations=2000,
            vendors=(origin + 5010 + number,),
        )
        for number, (shape, vocabulary) in enumerate(_MAKES, start=1)
    ]  # fmt: skip
    return family_of(teacher, students, vendors[1])
